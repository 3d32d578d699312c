"""What parameters may be; each set of words is written here once."""

from __future__ import annotations

import operator
import os
from typing import Any, Literal, TypeAlias, get_args

from duotone.errors import SettingsError

Preset: TypeAlias = Literal["model1", "model2", "model2-figure", "model3"]
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
    """The value, where it is among the words of a `Literal`.

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
    raise SettingsError(f"{name}={value!r}: it may be {listed}")


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
        raise SettingsError(f"{name}={value!r}: it may be a whole number of 1 or more, or None")
    return number
