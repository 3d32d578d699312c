"""The allowed values of parameters; each set of words is written here once."""

from __future__ import annotations

import math
import operator
import os
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

from duotone.errors import SettingsError

Preset: TypeAlias = Literal[
    "deep", "model1", "model2", "model2-figure", "model3", "mfcc", "musicnn", "musicnn-mtt"
]
Architecture: TypeAlias = Preset | str | os.PathLike[str]
Vote: TypeAlias = Literal["mean", "majority", "max"]
Standardize: TypeAlias = Literal["band", "global", "pixel", "none"]
Sampling: TypeAlias = Literal["uniform", "balanced"]
Consecutive: TypeAlias = Literal["consecutive"]
Auto: TypeAlias = Literal["auto"]
OnError: TypeAlias = Literal["raise", "none"]
Layer: TypeAlias = Literal["dense", "maps"]
FoldsWord: TypeAlias = Literal["auto", "column", "split"]
Folds: TypeAlias = int | FoldsWord | str | os.PathLike[str]
Excerpts: TypeAlias = tuple[int, int]


def one_of(name: str, value: Any, words: Any, *, number: bool = False) -> Any:
    """The value, if it is one of the words of a `Literal`.

    Raises
    ------
    SettingsError
        That names the words; with `number` it says that a number may be given instead.
    """
    known = get_args(words)
    if isinstance(value, str) and value in known:
        return str(value)
    *most, last = ["a number"] * number + [repr(word) for word in known]
    listed = f"{', '.join(most)} or {last}" if most else last
    raise SettingsError(f"{name}={value!r}: it must be {listed}")


def least(name: str, value: int | None) -> int | None:
    """A number of 1 or more, or `None`.

    Raises
    ------
    SettingsError
        For anything else.
    """
    if value is None:
        return None
    try:
        number = operator.index(value)
    except TypeError:
        number = 0
    if not 1 <= number < 2**63:
        raise SettingsError(f"{name}={value!r}: it must be a whole number of 1 or more, or None")
    return number


def whole(name: str, value: Any) -> int:
    """A whole number of 0 or more, whatever type it has.

    Raises
    ------
    SettingsError
        For anything else, a fraction or text included.
    """
    try:
        number = int(value)
    except (TypeError, ValueError, OverflowError):
        number = -1
    if number != value or not 0 <= number < 2**64:
        raise SettingsError(f"{name}={value!r}: it must be a whole number, not below 0")
    return number


def real(name: str, value: Any) -> float:
    """A finite number.

    Raises
    ------
    SettingsError
        For anything else, text included.
    """
    try:
        number = math.nan if isinstance(value, str) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise SettingsError(f"{name}={value!r}: it must be a finite number")
    return number


def share(name: str, value: float | None) -> float | None:
    """A number from 0 to 1, or `None`.

    Raises
    ------
    SettingsError
        For anything else, text included.
    """
    if value is None:
        return None
    number = real(name, value)
    if not 0 <= number <= 1:
        raise SettingsError(f"{name}={value!r}: it must be a share from 0 to 1, or None")
    return number


def flag(name: str, value: Any) -> bool:
    """Yes or no.

    Raises
    ------
    SettingsError
        For anything else, including text, which would always count as true.
    """
    if isinstance(value, str) or value not in (True, False):
        raise SettingsError(f"{name}={value!r}: it must be True or False")
    return bool(value)


class Unsure(NamedTuple):
    """When a decision is "unknown"."""

    min_probability: float | None = None
    unknown_above_risk: float | None = None


def unsure_of(min_probability: float | None, unknown_above_risk: float | None) -> Unsure:
    """The parameters of these names, which must be shares or `None`."""
    return Unsure(
        share("min_probability", min_probability),
        share("unknown_above_risk", unknown_above_risk),
    )
