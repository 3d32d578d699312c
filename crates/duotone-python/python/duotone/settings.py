"""Training settings between Python's names and the model file's."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from typing import Any

from duotone import _duotone
from duotone.errors import SettingsError
from duotone.options import (
    Architecture,
    Auto,
    Consecutive,
    Sampling,
    Standardize,
    flag,
    one_of,
    real,
    whole,
)


def to_json(
    more: Mapping[str, Any] | None,
    *,
    networks: int | None,
    epochs: int | None,
    learning_rate: float | None,
    batch_size: int | None,
    segments: int | Consecutive | None,
    fresh_segments: bool | None,
    sampling: Sampling | None,
    standardize: Standardize | None,
    validation: float | None,
    seed: int,
) -> str:
    """The settings that differ from the recipe, and the seed, as the native part reads them.

    `more` holds settings that are not parameters.
    """
    if isinstance(segments, str):
        chosen: Any = one_of("segments", segments, Consecutive, number=True)
    elif segments is not None:
        chosen = {"random": whole("segments", segments)}
    else:
        chosen = None
    parameters = {
        "networks": _given(whole, "networks", networks),
        "epochs": _given(whole, "epochs", epochs),
        "learning_rate": _given(real, "learning_rate", learning_rate),
        "batch_size": _given(whole, "batch_size", batch_size),
        "segments": chosen,
        "fresh_segments": _given(flag, "fresh_segments", fresh_segments),
        "sampling": _given(one_of, "sampling", sampling, Sampling),
        "standardize": _given(one_of, "standardize", standardize, Standardize),
        "validation": _given(real, "validation", validation),
    }
    if more is not None and not isinstance(more, Mapping):
        raise SettingsError(f"settings={more!r}: it must be a mapping from names to values")
    changes = _nested(more or {}, {*parameters, "seed"})
    changes.update({name: value for name, value in parameters.items() if value is not None})
    return json.dumps({"seed": whole("seed", seed), "changes": changes}, default=_plain)


def _given(check: Callable[..., Any], name: str, value: Any, *words: Any) -> Any:
    return None if value is None else check(name, value, *words)


def _nested(more: Mapping[str, Any], parameters: set[str]) -> dict[str, Any]:
    """Settings as nested dictionaries, whose names may have dots: `augmentation.mixup`."""
    nested: dict[str, Any] = {}
    for name, value in more.items():
        *tables, last = str(name).split(".")
        if (tables or [last])[0] in parameters:
            what = "random_state or seed" if name == "seed" else name
            raise SettingsError(f"settings: {name!r} has a parameter of its own: use {what}")
        inner = nested
        for table in tables:
            inner = inner.setdefault(table, {})
            if not isinstance(inner, dict):
                raise SettingsError(f"settings: {table!r} is given twice")
        if last in inner:
            raise SettingsError(f"settings: {last!r} is given twice")
        inner[last] = dict(value) if isinstance(value, Mapping) else value
    return nested


def _plain(value: Any) -> Any:
    """A number of NumPy as Python's."""
    if hasattr(value, "item"):
        return value.item()
    raise SettingsError(f"settings: {value!r} is not a number, text, list or mapping")


def sample_rate(
    architecture: Architecture, given: int | Auto | None, auto: Callable[[], int]
) -> int:
    """The sample rate in hertz: the given one, the network's own, or else what `auto` returns."""
    rate: Any = given
    if rate is None:
        rate = _duotone.recipe_sample_rate(os.fspath(architecture)) or "auto"
    if isinstance(rate, str):
        one_of("sample_rate", rate, Auto, number=True)
        rate = auto()
    return whole("sample_rate", rate)
