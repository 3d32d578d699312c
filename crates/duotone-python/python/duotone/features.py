"""Features computed in advance, by the same code as `duotone features`."""

from __future__ import annotations

import os
from typing import Any

from duotone import _duotone, settings
from duotone.collection import as_collection
from duotone.errors import SkippedFile
from duotone.options import Architecture, Auto
from duotone.paths import path_of
from duotone.progress import Progress, callback

__all__ = ["audio_files", "features"]


def features(
    collection: Any,
    store: str | os.PathLike[str],
    *,
    label: str | None = None,
    architecture: Architecture = "deep",
    sample_rate: int | Auto | None = None,
    n_jobs: int | None = None,
    progress: Progress = None,
) -> list[SkippedFile]:
    """Compute a collection's spectrograms and keep them in a store.

    `Classifier` and `evaluate` accept it as `store` and compute only what is missing. Files are
    identified by their content.

    Parameters
    ----------
    collection : Collection, path, or table
        As for `evaluate`.
    store : path
        Folder; created if needed.
    label : str, default=None
        Column of a path or table.
    architecture : str, default="deep"
        Network whose input is computed.
    sample_rate : int or "auto", default=None
        As for `Classifier`.
    n_jobs : int, default=None
        Threads; all cores by default.
    progress : bool or callable, default=None
        See `duotone.progress`.

    Returns
    -------
    skipped_files : list of SkippedFile
        Files that cannot be used, each with its `path` and `error`.
    """
    collection = as_collection(collection, label, None)
    auto = lambda: _duotone.choose_rate(collection.paths)  # noqa: E731
    rate = settings.sample_rate(architecture, sample_rate, auto)
    spec = _duotone.recipe_front_end(os.fspath(architecture), rate)
    return _duotone.fill_store(collection._native, spec, path_of(store), n_jobs, callback(progress))


def audio_files(folder: str | os.PathLike[str]) -> tuple[list[str], list[SkippedFile]]:
    """The files below a folder that may be audio, judging by their names, and those skipped.

    Hidden files, texts, pictures and the like are ignored, as by `duotone classify`.
    """
    files, skipped_files = _duotone.audio_files(path_of(folder))
    return [os.fspath(file) for file in files], skipped_files
