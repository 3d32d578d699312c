"""Labelled collections."""

from __future__ import annotations

import html
import os
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from duotone import _duotone
from duotone.errors import CollectionError, SkippedFile, in_python, warn
from duotone.options import least, whole
from duotone.paths import is_path, path_of

__all__ = ["Collection"]


class Collection:
    """Labelled audio files, in a fixed order.

    Attributes
    ----------
    paths : list of str
        The files: the `X` of an estimator.
    labels : ndarray of shape (n,)
        The label of each file: its `y`.
    groups : ndarray of shape (n,) or None
        The group (such as the artist) of each file, which must stay in one fold, if there are any.
    skipped_files : list of SkippedFile
        Lines and files that cannot be used, each with its `path` and `error`.
    warnings : list of str
        Warnings about the collection; each was issued as a `DuotoneWarning` when it was made.
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
                    _duotone.path_text(path) if row[2] is None else row[2]
                    for path, row in zip(self.paths, rows, strict=True)
                ]
            )
        self.skipped_files: list[SkippedFile] = native.skipped_files
        self.warnings = [in_python(warning) for warning in native.warnings]
        for warning in self.warnings:
            warn(warning)

    @classmethod
    def open(
        cls,
        path: str | os.PathLike[str],
        *,
        label: str | None = None,
        group: str | None = None,
        min_per_label: int | None = None,
    ) -> Collection:
        """Read a folder of label folders, a CSV with a header, or a MIREX list.

        Parameters
        ----------
        path : path
            The folder or list; see `docs/collections.md`.
        label, group : str, default=None
            Columns.
        min_per_label : int, default=None
            Leave out labels with fewer files or, with `group`, fewer groups.
        """
        fewest = least("min_per_label", min_per_label)
        return cls(_duotone.Collection.open(path_of(path), label, group, fewest))

    @classmethod
    def from_table(
        cls,
        table: Any,
        *,
        path: str = "path",
        label: str = "label",
        group: str | None = None,
        fold: str | None = None,
        split: str | None = None,
        min_per_label: int | None = None,
        root: str | os.PathLike[str] = "",
        name: str = "table",
    ) -> Collection:
        """Make a collection of a pandas, Polars or Arrow table, or a dictionary of lists.

        Parameters
        ----------
        table : table
            One row per file. Rows without a path or a label are ignored.
        path, label, group, fold, split : str
            Columns; `evaluate` uses `fold` with `folds="column"` and `split` with
            `folds="split"`.
        min_per_label : int, default=None
            As for `open`.
        root : path, default=""
            Folder that the paths are relative to.
        name : str, default="table"
            Name of the collection in results.
        """
        fewest = least("min_per_label", min_per_label)
        columns = _columns(table, (path, label, group, fold, split))
        rows: list[Any] = []
        for file, *cells in zip(*columns, strict=True):
            file, (tag, *others) = _file(file), map(text, cells)
            if file is not None and tag is not None:
                rows.append((os.path.join(root, file), tag, *others))
        for column, cells in ((path, columns[0]), (label, columns[1])):
            if cells and not any(map(text, cells)):
                raise CollectionError(f"the column {column!r} is empty in all {len(cells)} rows")
        if group is not None and rows and all(row[2] is None for row in rows):
            raise CollectionError(
                f"the column {group!r} is empty in all rows that can be used: without groups, "
                "omit `group`"
            )
        warnings = []
        if len(rows) < len(columns[0]):
            ignored = len(columns[0]) - len(rows)
            warnings.append(f"ignored {ignored} of {len(columns[0])} rows: no {path} or no {label}")
        if group is None:
            warnings.extend(_could_be_grouped(table, label))
        return cls(_duotone.Collection.from_rows(name, rows, label, group, warnings, fewest))

    @classmethod
    def from_mirdata(
        cls,
        dataset: Any,
        *,
        label: str = "genre",
        group: str | None = None,
        min_per_label: int | None = None,
    ) -> Collection:
        """Make a collection of a downloaded `mirdata` data set.

        Parameters
        ----------
        dataset : mirdata.core.Dataset
            Its tracks need `audio_path` and the attributes named here.
        label, group : str
            Attributes of the tracks.
        min_per_label : int, default=None
            As for `open`.

        Raises
        ------
        CollectionError
            For an attribute that the tracks do not have, or that is empty in all of them.
        """
        name = getattr(dataset, "name", "mirdata")
        tracks = list(dataset.load_tracks().values())
        table = {
            column: [_attribute(track, column, name) for track in tracks]
            for column in ("audio_path", label, group)
            if column is not None
        }
        return cls.from_table(
            table,
            path="audio_path",
            label=label,
            group=group,
            min_per_label=min_per_label,
            name=name,
        )

    def folds(self, k: int = 5, *, seed: int = 0) -> np.ndarray:
        """The fold (1 to k) of each file: stratified, with each group in one fold.

        ``PredefinedSplit(collection.folds(5))`` makes a `cv` of it.
        """
        return np.array(self._native.folds(whole("k", k), seed=whole("seed", seed))) + 1

    def to_frame(self) -> pd.DataFrame:
        """One row per file: `path`, `label`, and `group` if there are groups."""
        # Not every path is UTF-8, as pandas' strings are.
        paths = pd.Series(self.paths, dtype=object)
        frame = pd.DataFrame({"path": paths, "label": self.labels})
        return frame if self.groups is None else frame.assign(group=self.groups)

    def counts(self) -> pd.DataFrame:
        """One row per label: `files`, and `groups` if there are groups."""
        grouped = self.to_frame().groupby("label")
        counts = grouped.size().to_frame("files")
        return counts if self.groups is None else counts.assign(groups=grouped["group"].nunique())

    def plot(self, ax: Any = None) -> Any:
        """Draw the number of files of each label; returns the matplotlib axes."""
        from duotone.plot import bars

        return bars(self.counts()["files"], "files", ax)

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "_native": self._native.state()}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state, _native=_duotone.Collection.from_state(state["_native"]))

    def __len__(self) -> int:
        return len(self.paths)

    def __repr__(self) -> str:
        labels = len(set(self.labels))
        return f"<duotone.Collection {self._native.name}: {len(self)} files, {labels} labels>"

    def _repr_html_(self) -> str:
        skipped = [f"skipped: {path}: {error}" for path, error in self.skipped_files]
        notes = [*self.warnings, *skipped]
        items = "".join(f"<li>{html.escape(note)}</li>" for note in notes[:20])
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{self.counts().to_html()}<ul>{items}</ul>"


def as_collection(
    data: Any, label: str | None, group: str | None, min_per_label: int | None = None
) -> Collection:
    """Makes a collection of anything that describes one; omits labels that have too few files."""
    if isinstance(data, Collection):
        if label is not None or group is not None:
            raise CollectionError("give label and group when the collection is made")
        fewest = least("min_per_label", min_per_label)
        return data if fewest is None else Collection(data._native.without_rare(fewest))
    if isinstance(data, (str, os.PathLike)):
        return Collection.open(data, label=label, group=group, min_per_label=min_per_label)
    return Collection.from_table(
        data, label=label or "label", group=group, min_per_label=min_per_label
    )


def text(value: Any) -> str | None:
    """A cell as text; `None` if it is empty."""
    if value is None or value is pd.NA or value != value:
        return None
    return str(value).strip() or None


def _file(value: Any) -> str | None:
    if text(value) is None:
        return None
    is_path(value)
    return path_of(value)


def _could_be_grouped(table: Any, label: str) -> list[str]:
    """A warning if the table is not grouped but could be."""
    for column in _names(table):
        if column.lower() not in ("artist", "album") or column == label:
            continue
        filled = [cell for cell in map(text, _column(table, column)) if cell is not None]
        if len(set(filled)) < len(filled):
            return [
                f"the table has a column {column!r}, but files are not grouped: one {column} may "
                "be both trained on and tested, which makes accuracies too high; "
                f"group={column!r} keeps them apart"
            ]
    return []


def _attribute(track: Any, name: str, dataset: str) -> Any:
    try:
        return getattr(track, name)
    except AttributeError as e:
        # Not by `getattr`: many attributes of mirdata read a file when they are asked for.
        known = {*vars(track), *dir(type(track))}
        methods = {n for n in known if callable(getattr(type(track), n, None))}
        names = ", ".join(sorted(n for n in known - methods if not n.startswith("_")))
        raise CollectionError(
            f"the tracks of {dataset} have no attribute {name!r}: use one of {names}"
        ) from e


def _names(table: Any) -> list[str]:
    columns = getattr(table, "column_names", getattr(table, "columns", table))
    return [str(column) for column in columns]


def _columns(table: Any, names: tuple[str | None, ...]) -> list[list[Any]]:
    """The columns with these names, all of one length; an empty column for the name `None`."""
    is_table = hasattr(table, "columns") or hasattr(table, "column_names")
    if not is_table and not isinstance(table, Mapping):
        raise TypeError(
            f"{type(table).__name__} is not a collection: give a Collection, the path of a folder "
            "or list, or a table; two lists make one as {'path': paths, 'label': labels}"
        )
    found = {name: _column(table, name) for name in names if name is not None}
    lengths = {len(column) for column in found.values()}
    if len(lengths) > 1:
        listed = ", ".join(f"{name!r} ({len(column)})" for name, column in found.items())
        raise CollectionError(f"columns of different lengths: {listed}")
    empty = [None] * max(lengths)
    return [empty if name is None else found[name] for name in names]


def _column(table: Any, name: str) -> list[Any]:
    try:
        column = table[name]
    except Exception as e:
        known = ", ".join(_names(table))
        raise CollectionError(f"no column {name!r}: use one of {known}") from e
    for method in ("to_pylist", "to_list", "tolist"):
        if hasattr(column, method):
            return getattr(column, method)()
    return list(column)
