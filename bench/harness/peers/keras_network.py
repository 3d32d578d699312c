"""Keras on TensorFlow, with and without XLA."""

import os

os.environ["CUDA_VISIBLE_DEVICES"] = ""
import keras
import numpy as np
import tensorflow as tf
from safetensors import safe_open

from harness.network import BANDS, CHECKED_STEPS, DROPOUT, FRAMES, LEARNING_RATE, PIPELINES, SLOPE, pooled


def network(pipelines, tensors, dropout):
    layers = keras.layers
    x = layers.Input((BANDS, FRAMES, 1))
    maps = []
    for i, (filters, kernel, pool) in enumerate(pipelines):
        y = layers.Conv2D(filters, kernel, name=f"pipeline{i}")(x)
        y = layers.MaxPooling2D(pool)(layers.LeakyReLU(negative_slope=SLOPE)(y))
        maps.append(layers.Flatten()(y))
    y = layers.Concatenate()(maps) if len(maps) > 1 else maps[0]
    y = layers.Dropout(dropout)(layers.Dense(len(tensors["dense.bias"]), activation="sigmoid", name="dense")(y))
    model = keras.Model(x, layers.Dense(len(tensors["output.bias"]), name="output")(y))
    for i in range(len(pipelines)):
        weight = tensors[f"pipeline{i}.weight"].transpose(1, 2, 0)[:, :, None]
        model.get_layer(f"pipeline{i}").set_weights([weight, tensors[f"pipeline{i}.bias"]])
    # The filter is the last dimension of its maps, and the first of duotone's.
    model.get_layer("dense").set_weights([order(tensors["dense.weight"], pipelines).T, tensors["dense.bias"]])
    model.get_layer("output").set_weights([tensors["output.weight"].T, tensors["output.bias"]])
    return model


def order(weight, pipelines):
    parts, first = [], 0
    for filters, kernel, pool in pipelines:
        rows, columns = pooled(kernel, pool)
        part = weight[:, first : first + filters * rows * columns].reshape(-1, filters, rows, columns)
        parts.append(part.transpose(0, 2, 3, 1).reshape(len(weight), -1))
        first += filters * rows * columns
    return np.concatenate(parts, axis=1)


def trainer(model, inputs, labels, compiled):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = keras.optimizers.SGD(LEARNING_RATE)
    optimizer.build(model.trainable_variables)

    @tf.function(jit_compile=compiled)
    def step():
        with tf.GradientTape() as tape:
            value = loss(labels, model(inputs, training=True))
        optimizer.apply(tape.gradient(value, model.trainable_variables), model.trainable_variables)
        return value

    return lambda: step().numpy()


def works(threads: int, path: str):
    tf.config.threading.set_intra_op_parallelism_threads(threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with safe_open(path, "np") as file:
        pipelines = PIPELINES[file.metadata()["model"]]
        tensors = {name: file.get_tensor(name) for name in file.keys()}
    inputs, labels = tf.constant(tensors["inputs"][..., None]), tf.constant(tensors["labels"].astype(np.int32))

    def check():
        model = network(pipelines, tensors, 0.0)
        found = {"probabilities": tf.nn.softmax(model(inputs)).numpy().ravel()}
        step = trainer(model, inputs, labels, False)
        for _ in range(CHECKED_STEPS):
            step()
        return found | {"output.bias": model.get_layer("output").get_weights()[1]}

    run = {
        f"training-{name}": trainer(network(pipelines, tensors, DROPOUT), inputs, labels, compiled)
        for name, compiled in [("graph", False), ("xla", True)]
    }
    return check, run
