"""JAX, the whole step compiled."""

import os

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax
from safetensors import safe_open

from harness.network import CHECKED_STEPS, DROPOUT, LEARNING_RATE, PIPELINES, SLOPE


def logits(weights, pipelines, x, keep):
    maps = []
    for i, (_, _, pool) in enumerate(pipelines):
        kernel = weights[f"pipeline{i}.weight"][:, None]
        y = lax.conv_general_dilated(x, kernel, (1, 1), "VALID") + weights[f"pipeline{i}.bias"][:, None, None]
        y = jax.nn.leaky_relu(y, SLOPE)
        y = lax.reduce_window(y, -jnp.inf, lax.max, (1, 1, *pool), (1, 1, *pool), "VALID")
        maps.append(y.reshape(len(y), -1))
    hidden = jax.nn.sigmoid(jnp.concatenate(maps, 1) @ weights["dense.weight"].T + weights["dense.bias"])
    return (hidden * keep) @ weights["output.weight"].T + weights["output.bias"]


def works(threads: int, path: str):
    # The only way to make it use fewer cores than there are.
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[:threads])
    with safe_open(path, "np") as file:
        pipelines = PIPELINES[file.metadata()["model"]]
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    inputs, labels = jnp.asarray(tensors.pop("inputs")[:, None]), jnp.asarray(tensors.pop("labels").astype(np.int32))
    units = len(tensors["dense.bias"])

    @jax.jit
    def step(weights, key, dropout):
        keep = (jax.random.uniform(key, (len(inputs), units)) >= dropout) / (1 - dropout)

        def loss(weights):
            rows = jax.nn.log_softmax(logits(weights, pipelines, inputs, keep))
            return -jnp.take_along_axis(rows, labels[:, None], 1).mean()

        return jax.tree.map(lambda w, g: w - LEARNING_RATE * g, weights, jax.grad(loss)(weights))

    @jax.jit
    def probabilities(weights):
        return jax.nn.softmax(logits(weights, pipelines, inputs, 1.0))

    start, key = {n: jnp.asarray(t) for n, t in tensors.items()}, jax.random.key(0)
    state = {"weights": start, "key": key}

    def check():
        weights = start
        for _ in range(CHECKED_STEPS):
            weights = step(weights, key, 0.0)
        return {n: np.ravel(w) for n, w in weights.items()} | {"probabilities": np.ravel(probabilities(start))}

    def train():
        state["key"], key = jax.random.split(state["key"])
        state["weights"] = jax.block_until_ready(step(state["weights"], key, DROPOUT))

    return check, {"training-jit": train}
