"""The network in PyTorch and in Keras 3, with its weights, and back.

Both take segments (n, bands, frames) of log-mel values as the front end gives them, scale them,
and give logits (PyTorch) or probabilities (Keras) (n, classes). The scaler is part of both, and is
not trained.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from duotone.model import Model
from duotone.optional import needs

__all__ = ["from_keras", "from_torch", "to_keras", "to_torch"]


def _scaler(model: Model, tensors: dict[str, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation as they broadcast over (bands, frames)."""
    bands, frames = (model.card["architecture"][axis] for axis in ("bands", "frames"))
    if "scaler.mean" not in tensors:
        return np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32)
    shape = {1: (1, 1), bands: (bands, 1)}.get(len(tensors["scaler.mean"]), (bands, frames))
    return tensors["scaler.mean"].reshape(shape), tensors["scaler.deviation"].reshape(shape)


def to_torch(model: Model) -> Any:
    """A `torch.nn.Module` from segments (n, bands, frames) to logits (n, classes).

    Its parameters bear the names of the model file: ``pipeline0.weight``, ``dense.bias``, …
    """
    torch = needs("torch", "to_torch", "torch")
    nn = torch.nn
    a = model.card["architecture"]
    tensors = model.tensors()

    class Network(nn.Module):
        def __init__(self) -> None:
            super().__init__()
            mean, deviation = _scaler(model, tensors)
            self.register_buffer("mean", torch.from_numpy(mean.copy()))
            self.register_buffer("deviation", torch.from_numpy(deviation.copy()))
            features = tensors["dense.weight"].shape[1]
            for i, p in enumerate(a["pipeline"]):
                setattr(self, f"pipeline{i}", nn.Conv2d(1, p["filters"], tuple(p["kernel"])))
            self.dense = nn.Linear(features, a["hidden_units"])
            self.output = nn.Linear(a["hidden_units"], a["classes"])
            self.dropout = nn.Dropout(a["dropout"])

        def forward(self, segments: Any) -> Any:
            x = ((segments - self.mean) / self.deviation).unsqueeze(1)
            maps = []
            for i, p in enumerate(a["pipeline"]):
                y = nn.functional.leaky_relu(getattr(self, f"pipeline{i}")(x), a["negative_slope"])
                maps.append(nn.functional.max_pool2d(y, tuple(p["pool"])).flatten(1))
            units = torch.sigmoid(self.dense(torch.cat(maps, 1)))
            return self.output(self.dropout(units))

    network = Network()
    with torch.no_grad():
        for name, parameter in network.named_parameters():
            parameter.copy_(torch.from_numpy(tensors[name]).reshape(parameter.shape))
    return network.eval()


def from_torch(model: Model, module: Any) -> Model:
    """The model with the weights of a module of `to_torch`."""
    tensors = model.tensors()
    for name, parameter in module.named_parameters():
        values = parameter.detach().cpu().numpy()
        tensors[name] = values.reshape(tensors[name].shape)
    return Model.from_tensors(model.card, tensors)


def to_keras(model: Model) -> Any:
    """A Keras 3 model from segments (n, bands, frames) to probabilities (n, classes).

    Its layers bear the names of the model file: ``pipeline0``, …, ``dense``, ``output``.
    """
    keras = needs("keras", "to_keras", "keras")
    layers = keras.layers
    a = model.card["architecture"]
    tensors = model.tensors()
    mean, deviation = _scaler(model, tensors)
    segments = keras.Input((a["bands"], a["frames"]), name="segments")
    scaled = layers.Normalization(
        axis=None if mean.size == 1 else (1, 2),
        mean=mean.item() if mean.size == 1 else np.broadcast_to(mean, (a["bands"], a["frames"])),
        variance=deviation.item() ** 2
        if mean.size == 1
        else np.broadcast_to(deviation, (a["bands"], a["frames"])) ** 2,
        name="scaler",
    )(segments)
    image = layers.Reshape((a["bands"], a["frames"], 1))(scaled)
    maps = []
    for i, p in enumerate(a["pipeline"]):
        kernel, pool = tuple(p["kernel"]), tuple(p["pool"])
        format = {"data_format": "channels_last"}
        y = layers.Conv2D(p["filters"], kernel, name=f"pipeline{i}", **format)(image)
        y = layers.LeakyReLU(negative_slope=a["negative_slope"])(y)
        y = layers.MaxPooling2D(pool, **format)(y)
        # The features' order is filter, band, frame.
        maps.append(layers.Flatten()(layers.Permute((3, 1, 2))(y)))
    joined = layers.Concatenate()(maps) if len(maps) > 1 else maps[0]
    units = layers.Dense(a["hidden_units"], activation="sigmoid", name="dense")(joined)
    units = layers.Dropout(a["dropout"])(units)
    out = layers.Dense(a["classes"], activation="softmax", name="output")(units)
    network = keras.Model(segments, out, name="duotone")
    for name in _layers(model):
        weight = tensors[f"{name}.weight"]
        # Keras has (…, inputs, outputs).
        kernel = np.moveaxis(weight, 0, -1)
        kernel = kernel[:, :, None, :] if weight.ndim == 3 else kernel
        network.get_layer(name).set_weights([kernel, tensors[f"{name}.bias"]])
    return network


def from_keras(model: Model, network: Any) -> Model:
    """The model with the weights of a Keras model of `to_keras`."""
    tensors = model.tensors()
    for name in _layers(model):
        kernel, bias = network.get_layer(name).get_weights()
        shape = tensors[f"{name}.weight"].shape
        tensors[f"{name}.weight"] = np.moveaxis(kernel, -1, 0).reshape(shape)
        tensors[f"{name}.bias"] = bias
    return Model.from_tensors(model.card, tensors)


def _layers(model: Model) -> list[str]:
    pipelines = range(len(model.card["architecture"]["pipeline"]))
    return [*(f"pipeline{i}" for i in pipelines), "dense", "output"]
