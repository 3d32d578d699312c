#!/usr/bin/env python3
"""Statistics of musicnn's weights as TensorFlow reads them, for the test of `backbone::add`.

    pip download musicnn==0.1.0 --no-deps && unzip musicnn-0.1.0-*.whl
    scripts/backbone_fixtures.py musicnn > crates/duotone/tests/fixtures/backbones.json

Needs TensorFlow. For each tensor of each backbone, in duotone's names and layouts: the shape, the
value a third of the way through, and the sum. No weights are kept.
"""

import json
import pathlib
import sys

import numpy as np
import tensorflow as tf

LAYERS = {
    "input": ("", "batch_normalization"),
    "timbral0": ("conv2d", "batch_normalization_1"),
    "timbral1": ("conv2d_1", "batch_normalization_2"),
    "temporal0": ("conv2d_2", "batch_normalization_3"),
    "temporal1": ("conv2d_3", "batch_normalization_4"),
    "temporal2": ("conv2d_4", "batch_normalization_5"),
    "middle0": ("conv2d_5", "batch_normalization_6"),
    "middle1": ("conv2d_6", "batch_normalization_7"),
    "middle2": ("conv2d_7", "batch_normalization_8"),
    "pooled": ("", "batch_normalization_9"),
    "penultimate": ("dense", "batch_normalization_10"),
    "tags": ("dense_1", ""),
}
NORM = {"weight": "gamma", "bias": "beta", "mean": "moving_mean", "variance": "moving_variance"}


def tensors(folder: pathlib.Path) -> dict[str, np.ndarray]:
    """The weights of one network."""
    reader = tf.compat.v1.train.NewCheckpointReader(f"{folder}/")
    out = {}
    for name, (layer, norm) in LAYERS.items():
        if layer:
            kernel = reader.get_tensor(f"{layer}/kernel")
            # From (frame, band, 1, filter) or (input, unit) to the reverse order.
            out[f"{name}.weight"] = kernel.squeeze(2).transpose() if kernel.ndim == 4 else kernel.T
            out[f"{name}.bias"] = reader.get_tensor(f"{layer}/bias")
        for ours, theirs in NORM.items() if norm else ():
            out[f"{name}.norm.{ours}"] = reader.get_tensor(f"{norm}/{theirs}")
    return out


def statistics(tensor: np.ndarray) -> dict:
    """What the test compares."""
    flat = tensor.ravel()
    return {
        "shape": list(tensor.shape),
        "third": float(flat[len(flat) // 3]),
        "sum": float(flat.astype(np.float64).sum()),
    }


package = pathlib.Path(sys.argv[1])
networks = {"musicnn-msd": "MSD_musicnn", "musicnn-mtt": "MTT_musicnn"}
result = {
    backbone: {name: statistics(tensor) for name, tensor in tensors(package / folder).items()}
    for backbone, folder in networks.items()
}
# One tensor per line.
parts = []
for backbone, rows in result.items():
    lines = ",\n".join(f"    {json.dumps(name)}: {json.dumps(row)}" for name, row in rows.items())
    parts.append(f"  {json.dumps(backbone)}: {{\n{lines}\n  }}")
print("{\n" + ",\n".join(parts) + "\n}")
