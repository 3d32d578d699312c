"""How far the probabilities of an evaluation's networks can be trusted, as data frames."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pandas as pd

_SCORES = ("calibration_error", "log_loss", "brier_score")
_MEASURED = ("risk", "low", "high")


def calibration(systems: list[dict[str, Any]]) -> pd.DataFrame:
    """Scores of probabilities before and after calibration; see `Evaluation.calibration`."""
    kinds = [(score, when) for score in _SCORES for when in ("before", "after")]
    rows = [
        {
            "architecture": name,
            "temperatures": one["temperatures"],
            **{f"{score}_{when}": one[when][score] for score, when in kinds},
        }
        for name, one in _measured(systems)
    ]
    columns = [f"{score}_{when}" for score, when in kinds]
    return pd.DataFrame(rows, columns=["architecture", "temperatures", *columns])


def risk(systems: list[dict[str, Any]]) -> pd.DataFrame:
    """Risk-coverage curves; see `Evaluation.risk`."""
    rows = [
        {"architecture": name, **point} for name, one in _measured(systems) for point in one["risk"]
    ]
    return pd.DataFrame(rows, columns=["architecture", "coverage", *_MEASURED])


def promises(systems: list[dict[str, Any]]) -> pd.DataFrame:
    """Decisions accepted for a promised error; see `Evaluation.promises`."""
    columns = ["promised", "accepted", "coverage"]
    rows = [
        {
            "architecture": name,
            **{key: promise[key] for key in columns},
            **(promise["measured"] or dict.fromkeys(_MEASURED, np.nan)),
        }
        for name, one in _measured(systems)
        for promise in one["promises"]
    ]
    return pd.DataFrame(rows, columns=["architecture", *columns, *_MEASURED])


def _measured(systems: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """The name of each network that was calibrated, and what was measured."""
    for system in systems:
        if "confidence" in system:
            yield system["name"], system["confidence"]
