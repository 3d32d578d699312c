#!/usr/bin/env python3
"""Writes crates/duotone-nn/tests/fixtures/logistic.safetensors: logistic regression by scikit-learn.

Needs scikit-learn and safetensors (made with 1.9.1 and 0.6): pip install scikit-learn safetensors
"""

from pathlib import Path

import numpy as np
import sklearn
from safetensors.numpy import save_file
from sklearn.linear_model import LogisticRegression

OUT = Path(__file__).parent.parent / "crates/duotone-nn/tests/fixtures/logistic.safetensors"
SEGMENTS, INPUTS, CLASSES, WEIGHT_DECAY = 60, 7, 3, 0.05

rng = np.random.default_rng(4)
labels = np.arange(SEGMENTS) % CLASSES
centres = rng.normal(size=(CLASSES, INPUTS))
# Inputs of unlike means and deviations; the last one is constant.
scale, shift = 10.0 ** rng.uniform(-2, 2, INPUTS), 10.0 * rng.normal(size=INPUTS)
inputs = ((centres[labels] + 1.5 * rng.normal(size=(SEGMENTS, INPUTS))) * scale + shift).astype(np.float32)
inputs[:, -1] = 3.5

wide = inputs.astype(np.float64)
mean, std = wide.mean(0), wide.std(0)
std[-1] = 1.0
tensors = {"inputs": inputs}
# All segments alike, and weighted by the inverse share of uneven classes.
uneven = np.where(rng.random(SEGMENTS) < 0.5, 0, labels)
counts = np.bincount(uneven, minlength=CLASSES)
weights = SEGMENTS / (CLASSES * counts[uneven])
for name, y, sample_weight in [("plain", labels, None), ("weighted", uneven, weights)]:
    model = LogisticRegression(C=1 / (WEIGHT_DECAY * SEGMENTS), tol=1e-10, max_iter=10_000)
    model.fit((wide - mean) / std, y, sample_weight)
    weight = model.coef_ / std
    tensors[f"{name}.labels"] = y.astype(np.float32)
    tensors[f"{name}.weight"] = weight
    tensors[f"{name}.bias"] = model.intercept_ - weight @ mean
tensors["weights"] = weights.astype(np.float32)
tensors = {name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}
save_file(tensors, OUT, {"scikit-learn": sklearn.__version__})
