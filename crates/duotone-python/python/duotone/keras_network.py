"""The network as a Keras 3 model."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import keras
import numpy as np

from duotone import layers
from duotone.model import Model


def network(model: Model) -> keras.Model:
    """From segments (n, bands, frames) to probabilities (n, classes), with random weights."""
    a = model.card["architecture"]
    segments = keras.Input((a["bands"], a["frames"]), name="segments")
    scaled = _scaler(model)(_conditioned(model, segments))
    image = keras.layers.Reshape((a["bands"], a["frames"], 1))(scaled)
    maps = []
    for pipeline in layers.pipelines(model):
        y = image
        for block in pipeline.blocks:
            y = _block(block, a["negative_slope"], y)
        for axis, kind in enumerate(pipeline.summaries, 1):
            y = _summary(kind, axis, y)
        # The features' order is filter, band, frame.
        maps.append(keras.layers.Flatten()(keras.layers.Permute((3, 1, 2))(y)))
    units = keras.layers.Concatenate()(maps) if len(maps) > 1 else maps[0]
    if a["hidden_units"] > 0:
        dense = keras.layers.Dense(a["hidden_units"], activation="sigmoid", name="dense")
        units = dense(units)
    units = keras.layers.Dropout(a["dropout"])(units)
    return keras.Model(segments, _probabilities(model, units), name="duotone")


def _probabilities(model: Model, units: Any) -> Any:
    classes, temperature = model.card["architecture"]["classes"], layers.temperature(model)
    if temperature is None:
        return keras.layers.Dense(classes, activation="softmax", name="output")(units)
    logits = keras.layers.Dense(classes, name="output")(units)
    calibrated = keras.layers.Rescaling(1 / temperature, name="temperature")(logits)
    return keras.layers.Softmax(name="probabilities")(calibrated)


def _conditioned(model: Model, x: Any) -> Any:
    floor, compression, level = layers.conditioning(model)
    if floor is not None:
        x = keras.ops.maximum(x, keras.ops.max(x, axis=(1, 2), keepdims=True) - floor)
    if compression is not None:
        power = keras.ops.power(10.0, x)
        mean = keras.ops.mean(power, axis=(1, 2), keepdims=True)
        x = power / keras.ops.maximum(mean, layers.MIN_POWER)
        x = keras.ops.log1p(compression * x) / math.log(10)
    if level:
        x = x - keras.ops.mean(x, axis=(1, 2), keepdims=True)
    return x


def _scaler(model: Model) -> Any:
    mean, deviation = layers.scaler(model)
    if mean.size == 1:
        axis, mean, variance = None, mean.item(), deviation.item() ** 2
    else:
        shape = tuple(model.card["architecture"][axis] for axis in ("bands", "frames"))
        mean, deviation = np.broadcast_to(mean, shape), np.broadcast_to(deviation, shape)
        axis, variance = (1, 2), deviation**2
    return keras.layers.Normalization(axis=axis, mean=mean, variance=variance, name="scaler")


def _block(block: layers.Block, negative_slope: float, maps: Any) -> Any:
    convolution = keras.layers.Conv2D(
        block.filters,
        block.kernel,
        padding=block.padding,
        use_bias=not block.batch_norm,
        data_format="channels_last",
        trainable=not block.fixed,
        name=block.name,
    )
    y = convolution(maps)
    if block.batch_norm:
        # Keras's momentum is the share that is kept.
        norm = keras.layers.BatchNormalization(
            momentum=1 - layers.MOMENTUM, epsilon=layers.EPSILON, name=f"{block.name}.norm"
        )
        y = norm(y)
    y = keras.layers.LeakyReLU(negative_slope=negative_slope)(y)
    return keras.layers.MaxPooling2D(block.pool, data_format="channels_last")(y)


def _summary(kind: str, axis: int, maps: Any) -> Any:
    """What is left of an axis of maps (n, bands, frames, filters)."""
    if kind == "none":
        return maps
    parts = []
    if "mean" in kind:
        parts.append(keras.ops.mean(maps, axis=axis, keepdims=True))
    if "max" in kind:
        parts.append(keras.ops.max(maps, axis=axis, keepdims=True))
    if "std" in kind:
        parts.append(keras.ops.std(maps, axis=axis, keepdims=True))
    return keras.ops.concatenate(parts, axis=axis)


def layers_of(model: Model) -> Iterator[tuple[str, list[str]]]:
    """The name of each layer with weights, and its tensors' names in the model file."""
    for pipeline in layers.pipelines(model):
        for block in pipeline.blocks:
            if block.batch_norm:
                yield block.name, [f"{block.name}.weight"]
                norm = f"{block.name}.norm"
                yield norm, [f"{norm}.{what}" for what in ("weight", "bias", "mean", "variance")]
            else:
                yield block.name, [f"{block.name}.weight", f"{block.name}.bias"]
    if model.card["architecture"]["hidden_units"] > 0:
        yield "dense", ["dense.weight", "dense.bias"]
    yield "output", ["output.weight", "output.bias"]


def to_keras_order(tensor: np.ndarray) -> np.ndarray:
    """Keras has (…, inputs, outputs), the model file (outputs, inputs, …)."""
    if tensor.ndim < 3:
        return tensor.T
    filters, (bands, frames) = tensor.shape[0], tensor.shape[-2:]
    return tensor.reshape(filters, -1, bands, frames).transpose(2, 3, 1, 0)


def from_keras_order(tensor: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """The inverse of `to_keras_order`; `shape` is the model file's."""
    return (tensor.T if tensor.ndim < 3 else tensor.transpose(3, 2, 0, 1)).reshape(shape)
