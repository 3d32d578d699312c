"""Cross-validation of whole collections, by the same code as `duotone evaluate`."""

from __future__ import annotations

import json
import operator
import os
import uuid
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any, get_args

import pandas as pd

from duotone import _duotone, confidence
from duotone.collection import as_collection
from duotone.errors import ModelFileError, SettingsError, SkippedFile, skipped
from duotone.optional import needs
from duotone.options import (
    Architecture,
    Auto,
    Consecutive,
    Folds,
    FoldsWord,
    Sampling,
    Standardize,
    Vote,
    one_of,
    whole,
)
from duotone.paths import path_of
from duotone.progress import Progress, callback
from duotone.settings import to_json

__all__ = ["Evaluation", "evaluate"]

_KEYS = {"format", "protocol", "systems"}
_RENAMED = {
    "left_out": "skipped_files",
    "reason": "error",
    "damage": "decode_errors",
    "slope": "negative_slope",
    "dense": "hidden_units",
}


def evaluate(
    collection: Any,
    architectures: Architecture | Sequence[Architecture] = "deep",
    *,
    label: str | None = None,
    group: str | None = None,
    min_per_label: int | None = None,
    folds: Folds = "auto",
    repeats: int = 1,
    select: bool = False,
    networks: int | None = None,
    epochs: int | None = None,
    learning_rate: float | None = None,
    batch_size: int | None = None,
    segments: int | Consecutive | None = None,
    fresh_segments: bool | None = None,
    sampling: Sampling | None = None,
    standardize: Standardize | None = None,
    settings: Mapping[str, Any] | None = None,
    vote: Vote = "mean",
    sample_rate: int | Auto | None = None,
    validation: float | None = None,
    seed: int = 0,
    deformations: str | Sequence[str] = (),
    store: str | os.PathLike[str] | None = None,
    output: str | os.PathLike[str] | None = None,
    resume: bool = False,
    n_jobs: int | None = None,
    progress: Progress = None,
) -> Evaluation:
    """Measure how well networks predict the labels of a collection, by cross-validation.

    The clips are divided into folds, stratified by label and, with `group`, with each group in one
    fold. Each fold is classified by a network that was trained without it.

    Parameters
    ----------
    collection : Collection, path, or table
        Clips to train and test on; a table as for `Collection.from_table`.
    architectures : str or sequence of str, default="deep"
        Networks, all on the same folds.
    label, group : str, default=None
        Columns of a path or table.
    min_per_label : int, default=None
        Leave out labels with fewer files or, with `group`, fewer groups.
    folds : int, {"auto", "column", "split"} or path, default="auto"
        A number of folds, drawn by the seed; "column", the collection's own column `fold`;
        "split", its column `split` (train, valid, test); or the `folds.csv` of an earlier
        evaluation, to compare on the same folds. "auto" uses the column that there is,
        or else 5 folds.
    repeats : int, default=1
        Train and test this many times in each fold, with consecutive seeds from `seed`, and pool
        the decisions.
    select : bool, default=False
        Choose one network in each fold by its accuracy on clips held out of the training part, and
        test only that one.
    seed : int, default=0
        Seed of the folds, initial weights, segment positions, order and dropout.
    deformations : str or sequence of str, default=()
        Deformations under which every test clip is classified once more, such as
        `["gain-6", "mp3-64"]`, or "all"; see `docs/evaluation.md`. The networks are trained on the
        clips as they are.
    output : path, default=None
        Folder for `results.json`, `predictions.csv`, `folds.csv`, the page `report.html` and the
        finished folds.
    resume : bool, default=False
        Continue an earlier run with the same `output`.
    networks, epochs, learning_rate, batch_size, segments, fresh_segments, sampling, standardize, \
settings, vote, sample_rate, validation, store, n_jobs, progress
        As for `Classifier`. A parameter that is `None` has the value of each network's recipe.

    Returns
    -------
    evaluation : Evaluation
    """
    one_of("vote", vote, Vote)
    rate = None
    if isinstance(sample_rate, str):
        one_of("sample_rate", sample_rate, Auto, number=True)
    elif sample_rate is not None:
        rate = whole("sample_rate", sample_rate)
    collection = as_collection(collection, label, group, min_per_label)
    names: Any = architectures
    if isinstance(architectures, (str, os.PathLike)):
        names = [architectures]
    names_of_deformations = [deformations] if isinstance(deformations, str) else deformations
    chosen = to_json(
        settings,
        networks=networks,
        epochs=epochs,
        learning_rate=learning_rate,
        batch_size=batch_size,
        segments=segments,
        fresh_segments=fresh_segments,
        sampling=sampling,
        standardize=standardize,
        validation=validation,
        seed=seed,
    )
    results = _duotone.evaluate(
        collection._native,
        [os.fspath(name) for name in names],
        chosen,
        folds_of(folds),
        select,
        vote,
        rate,
        sample_rate is None,
        ",".join(names_of_deformations),
        whole("repeats", repeats),
        None if store is None else path_of(store),
        None if output is None else path_of(output),
        resume,
        "duotone.evaluate",
        n_jobs,
        callback(progress),
    )
    return Evaluation(json.loads(results))


def folds_of(folds: Folds) -> tuple[str, int | str]:
    """How the clips are divided: the kind, and the number or file."""
    if isinstance(folds, str) and folds in get_args(FoldsWord):
        return (str(folds), 0)
    if isinstance(folds, (str, os.PathLike)):
        return ("file", path_of(folds))
    try:
        return ("count", operator.index(folds))
    except TypeError:
        pass
    return one_of("folds", folds, FoldsWord, number=True)


def _count_folds_from_one(results: dict[str, Any]) -> None:
    """Renumbers the folds of format 2, which started at 0."""
    for system in results["systems"]:
        for one in (*system["folds"], *system["predictions"]):
            one["fold"] += 1


def _with_present_names(entry: dict[str, Any]) -> dict[str, Any]:
    """Renames the keys of earlier versions."""
    return {_RENAMED.get(key, key): value for key, value in entry.items()}


class Evaluation:
    """The outcome of `evaluate`.

    Attributes
    ----------
    results : dict
        The content of `results.json`.
    protocol : dict
        How the evaluation was done: everything needed to repeat or assess it.
    """

    def __init__(self, results: dict[str, Any]):
        self.results = results
        self.protocol: dict[str, Any] = results["protocol"]

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Evaluation:
        """Read a `results.json`, of this version of duotone or an earlier one.

        Raises
        ------
        ModelFileError
            If the file holds anything else.
        """
        with open(path, encoding="utf-8") as file:
            try:
                results = json.load(file, object_hook=_with_present_names)
            except ValueError as e:
                raise ModelFileError(f"{path}: not the results of an evaluation: {e}") from e
        if not isinstance(results, dict) or not _KEYS <= results.keys():
            raise ModelFileError(f"{path}: not the results of an evaluation")
        if results["format"] == 2:
            _count_folds_from_one(results)
        return cls(results)

    @cached_property
    def scores(self) -> pd.DataFrame:
        """One row per network.

        `accuracy`, `balanced_accuracy` and `macro_f1` are scores on files, pooled over all folds;
        `low` and `high` are the 95 % interval of the accuracy; `segment_accuracy` and
        `parameters` follow.
        """
        rows = []
        for system in self.results["systems"]:
            files = system["files"]
            rows.append(
                {
                    "architecture": system["name"],
                    **{k: files[k] for k in ("accuracy", "balanced_accuracy", "macro_f1")},
                    "segment_accuracy": system["segments"]["accuracy"],
                    "low": system["interval"]["low"],
                    "high": system["interval"]["high"],
                    "parameters": max(network["parameters"] for network in system["networks"]),
                }
            )
        return pd.DataFrame(rows).set_index("architecture")

    @cached_property
    def predictions(self) -> pd.DataFrame:
        """One row per network and file, and per seed if there are repeats.

        `path`, `label`, `predicted`, `fold` (from 1), `seed` if repeated, `group` if grouped,
        `silent`, `repeated`, `decode_errors` and `warnings` as in `Model.classify`, and
        `p_<label>`.
        """
        names = [f"p_{label['name']}" for label in self.protocol["labels"]]
        notes = dict.fromkeys(("silent", "repeated", "decode_errors", "warnings"))
        rows = []
        for system in self.results["systems"]:
            for one in system["predictions"]:
                first = {key: one[key] for key in ("path", "label", "predicted", "fold")}
                row = {"architecture": system["name"], **first, **notes, **one}
                rows.append({**row, **dict(zip(names, row.pop("probabilities"), strict=True))})
        return pd.DataFrame(rows).astype({"silent": "boolean", "repeated": "boolean"})

    @cached_property
    def repeats(self) -> pd.DataFrame:
        """One row per network and seed, if there are repeats: its scores on files."""
        rows = [
            {"architecture": system["name"], **one}
            for system in self.results["systems"]
            for one in system.get("repeats", [])
        ]
        columns = ["architecture", "seed", "accuracy", "balanced_accuracy", "macro_f1"]
        return pd.DataFrame(rows, columns=columns)

    @cached_property
    def folds(self) -> pd.DataFrame:
        """One row per network and fold (from 1), and per seed if there are repeats.

        Numbers of training and test clips, accuracies.
        """
        drop = ["history", "selection", "failure", "notes", "files", "segment_probabilities"]
        return self._rows("folds", drop=drop)

    @cached_property
    def deformations(self) -> pd.DataFrame:
        """One row per network and deformation of the test files.

        `files` is the number of files, `accuracy` that on the deformed files,
        `undeformed_accuracy` that on the same files as they are, and `loss` their difference, with
        its 95 % interval from `low` to `high` and `p`, of McNemar's exact test.
        """
        columns = ["files", "accuracy", "undeformed_accuracy", "loss"]
        rows = [
            {
                "architecture": system["name"],
                "deformation": one["name"],
                **{key: one[key] for key in columns},
                "low": one["interval"]["low"],
                "high": one["interval"]["high"],
                "p": one["mcnemar"]["exact_p"],
            }
            for system in self.results["systems"]
            for one in system.get("deformations", [])
        ]
        return pd.DataFrame(
            rows, columns=["architecture", "deformation", *columns, "low", "high", "p"]
        )

    @cached_property
    def calibration(self) -> pd.DataFrame:
        """One row per network: how well its probabilities of files fit, before and after.

        `temperatures` lists what was fitted for each fold on the other folds; `calibration_error`,
        `log_loss` and `brier_score` have the endings `_before` and `_after`.
        """
        return confidence.calibration(self.results["systems"])

    @cached_property
    def risk(self) -> pd.DataFrame:
        """One row per network and point of its risk-coverage curve, after calibration.

        `coverage` is the share of decisions that are accepted, the most confident ones first,
        `risk` the share of those that are wrong, with its 95 % interval from `low` to `high`.
        """
        return confidence.risk(self.results["systems"])

    @cached_property
    def promises(self) -> pd.DataFrame:
        """One row per network and promised error.

        Decisions are accepted by a threshold that keeps the `promised` error on the other folds:
        `accepted` is their number, `coverage` their share, and `risk` the share of them that is
        wrong, with its 95 % interval from `low` to `high`; NaN if none was accepted.
        """
        return confidence.promises(self.results["systems"])

    @cached_property
    def history(self) -> pd.DataFrame:
        """One row per network, fold and epoch: the learning curves."""
        rows = [
            {
                "architecture": system["name"],
                "fold": fold["fold"],
                **({"seed": fold["seed"]} if "seed" in fold else {}),
                **epoch,
            }
            for system in self.results["systems"]
            for fold in system["folds"]
            for epoch in fold["history"]
        ]
        return pd.DataFrame(rows)

    @cached_property
    def classes(self) -> pd.DataFrame:
        """One row per network and label: `precision`, `recall`, `f1`, `support`."""
        rows = [
            {"architecture": system["name"], **row}
            for system in self.results["systems"]
            for row in system["files"]["classes"]
        ]
        return pd.DataFrame(rows)

    @cached_property
    def differences(self) -> pd.DataFrame:
        """One row per pair of networks: by how much the first is more accurate than the second.

        `difference` is the first's accuracy minus the second's, `low` and `high` its 95 % interval
        (bootstrap over groups, or files without groups), `p_value` that of the sign-flip test over
        the same, and `holm_p_value` is corrected for the number of pairs.
        """
        names = [system["name"] for system in self.results["systems"] if system["files"]]
        rows = []
        for pair in (self.results.get("significance") or {"pairs": []})["pairs"]:
            if pair.get("difference"):
                interval = pair["difference"]["interval"]
                rows.append(
                    {
                        "first": names[pair["first"]],
                        "second": names[pair["second"]],
                        "difference": pair["difference"]["accuracy"],
                        "low": interval["low"],
                        "high": interval["high"],
                        "p_value": pair["difference"]["p_value"],
                        "holm_p_value": pair["holm"]["sign_flip"],
                    }
                )
        return pd.DataFrame(rows)

    def confusion(self, architecture: str | None = None) -> pd.DataFrame:
        """The confusion matrix of a network, by default the first: rows are true labels.

        Raises
        ------
        SettingsError
            If the architecture was not evaluated.
        """
        systems = {system["name"]: system for system in self.results["systems"]}
        name = next(iter(systems)) if architecture is None else architecture
        if name not in systems:
            raise SettingsError(f"architecture={name!r}: use one of {', '.join(systems)}")
        system = systems[name]
        labels = [label["name"] for label in self.protocol["labels"]]
        return pd.DataFrame(
            system["files"]["confusion"],
            index=pd.Index(labels, name="truth"),
            columns=pd.Index(labels, name="decision"),
        )

    @property
    def skipped_files(self) -> list[SkippedFile]:
        """Files that could not be used, each with its `path` and `error`."""
        return skipped(self.protocol["skipped_files"])

    def _rows(self, what: str, drop: list[str]) -> pd.DataFrame:
        rows = [
            {"architecture": system["name"], **row}
            for system in self.results["systems"]
            for row in system[what]
        ]
        return pd.DataFrame(rows).drop(columns=drop, errors="ignore")

    def plot(self, architecture: str | None = None, ax: Any = None) -> Any:
        """Draw a confusion matrix; returns the matplotlib axes."""
        from duotone.plot import confusion

        return confusion(self.confusion(architecture), ax)

    def to_parquet(self, folder: str | os.PathLike[str]) -> None:
        """Write `scores`, `predictions`, `folds`, `classes` and `history` as Parquet files.

        Raises
        ------
        ModelFileError
            If one of them would replace a file of another kind.
        """
        needs("pyarrow", "to_parquet", "duotone[arrow]")
        os.makedirs(folder, exist_ok=True)
        names = ("scores", "predictions", "folds", "classes", "history")
        paths = [os.path.join(folder, f"{name}.parquet") for name in names]
        for path in paths:
            _duotone.refuse_other_kind(path, "Parquet file", b"PAR1")
        for name, path in zip(names, paths, strict=True):
            partial = f"{path}.{uuid.uuid4().hex}.partial"
            try:
                getattr(self, name).to_parquet(partial)
                os.replace(partial, path)
            finally:
                if os.path.exists(partial):
                    os.remove(partial)

    def __repr__(self) -> str:
        return f"<duotone.Evaluation {self.protocol['folds']} folds>\n{self.scores}"

    def _repr_html_(self) -> str:
        group = self.protocol["group"]
        apart = f"no {group} in two folds" if group else "not grouped"
        how = f"{self.protocol['clips']} files, {self.protocol['folds']} folds, {apart}"
        return f"<p>{how}</p>{self.scores.to_html()}"
