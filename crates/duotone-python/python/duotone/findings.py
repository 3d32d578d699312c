"""What makes the scores of an evaluation too high, by the same code as `duotone check`."""

from __future__ import annotations

import html
import json
from functools import cached_property
from typing import Any

import pandas as pd

from duotone import _duotone
from duotone.collection import as_collection
from duotone.errors import SkippedFile, skipped
from duotone.evaluation import folds_of
from duotone.options import Folds, whole
from duotone.progress import Progress, callback

__all__ = ["Findings", "check"]


def check(
    collection: Any,
    *,
    label: str | None = None,
    group: str | None = None,
    folds: Folds = "auto",
    seed: int = 0,
    min_per_label: int | None = None,
    n_jobs: int | None = None,
    progress: Progress = None,
) -> Findings:
    """Find what would make the scores of an evaluation too high.

    These are: one recording under several names, groups in several folds, one name spelt in two
    ways, labels too rare to be in every fold, and labels that can be guessed from technical
    properties of the files. Every file is decoded once.

    Parameters
    ----------
    collection : Collection, path, or table
        As for `evaluate`.
    label, group : str, default=None
        Columns of a path or table.
    folds : int, {"auto", "column", "split"} or path, default="auto"
        As for `evaluate`, but "auto" draws no folds if there is no column.
    seed : int, default=0
        Seed of the folds, if `folds` is a number.
    min_per_label : int, default=None
        Leave out labels with fewer files or, with `group`, fewer groups.
    n_jobs : int, default=None
        Threads; all cores by default.
    progress : bool or callable, default=None
        See `duotone.progress`.

    Returns
    -------
    findings : Findings
        False if nothing was found.
    """
    collection = as_collection(collection, label, group, min_per_label)
    report = _duotone.check(
        collection._native, folds_of(folds), whole("seed", seed), n_jobs, callback(progress)
    )
    return Findings(json.loads(report))


class Findings:
    """The outcome of `check`.

    Attributes
    ----------
    report : dict
        The report, as `duotone check --format json` prints it.
    """

    def __init__(self, report: dict[str, Any]):
        self.report = report

    @cached_property
    def recordings(self) -> pd.DataFrame:
        """One row per pair of files with the same recording, the most harmful first.

        `first` and `second` are paths, `offset` and `overlap` are in seconds. `score` is 1 if the
        common part is identical and 0 by chance, `identical` is true if the files are the same
        byte for byte, and `harm` lists the consequences.
        """
        columns = ["first", "second", "offset", "overlap", "score", "identical", "harm"]
        rows = [
            {**pair, "first": pair["first"]["path"], "second": pair["second"]["path"]}
            for pair in self.report["findings"]["recordings"]
        ]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def split_groups(self) -> pd.DataFrame:
        """One row per group that is in several folds: `name`, `folds`, `clips`."""
        return self._rows("split_groups", ["name", "folds", "clips"])

    @cached_property
    def alike_groups(self) -> pd.DataFrame:
        """One row per set of groups that differ only in spelling: `names`, `clips`, `folds`."""
        return self._rows("alike_groups", ["names", "clips", "folds"])

    @cached_property
    def alike_labels(self) -> pd.DataFrame:
        """One row per set of labels that differ only in spelling: `names`, `clips`, `folds`."""
        return self._rows("alike_labels", ["names", "clips", "folds"])

    @cached_property
    def rare_labels(self) -> pd.DataFrame:
        """One row per label that cannot be in every fold, or is not.

        `name`, its `clips` and `groups`, the number of `folds`, and the number of folds that it is
        in (`in_folds`).
        """
        return self._rows("rare_labels", ["name", "clips", "groups", "folds", "in_folds"])

    @cached_property
    def confounds(self) -> pd.DataFrame:
        """One row per technical property from which labels can be guessed, the best first.

        `properties` lists the property, or all of them together; `accuracy` is that of a small
        decision tree in cross-validation, `chance` the share of the most frequent label. `p_value`
        is corrected for the number of tests.
        """
        return self._rows("confounds", ["properties", "accuracy", "chance", "p_value"])

    @property
    def skipped_files(self) -> list[SkippedFile]:
        """Files that could not be used, each with its `path` and `error`."""
        return skipped(self.report["skipped_files"])

    def _rows(self, what: str, columns: list[str]) -> pd.DataFrame:
        return pd.DataFrame(self.report["findings"][what], columns=columns)

    def counts(self) -> dict[str, int]:
        """The number of findings of each kind."""
        kinds = (
            "recordings",
            "split_groups",
            "alike_groups",
            "alike_labels",
            "rare_labels",
            "confounds",
        )
        return {kind: len(self.report["findings"][kind]) for kind in kinds}

    def __len__(self) -> int:
        return sum(self.counts().values())

    def __repr__(self) -> str:
        found = ", ".join(f"{count} {kind}" for kind, count in self.counts().items() if count)
        return f"<duotone.Findings in {self.report['clips']} files: {found or 'none'}>"

    def _repr_html_(self) -> str:
        tables = [
            f"<h4>{kind}</h4>{getattr(self, kind).to_html()}"
            for kind, count in self.counts().items()
            if count
        ]
        return f"<p>{html.escape(repr(self)[1:-1])}</p>{''.join(tables)}"
