"""Exceptions. All of them are `DuotoneError`; files that cannot be opened raise `OSError`."""

from __future__ import annotations

import os

__all__ = [
    "AudioError",
    "CollectionError",
    "DivergedError",
    "DuotoneError",
    "ModelFileError",
    "SettingsError",
]


class DuotoneError(Exception):
    """The base of duotone's own exceptions."""


class AudioError(DuotoneError, ValueError):
    """A recording that cannot be used.

    Attributes
    ----------
    left_out : list of (str, str)
        Each file and the reason; empty where the samples came from memory.
    """

    def __init__(self, message: str, left_out: list[tuple[str, str]] | None = None):
        super().__init__(message, left_out or [])
        self.left_out = left_out or []

    def __str__(self) -> str:
        return self.args[0]

    @classmethod
    def of_file(cls, path: str | os.PathLike[str], reason: str) -> AudioError:
        """The error of one file."""
        return cls(f"{os.fspath(path)}: {reason}", [(os.fspath(path), reason)])

    @classmethod
    def of_files(cls, left_out: list[tuple[str, str]]) -> AudioError:
        """The error of several files."""
        if len(left_out) == 1:
            return cls.of_file(*left_out[0])
        shown = [f"{path}: {reason}" for path, reason in left_out[:5]]
        if len(left_out) > 5:
            shown.append("…")
        return cls(f"{len(left_out)} files cannot be used\n" + "\n".join(shown), left_out)


class CollectionError(DuotoneError, ValueError):
    """A collection, its list or its columns cannot be used; the message names the cure."""


class ModelFileError(DuotoneError, ValueError):
    """A model file, checkpoint or store is damaged or of another version."""


class SettingsError(DuotoneError, ValueError):
    """Settings that contradict each other or the data."""


class DivergedError(DuotoneError, ArithmeticError):
    """A loss that is no longer finite: try a smaller learning rate."""
