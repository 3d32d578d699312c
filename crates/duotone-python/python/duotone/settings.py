"""Training settings between Python's names and the model file's."""

from __future__ import annotations

import json
from typing import Any

from duotone.options import Consecutive, Sampling, Standardize, flag, one_of, real, whole


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
        chosen = {"random": whole("segments", segments)}
    return json.dumps(
        {
            "epochs": whole("epochs", epochs),
            "learning_rate": real("learning_rate", learning_rate),
            "batch_size": whole("batch_size", batch_size),
            "segments": chosen,
            "fresh_segments": flag("fresh_segments", fresh_segments),
            "sampling": one_of("sampling", sampling, Sampling),
            "standardize": one_of("standardize", _word(standardize), Standardize),
            "validation": real("validation", validation),
            "seed": whole("seed", seed),
        }
    )


def _word(standardize: Standardize | None) -> Any:
    return "none" if standardize is None else standardize
