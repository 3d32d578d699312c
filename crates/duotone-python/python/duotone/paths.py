"""What may stand for a file."""

from __future__ import annotations

import os
from typing import Any

from duotone import _duotone
from duotone.errors import SettingsError


def is_path(x: object) -> bool:
    """Whether this names a file; bytes and open files, which name none, are an error.

    Raises
    ------
    TypeError
        That says what is taken instead.
    """
    if isinstance(x, (bytes, bytearray, memoryview)) or hasattr(x, "read"):
        raise TypeError(
            f"{type(x).__name__} is not an audio file: give a path (str or os.PathLike). Audio in "
            "memory has to be decoded to an array of samples, or written to a file, first; "
            "os.fsdecode makes a path of bytes that name one"
        )
    return isinstance(x, (str, os.PathLike))


def path_of(x: Any) -> str:
    """The path of any file as a string.

    Raises
    ------
    TypeError
        For what names no file.
    """
    path = os.fspath(x) if isinstance(x, (str, os.PathLike)) else x
    if isinstance(path, str):
        return str(path)
    hint = "; os.fsdecode makes a path of bytes that name one" if isinstance(path, bytes) else ""
    kind = type(path).__name__
    raise TypeError(f"a file is named by a path (str or os.PathLike), not {kind}{hint}")


def audio_path_of(x: Any) -> str:
    r"""The path of a recording as a string, read back from the form `\xNN` of duotone's results.

    Raises
    ------
    TypeError
        For what names no file; says what to do with audio in memory.
    """
    is_path(x)
    return _duotone.on_disk(path_of(x))


def refuse_table(x: Any) -> None:
    """Refuse a table where its column of paths is needed: it would give its columns' names.

    Raises
    ------
    SettingsError
        That says so.
    """
    if hasattr(x, "columns") or hasattr(x, "column_names"):
        raise SettingsError(
            f"{type(x).__name__} is a table: give its column of paths, such as table['path']"
        )
