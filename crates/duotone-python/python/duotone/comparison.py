"""Comparison of several evaluations, by the same code as `duotone compare`."""

from __future__ import annotations

import json
import os

from duotone import _duotone
from duotone.evaluation import Evaluation
from duotone.paths import path_of

__all__ = ["compare"]


def compare(*reports: str | os.PathLike[str]) -> Evaluation:
    """Compare the systems of several evaluations on the same folds.

    Parameters
    ----------
    *reports : path
        Output folders of evaluations, or their `results.json` files, at least two.

    Returns
    -------
    evaluation : Evaluation
        The systems of all of them. Its `differences` are those of all pairs; a name that occurs
        several times is followed by the path of its evaluation.

    Raises
    ------
    SettingsError
        If the evaluations did not test the same files in the same folds; it names the first
        difference.
    """
    return Evaluation(json.loads(_duotone.compare([path_of(report) for report in reports])))
