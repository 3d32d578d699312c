"""Backbones: networks that others have trained on large collections of music.

duotone contains no such weights and downloads none. `add` reads them from the package `musicnn`,
without importing it and without TensorFlow.
"""

from __future__ import annotations

import builtins
import importlib.util
import json
import os
from typing import NamedTuple

from duotone import _duotone
from duotone.errors import SettingsError
from duotone.paths import path_of

__all__ = ["StoredBackbone", "add", "list", "remove"]


class StoredBackbone(NamedTuple):
    """A backbone that has been added."""

    name: str
    """Its name: `musicnn-msd` or `musicnn-mtt`."""
    source: str
    """Where its weights are from."""
    licence: str
    """Licence of its weights."""
    bytes: int
    """Size of its file."""
    source_digest: str
    """Digest of what it was made from: `sha256:` and 64 hexadecimal digits."""
    path: str
    """Its file."""


def add(
    source: str | os.PathLike[str] = "musicnn",
    *,
    folder: str | os.PathLike[str] | None = None,
) -> builtins.list[StoredBackbone]:
    """Add the backbones of the package musicnn 0.1.0. Those added before are replaced.

    Parameters
    ----------
    source : path, default="musicnn"
        The wheel, or the folder `musicnn` of an unpacked one. The string `"musicnn"` stands for
        the installed package, which is found but not imported.
    folder : path, optional
        Where to write them. By default the environment variable `DUOTONE_BACKBONES`, or
        `duotone/backbones` in the user's folder for data.

    Returns
    -------
    backbones : list of StoredBackbone

    Raises
    ------
    ModelFileError
        If the source is not exactly musicnn 0.1.0; the message has the command to download it.
    SettingsError
        If the package is not installed.
    """
    path = _installed() if source == "musicnn" else path_of(source)
    return _stored(_duotone.add_backbones(path, _optional(folder)))


def list(*, folder: str | os.PathLike[str] | None = None) -> builtins.list[StoredBackbone]:
    """The backbones that have been added, by name.

    A `DuotoneWarning` names each file that cannot be used.

    Parameters
    ----------
    folder : path, optional
        As for `add`.
    """
    return _stored(_duotone.list_backbones(_optional(folder)))


def remove(name: str, *, folder: str | os.PathLike[str] | None = None) -> None:
    """Remove a backbone.

    Parameters
    ----------
    name : str
        `musicnn-msd` or `musicnn-mtt`.
    folder : path, optional
        As for `add`.

    Raises
    ------
    ModelFileError
        If it has not been added.
    SettingsError
        If there can be no backbone of this name.
    """
    _duotone.remove_backbone(name, _optional(folder))


def _installed() -> str:
    """The folder of the installed package."""
    spec = importlib.util.find_spec("musicnn")
    if spec is None or not spec.submodule_search_locations:
        raise SettingsError(
            "the package musicnn is not installed: download it by `pip download musicnn==0.1.0 "
            "--no-deps`, and give the path of the wheel"
        )
    return spec.submodule_search_locations[0]


def _optional(folder: str | os.PathLike[str] | None) -> str | None:
    return None if folder is None else path_of(folder)


def _stored(text: str) -> builtins.list[StoredBackbone]:
    return [StoredBackbone(**one) for one in json.loads(text)]
