"""Exceptions, warnings, and files that cannot be used.

All exceptions are `DuotoneError`; files that cannot be opened raise `OSError`, and arguments of
the wrong type `TypeError`.
"""

from __future__ import annotations

import os
import re
import sys
import warnings
from collections.abc import Iterable
from typing import NamedTuple

from duotone import _duotone

__all__ = [
    "AudioError",
    "CollectionError",
    "DivergedError",
    "DuotoneError",
    "DuotoneWarning",
    "ModelFileError",
    "SettingsError",
    "SkippedFile",
]


class SkippedFile(NamedTuple):
    """A file that could not be used; the work continued without it."""

    path: str
    """The file, as given."""
    error: str
    """Why it cannot be used."""


def skipped(entries: Iterable[dict[str, str]]) -> list[SkippedFile]:
    """The skipped files of a report or of results, from their JSON."""
    return [SkippedFile(one["path"], one["error"]) for one in entries]


class DuotoneWarning(UserWarning):
    """A warning about a collection, a recording or a run, which does not stop the work."""


class DuotoneError(Exception):
    """The base of duotone's own exceptions."""


class AudioError(DuotoneError, ValueError):
    """A recording that cannot be used.

    Attributes
    ----------
    skipped_files : list of SkippedFile
        Each file with its error; empty if the samples came from memory.
    """

    def __init__(self, message: str, skipped_files: Iterable[tuple[str, str]] = ()):
        skipped = [SkippedFile(*one) for one in skipped_files]
        super().__init__(message, skipped)
        self.skipped_files = skipped

    def __str__(self) -> str:
        return self.args[0]

    @classmethod
    def of_file(cls, path: str | os.PathLike[str], error: str) -> AudioError:
        """The error of one file."""
        return cls(f"{_duotone.path_text(path)}: {error}", [(os.fspath(path), error)])

    @classmethod
    def of_files(cls, skipped_files: list[SkippedFile]) -> AudioError:
        """The error of several files."""
        if len(skipped_files) == 1:
            return cls.of_file(*skipped_files[0])
        shown = [f"{_duotone.path_text(path)}: {error}" for path, error in skipped_files[:5]]
        if len(skipped_files) > 5:
            shown.append("…")
        return cls(f"{len(skipped_files)} files cannot be used\n" + "\n".join(shown), skipped_files)


class CollectionError(DuotoneError, ValueError):
    """A collection, its list or its columns cannot be used; the message names the remedy."""


class ModelFileError(DuotoneError, ValueError):
    """A file that is damaged, of another version, or must not be replaced.

    Raised for a model file, checkpoint or store that cannot be read, and for an output that would
    replace an input or a file of another kind.
    """


class SettingsError(DuotoneError, ValueError):
    """Settings that contradict each other or the data."""


class DivergedError(DuotoneError, ArithmeticError):
    """A loss that is no longer finite: try a smaller learning rate."""


def warn(message: str) -> None:
    """Issue a `DuotoneWarning` at the line of the user's code that called duotone."""
    frame, level = sys._getframe(1), 2
    while frame.f_back is not None and _is_between(frame.f_globals.get("__name__", "")):
        frame, level = frame.f_back, level + 1
    warnings.warn(in_python(message), DuotoneWarning, stacklevel=level)


def _is_between(module: str) -> bool:
    """Whether a module lies between the user's line and the warning: scikit-learn wraps methods."""
    return module.partition(".")[0] in ("duotone", "sklearn", "joblib")


# The toolkit's messages name settings and their values without quotes.
_SETTING = re.compile(r"`(group|device|min_per_label)=([^`]+)`")


def in_python(message: str) -> str:
    """A message of the toolkit, with settings as parameters of functions."""
    return _SETTING.sub(lambda m: f"`{m[1]}={m[2] if m[2].isdigit() else repr(m[2])}`", message)
