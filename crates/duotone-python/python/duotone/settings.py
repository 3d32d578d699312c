"""Training settings between Python's names and the model file's."""

from __future__ import annotations

import json
from typing import Any

from duotone.options import Consecutive, Sampling, Standardize, one_of


def to_json(
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    segments: int | Consecutive,
    fresh_segments: bool,
    sampling: Sampling,
    standardize: Standardize | None,
    validation: float,
    seed: int,
) -> str:
    """The settings as the native part reads them."""
    if isinstance(segments, str):
        chosen: Any = one_of("segments", segments, Consecutive, number=True)
    else:
        chosen = {"random": int(segments)}
    return json.dumps(
        {
            "epochs": int(epochs),
            "learning_rate": float(learning_rate),
            "batch_size": int(batch_size),
            "segments": chosen,
            "fresh_segments": bool(fresh_segments),
            "sampling": one_of("sampling", sampling, Sampling),
            "standardize": one_of("standardize", standardize or "none", Standardize),
            "validation": float(validation),
            "seed": int(seed),
        }
    )
