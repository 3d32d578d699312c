"""Training settings between Python's names and the model file's."""

from __future__ import annotations

import json
from typing import Any

from duotone.errors import SettingsError


def to_json(
    *,
    epochs: int,
    learning_rate: float,
    batch_size: int,
    segments: int | str,
    fresh_segments: bool,
    standardize: str | None,
    validation: float,
    seed: int,
) -> str:
    """The settings as the native part reads them."""
    if isinstance(segments, str):
        if segments != "consecutive":
            raise SettingsError(f"segments={segments!r}: a number or 'consecutive'")
        chosen: Any = "consecutive"
    else:
        chosen = {"random": int(segments)}
    return json.dumps(
        {
            "epochs": int(epochs),
            "learning_rate": float(learning_rate),
            "batch_size": int(batch_size),
            "segments": chosen,
            "fresh_segments": bool(fresh_segments),
            "standardize": standardize or "none",
            "validation": float(validation),
            "seed": int(seed),
        }
    )
