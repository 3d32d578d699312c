"""Embeddings of files, and the tags of backbones."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import pandas as pd

from duotone import _duotone
from duotone.errors import SkippedFile
from duotone.paths import audio_path_of, is_path, path_of, refuse_table
from duotone.progress import Progress, callback

__all__ = ["embed"]


def embed(
    network: str | os.PathLike[str],
    paths: str | os.PathLike[str] | Iterable[str | os.PathLike[str]],
    *,
    segments: bool = False,
    tags: bool = False,
    n_jobs: int | None = None,
    progress: Progress = None,
) -> pd.DataFrame:
    """Compute what a network computes before its last layer, as `duotone embed` does.

    Parameters
    ----------
    network : str or path
        The name of a backbone that has been added, `musicnn-msd` or `musicnn-mtt`, or a model
        file.
    paths : path, or iterable of paths
        Audio files.
    segments : bool, default=False
        One row for each consecutive segment instead of the mean over them.
    tags : bool, default=False
        The probabilities of the backbone's 50 tags instead of the embedding.
    n_jobs : int, default=None
        Threads; all cores by default.
    progress : bool or callable, default=None
        See `duotone.progress`.

    Returns
    -------
    embeddings : DataFrame
        One row per file in the given order: `path`, `seconds`, `silent`, `repeated` (shorter than a
        segment), `decode_errors`, `warnings`, `error`, and `embedding`, an array of float32
        (``numpy.stack(embeddings.embedding)`` is a matrix), or a column for each tag. With
        `segments`, one row per segment, which also has `start` and `end` in seconds. A file that
        cannot be used has one row with only its path and the error.

    Raises
    ------
    ModelFileError
        If the backbone has not been added, or the file is not a model.
    SettingsError
        If tags of a model are asked for.
    """
    refuse_table(paths)
    given = [path_of(path) for path in ([paths] if is_path(paths) else paths)]
    files = [audio_path_of(path) for path in given]
    names, found = _duotone.embed(
        path_of(network), files, segments, tags, n_jobs, callback(progress)
    )
    rows: list[dict[str, Any]] = []
    for path, one in zip(given, found, strict=True):
        if isinstance(one, SkippedFile):
            rows.append({"path": path, "error": one.error})
            continue
        notes, seconds, spans, values = one
        for (start, end), row in zip(spans, values, strict=True):
            named = {"embedding": row} if names is None else dict(zip(names, row, strict=True))
            span = {"start": start, "end": end} if segments else {}
            rows.append({"path": path, **span, "seconds": seconds, **notes, **named})
    return _frame(rows, segments, names)


def _frame(rows: list[dict[str, Any]], segments: bool, tags: list[str] | None) -> pd.DataFrame:
    """The rows, which may lack columns; the types do not depend on what is missing."""
    numbers = [*(["start", "end"] if segments else []), "seconds"]
    texts = ["silent", "repeated", "decode_errors", "warnings", "error"]
    columns = ["path", *numbers, *texts, *(tags or ["embedding"])]
    types = {
        **dict.fromkeys(numbers, "float64"),
        **dict.fromkeys(tags or [], "float32"),
        "silent": "boolean",
        "repeated": "boolean",
    }
    whole = [dict.fromkeys(columns) | row for row in rows]
    return pd.DataFrame(whole, columns=columns, dtype=object).astype(types)
