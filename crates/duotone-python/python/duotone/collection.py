"""Labelled collections."""

from __future__ import annotations

import html
import os
from typing import Any

import numpy as np
import pandas as pd

from duotone import _duotone
from duotone.errors import CollectionError

__all__ = ["Collection"]


class Collection:
    """Labelled audio files, in a fixed order.

    Attributes
    ----------
    paths : list of str
        The files: the `X` of an estimator.
    labels : ndarray of shape (n,)
        The label of each: its `y`.
    groups : ndarray of shape (n,) or None
        What must stay within one fold (an artist), where there is such a column.
    left_out : list of (str, str)
        Lines and files that cannot take part, each with the reason.
    notices : list of str
        What one should know of it.
    """

    def __init__(self, native: _duotone.Collection):
        self._native = native
        rows = native.rows()
        self.paths: list[str] = [os.fspath(row[0]) for row in rows]
        self.labels = np.array([row[1] for row in rows])
        self.groups: np.ndarray | None = None
        if native.group_column is not None:
            # A clip without a group is a group of its own.
            self.groups = np.array(
                [
                    path if row[2] is None else row[2]
                    for path, row in zip(self.paths, rows, strict=True)
                ]
            )
        self.left_out: list[tuple[str, str]] = native.left_out
        self.notices: list[str] = native.notices

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, label: str | None = None, group: str | None = None
    ) -> Collection:
        """Read a folder of label folders, a CSV with a header, or a MIREX list.

        Parameters
        ----------
        path : path
            The folder or list; see `docs/collections.md`.
        label, group : str, default=None
            Columns.
        """
        return cls(_duotone.Collection.open(os.fspath(path), label, group))

    @classmethod
    def from_table(
        cls,
        table: Any,
        *,
        path: str = "path",
        label: str = "label",
        group: str | None = None,
        fold: str | None = None,
        root: str | os.PathLike[str] = "",
        name: str = "table",
    ) -> Collection:
        """Take a pandas or Polars data frame, an Arrow table, or a dictionary of lists.

        Parameters
        ----------
        table : table
            One row a file. Rows without a label are passed over.
        path, label, group, fold : str
            Columns.
        root : path, default=""
            Folder that the paths are relative to.
        name : str, default="table"
            What results call the collection.
        """
        columns = [_column(table, column) for column in (path, label, group, fold)]
        rows = [
            (os.path.join(root, str(file)), text(tag), text(by), text(part))
            for file, tag, by, part in zip(*columns, strict=True)
            if text(file) is not None and text(tag) is not None
        ]
        return cls(_duotone.Collection.from_rows(name, rows, label, group))

    @classmethod
    def from_mirdata(
        cls, dataset: Any, *, label: str = "genre", group: str | None = None
    ) -> Collection:
        """Take a data set of `mirdata` that has been downloaded.

        Parameters
        ----------
        dataset : mirdata.core.Dataset
            Its tracks need `audio_path` and the attributes named here.
        label, group : str
            Attributes of its tracks.
        """
        tracks = list(dataset.load_tracks().values())
        table = {
            column: [getattr(track, column, None) for track in tracks]
            for column in ("audio_path", label, group)
            if column is not None
        }
        name = getattr(dataset, "name", "mirdata")
        return cls.from_table(table, path="audio_path", label=label, group=group, name=name)

    def folds(self, k: int = 5, *, seed: int = 0) -> np.ndarray:
        """The fold (1 to k) of each file: stratified, and no group in two of them.

        ``PredefinedSplit(collection.folds(5))`` makes a `cv` of it.
        """
        return np.array(self._native.folds(k, seed)) + 1

    def to_frame(self) -> pd.DataFrame:
        """A row a file: `path`, `label`, and `group` where there are groups."""
        frame = pd.DataFrame({"path": self.paths, "label": self.labels})
        return frame if self.groups is None else frame.assign(group=self.groups)

    def counts(self) -> pd.DataFrame:
        """A row a label: `files`, and `groups` where there are groups."""
        grouped = self.to_frame().groupby("label")
        counts = grouped.size().to_frame("files")
        return counts if self.groups is None else counts.assign(groups=grouped["group"].nunique())

    def plot(self, ax: Any = None) -> Any:
        """Draw how many files bear each label; gives the matplotlib axes."""
        from duotone.plot import bars

        return bars(self.counts()["files"], "files", ax)

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        labels = len(set(self.labels))
        return f"<duotone.Collection {self._native.name}: {len(self)} files, {labels} labels>"

    def _repr_html_(self) -> str:
        notes = [*self.notices, *(f"left out: {path}: {why}" for path, why in self.left_out)]
        items = "".join(f"<li>{html.escape(note)}</li>" for note in notes[:20])
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{self.counts().to_html()}<ul>{items}</ul>"


def as_collection(data: Any, label: str | None, group: str | None) -> Collection:
    """A collection from whatever names one."""
    if isinstance(data, Collection):
        if label is not None or group is not None:
            raise CollectionError("name label and group where the collection is made")
        return data
    if isinstance(data, (str, os.PathLike)):
        return Collection.open(data, label=label, group=group)
    return Collection.from_table(data, label=label or "label", group=group)


def text(value: Any) -> str | None:
    """A cell as text; `None` where it is empty."""
    if value is None or value is pd.NA or value != value:
        return None
    return str(value).strip() or None


def _column(table: Any, name: str | None) -> list[Any]:
    if name is None:
        return [None] * len(next(iter(table.values())) if isinstance(table, dict) else table)
    try:
        column = table[name]
    except Exception as e:
        known = getattr(table, "column_names", getattr(table, "columns", table))
        known = ", ".join(str(column) for column in known)
        raise CollectionError(f"no column {name!r}: there are {known}") from e
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            return getattr(column, method)()
    return list(column)
