"""Plots by matplotlib, which is imported when one is drawn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from duotone.errors import SettingsError
from duotone.optional import needs

__all__ = ["above_each_other", "bars", "confusion", "spectrogram", "timeline"]


def _axes(ax: Any) -> Any:
    if ax is not None:
        return ax
    return _pyplot().subplots(layout="constrained")[1]


def _pyplot() -> Any:
    return needs("matplotlib.pyplot", "drawing", "duotone[plot]")


def above_each_other() -> Any:
    """Two axes with a common time axis, the upper one larger."""
    return _pyplot().subplots(2, 1, sharex=True, height_ratios=(2, 1), layout="constrained")[1]


def spectrogram(values: np.ndarray, front_end: Any = None, ax: Any = None) -> Any:
    """Draw a log-mel spectrogram (bands, n_frames) over time in seconds.

    The default front end is that of the spectrogram.
    """
    front_end = front_end or getattr(values, "front_end", None)
    if front_end is None:
        raise SettingsError("this array has no front end: give front_end")
    ax = _axes(ax)
    spec = front_end.spec()
    seconds = values.shape[1] * spec["hop"] / spec["sample_rate"]
    image = ax.imshow(
        values, origin="lower", aspect="auto", extent=(0, seconds, 0, values.shape[0])
    )
    ax.set(xlabel="seconds", ylabel="mel band")
    ax.figure.colorbar(image, ax=ax, label="log10 power")
    return ax


def timeline(frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw the result of `Model.timeline`: the probabilities over time."""
    ax = _axes(ax)
    columns = [column for column in frame.columns if column.startswith("p_")]
    width = (frame["end"] - frame["start"]).to_numpy()
    bottom = np.zeros(len(frame))
    for column in columns:
        height = frame[column].to_numpy()
        ax.bar(frame["start"], height, width, bottom, align="edge", label=column[2:])
        bottom += height
    ax.set(xlabel="seconds", ylabel="probability", ylim=(0, 1))
    ax.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return ax


def confusion(frame: pd.DataFrame, ax: Any = None) -> Any:
    """Draw a confusion matrix whose rows are true labels, shaded by share of the row."""
    ax = _axes(ax)
    counts = frame.to_numpy()
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    ax.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), count in np.ndenumerate(counts):
        shade = "white" if shares[row, column] > 0.5 else "black"
        ax.text(column, row, count, ha="center", va="center", color=shade)
    ax.set_xticks(range(len(frame.columns)), frame.columns, rotation=45, ha="right")
    ax.set_yticks(range(len(frame.index)), frame.index)
    ax.set(xlabel="decision", ylabel="truth")
    return ax


def bars(series: pd.Series, what: str, ax: Any = None) -> Any:
    """Draw one bar per label."""
    ax = _axes(ax)
    ax.barh(series.index.astype(str), series.to_numpy())
    ax.invert_yaxis()
    ax.set(xlabel=what)
    return ax
