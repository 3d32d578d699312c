"""The network in PyTorch and in Keras 3, with its weights, and back.

Both take segments (n, bands, frames) of log-mel values as the front end gives them, condition and
scale them, and give logits (PyTorch) or probabilities (Keras) (n, classes). Conditioning and scaler
are part of both, and are not trained. Keras's probabilities are calibrated if the model is;
PyTorch's are ``softmax(logits / temperature)`` with the temperature
``model.card["confidence"]["segment_temperature"]``. The card stays as it is when weights are taken
back, so a model that was trained further has the confidence of the one before.
"""

from __future__ import annotations

from typing import Any

from duotone.model import Model
from duotone.optional import needs

__all__ = ["from_keras", "from_torch", "to_keras", "to_torch"]


def to_torch(model: Model) -> Any:
    """A `torch.nn.Module` from segments (n, bands, frames) to logits (n, classes).

    Its parameters have the names of the model file: ``pipeline0.weight``,
    ``pipeline0.block0.norm.bias``, ``dense.bias``, … The running mean and variance of batch
    normalisation are PyTorch's buffers ``norm.running_mean`` and ``norm.running_var``. The module
    is in evaluation mode: call ``module.train()`` before training it.
    """
    torch = needs("torch", "to_torch", "torch")
    from duotone.torch_network import Network, name_in_torch

    network = Network(model)
    state = network.state_dict()
    for name, tensor in _weights(model).items():
        target = state[name_in_torch(name)]
        target.copy_(torch.from_numpy(tensor).reshape(target.shape))
    return network.eval()


def from_torch(model: Model, module: Any) -> Model:
    """The model with the weights of a module of `to_torch`."""
    from duotone.torch_network import name_in_torch

    tensors = model.tensors()
    state = module.state_dict()
    for name, tensor in _weights(model).items():
        values = state[name_in_torch(name)].detach().cpu().numpy()
        tensors[name] = values.reshape(tensor.shape)
    return Model.from_tensors(model.card, tensors)


def to_keras(model: Model) -> Any:
    """A Keras 3 model from segments (n, bands, frames) to probabilities (n, classes).

    Its layers have the names of the model file: ``pipeline0`` or ``pipeline0.block0`` and
    ``pipeline0.block0.norm``, …, ``dense``, ``output``. A calibrated model has the layers
    ``temperature`` and ``probabilities`` after ``output``.
    """
    needs("keras", "to_keras", "keras")
    from duotone import keras_network

    network = keras_network.network(model)
    tensors = model.tensors()
    for layer, names in keras_network.layers_of(model):
        weights = [keras_network.to_keras_order(tensors[name]) for name in names]
        network.get_layer(layer).set_weights(weights)
    return network


def from_keras(model: Model, network: Any) -> Model:
    """The model with the weights of a Keras model of `to_keras`."""
    from duotone import keras_network

    tensors = model.tensors()
    for layer, names in keras_network.layers_of(model):
        weights = network.get_layer(layer).get_weights()
        for name, values in zip(names, weights, strict=True):
            tensors[name] = keras_network.from_keras_order(values, tensors[name].shape)
    return Model.from_tensors(model.card, tensors)


def _weights(model: Model) -> dict[str, Any]:
    """The network's tensors, without those of the scaler and of the familiarity."""
    others = ("scaler.", "familiarity.")
    return {k: v for k, v in model.tensors().items() if not k.startswith(others)}
