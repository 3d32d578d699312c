"""A network's layers as its card describes them, for programs that build the same network."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from duotone.errors import DuotoneError
from duotone.model import Model

# Batch normalisation adds this to variances, and replaces this share of its running statistics in
# each training step.
EPSILON = 1e-5
MOMENTUM = 0.1
# The smallest mean power of a segment that compression divides by.
MIN_POWER = 1e-9


class Block(NamedTuple):
    """A convolution and what follows it; sizes are (bands, frames)."""

    name: str
    """The start of its tensors' names."""
    channels: int
    filters: int
    kernel: tuple[int, int]
    padding: str
    """Either "valid" or "same"."""
    batch_norm: bool
    fixed: bool
    """Whether its filters are given instead of trained."""
    pool: tuple[int, int]


class Pipeline(NamedTuple):
    """Blocks one after the other, then the summaries over all bands and over all frames."""

    blocks: list[Block]
    summaries: list[str]


def pipelines(model: Model) -> list[Pipeline]:
    """The parallel pipelines of a model."""
    return [
        _pipeline(f"pipeline{i}", table)
        for i, table in enumerate(model.card["architecture"]["pipeline"])
    ]


def _pipeline(name: str, table: dict[str, Any]) -> Pipeline:
    blocks = []
    channels = 1
    # A pipeline of the paper's kind has no list of blocks.
    single = "block" not in table
    for j, block in enumerate([table] if single else table["block"]):
        published = block.get("fixed", "cepstrum")
        if published != "cepstrum":
            raise DuotoneError(
                f"{published} is not built in PyTorch and Keras: export the model to ONNX instead"
            )
        blocks.append(
            Block(
                name if single else f"{name}.block{j}",
                channels,
                block["filters"],
                tuple(block["kernel"]),
                block.get("padding", "valid"),
                block.get("batch_norm", False),
                "fixed" in block,
                tuple(block["pool"]),
            )
        )
        channels = block["filters"]
    pool = table.get("global_pool", {})
    return Pipeline(blocks, [pool.get(axis, "none") for axis in ("bands", "frames")])


class Conditioning(NamedTuple):
    """What happens to a segment before the scaler."""

    floor: float | None
    """In decades of power below the segment's maximum."""
    compression: float | None
    """The factor of the power as a share of the segment's mean power."""
    level: bool
    """Whether the mean is subtracted."""


def conditioning(model: Model) -> Conditioning:
    """The conditioning of a model's segments."""
    table = model.card["settings"].get("conditioning", {})
    floor = table.get("floor")
    floor = None if floor is None else floor / 10
    return Conditioning(floor, table.get("compression"), table.get("level", False))


def scaler(model: Model) -> tuple[np.ndarray, np.ndarray]:
    """Mean and deviation as they broadcast over (bands, frames)."""
    bands, frames = (model.card["architecture"][axis] for axis in ("bands", "frames"))
    tensors = model.tensors()
    if "scaler.mean" not in tensors:
        return np.zeros((1, 1), np.float32), np.ones((1, 1), np.float32)
    shape = {1: (1, 1), bands: (bands, 1)}.get(len(tensors["scaler.mean"]), (bands, frames))
    return tensors["scaler.mean"].reshape(shape), tensors["scaler.deviation"].reshape(shape)


def temperature(model: Model) -> float | None:
    """What the logits of a segment are divided by; `None` if the model is not calibrated."""
    confidence = model.card.get("confidence")
    return None if confidence is None else confidence["segment_temperature"]
