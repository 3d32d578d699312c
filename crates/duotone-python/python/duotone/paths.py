"""What may stand for a file."""

from __future__ import annotations

import os
from typing import Any


def is_path(x: object) -> bool:
    """Whether this names a file; bytes and open files, which name none, are an error.

    Raises
    ------
    TypeError
        That says what is taken instead.
    """
    if isinstance(x, (bytes, bytearray, memoryview)) or hasattr(x, "read"):
        raise TypeError(
            f"{type(x).__name__} is no audio file: give a path (str or os.PathLike). Audio in "
            "memory has to be decoded to an array of samples, or written to a file, first; "
            "os.fsdecode makes a path of bytes that name one"
        )
    return isinstance(x, (str, os.PathLike))


def path_of(x: Any) -> str:
    """The path as a string.

    Raises
    ------
    TypeError
        For what names no file.
    """
    path = os.fspath(x) if is_path(x) else x
    if isinstance(path, str):
        return str(path)
    raise TypeError(f"a file is named by a path (str or os.PathLike), not {type(path).__name__}")
