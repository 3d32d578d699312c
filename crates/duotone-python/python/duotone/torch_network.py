"""The network as a PyTorch module."""

from __future__ import annotations

import math

import torch
from torch import nn

from duotone import layers
from duotone.model import Model


class Block(nn.Conv2d):
    """A convolution, then optionally batch normalisation, LeakyReLU and max-pooling.

    A subclass of the convolution, so that its parameters have the names of the model file.
    """

    def __init__(self, block: layers.Block, negative_slope: float):
        super().__init__(
            block.channels,
            block.filters,
            block.kernel,
            padding=block.padding,
            bias=not block.batch_norm,
        )
        self.norm = None
        if block.batch_norm:
            self.norm = nn.BatchNorm2d(block.filters, layers.EPSILON, layers.MOMENTUM)
        self.negative_slope = negative_slope
        self.pool = block.pool
        self.requires_grad_(not block.fixed)

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps (n, channels, bands, frames) to maps (n, filters, bands, frames)."""
        sums = super().forward(maps)
        if self.norm is not None:
            sums = self.norm(sums)
        values = nn.functional.leaky_relu(sums, self.negative_slope)
        return nn.functional.max_pool2d(values, self.pool)


class Summary(nn.Module):
    """What is left of an axis of the last maps.

    The kind is "none" (all of it), "mean", "max", "mean-max" or "mean-std".
    """

    def __init__(self, kind: str, axis: int):
        super().__init__()
        self.kind = kind
        self.axis = axis

    def forward(self, maps: torch.Tensor) -> torch.Tensor:
        """Maps to maps whose axis has length 1, or 2 for "mean-max" and "mean-std"."""
        if self.kind == "none":
            return maps
        parts = []
        if "mean" in self.kind:
            parts.append(maps.mean(self.axis, keepdim=True))
        if "max" in self.kind:
            parts.append(maps.amax(self.axis, keepdim=True))
        if "std" in self.kind:
            parts.append(maps.std(self.axis, correction=0, keepdim=True))
        return torch.cat(parts, self.axis)


class Network(nn.Module):
    """From segments (n, bands, frames) to logits (n, classes)."""

    def __init__(self, model: Model):
        super().__init__()
        a = model.card["architecture"]
        self.conditioning = layers.conditioning(model)
        mean, deviation = layers.scaler(model)
        self.register_buffer("mean", torch.from_numpy(mean.copy()))
        self.register_buffer("deviation", torch.from_numpy(deviation.copy()))
        tensors = model.tensors()
        self.pipelines = []
        for i, pipeline in enumerate(layers.pipelines(model)):
            self.pipelines.append(f"pipeline{i}")
            self.add_module(f"pipeline{i}", _pipeline(pipeline, a["negative_slope"]))
        self.dense = None
        if a["hidden_units"] > 0:
            self.dense = nn.Linear(tensors["dense.weight"].shape[1], a["hidden_units"])
        self.dropout = nn.Dropout(a["dropout"])
        self.output = nn.Linear(tensors["output.weight"].shape[1], a["classes"])

    def forward(self, segments: torch.Tensor) -> torch.Tensor:
        """Segments (n, bands, frames) of log-mel values to logits (n, classes)."""
        x = segments
        floor, compression, level = self.conditioning
        if floor is not None:
            x = torch.maximum(x, x.amax((1, 2), keepdim=True) - floor)
        if compression is not None:
            power = 10**x
            mean = power.mean((1, 2), keepdim=True).clamp(min=layers.MIN_POWER)
            x = torch.log1p(compression * power / mean) / math.log(10)
        if level:
            x = x - x.mean((1, 2), keepdim=True)
        image = ((x - self.mean) / self.deviation).unsqueeze(1)
        maps = [getattr(self, name)(image).flatten(1) for name in self.pipelines]
        units = torch.cat(maps, 1)
        if self.dense is not None:
            units = torch.sigmoid(self.dense(units))
        return self.output(self.dropout(units))


def _pipeline(pipeline: layers.Pipeline, negative_slope: float) -> nn.Module:
    modules = nn.Sequential()
    for block in pipeline.blocks:
        *_, name = block.name.split(".")
        modules.add_module(name, Block(block, negative_slope))
        if name == block.name:
            # The only one of a pipeline of the paper's kind, named like the pipeline.
            return modules[0]
    bands, frames = pipeline.summaries
    modules.add_module("bands", Summary(bands, 2))
    modules.add_module("frames", Summary(frames, 3))
    return modules


def name_in_torch(name: str) -> str:
    """The name of a tensor of the model file in the module's `state_dict`."""
    renamed = {"norm.mean": "norm.running_mean", "norm.variance": "norm.running_var"}
    for ours, theirs in renamed.items():
        if name.endswith(ours):
            return name.removesuffix(ours) + theirs
    return name
