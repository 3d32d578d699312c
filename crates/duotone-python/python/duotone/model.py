"""Trained models."""

from __future__ import annotations

import html
import json
import operator
import os
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from duotone import _duotone
from duotone.errors import AudioError, SettingsError, SkippedFile
from duotone.front_end import FrontEnd
from duotone.options import Excerpts, Layer, Unsure, Vote, one_of, unsure_of
from duotone.paths import audio_path_of, is_path, path_of, refuse_table
from duotone.progress import Progress, callback
from duotone.samples import array_of
from duotone.spectrogram import check_made_by, clip_of

__all__ = ["Model", "load"]


class Model:
    """A trained network with its front end, scaler, labels and card.

    Made by `load`, or as `Classifier.model_`.

    Attributes
    ----------
    labels : list of str
        In the order of the network's outputs.
    card : dict
        The description stored in the model file; see `docs/model-file.md`.
    front_end : FrontEnd
        Computes the model's input.
    """

    def __init__(self, native: _duotone.Model):
        self._native = native
        self.labels: list[str] = native.labels
        self.card: dict[str, Any] = json.loads(native.card)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> Model:
        """Read a model file.

        Raises
        ------
        ModelFileError
            If the file is not a model, is damaged or has another version.
        """
        return cls(_duotone.Model.load(path_of(path)))

    @classmethod
    def from_tensors(cls, card: dict[str, Any], tensors: dict[str, np.ndarray]) -> Model:
        """Make a model of a card and tensors, which are named as in the model file.

        Raises
        ------
        SettingsError
            If they do not fit together.
        """
        arrays = {k: np.ascontiguousarray(v, dtype=np.float32) for k, v in tensors.items()}
        return cls(_duotone.Model.from_tensors(json.dumps(card), arrays))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the model file, whole or not at all.

        Raises
        ------
        ModelFileError
            If there is a file that is not a model; it is not replaced.
        """
        self._native.save(path_of(path))

    def __reduce__(self) -> Any:
        return Model.from_tensors, (self.card, self.tensors())

    @property
    def front_end(self) -> FrontEnd:
        """Computes the model's input."""
        return FrontEnd.from_spec(self.card["front_end"], fill=True)

    def tensors(self) -> dict[str, np.ndarray]:
        """Copies of the weights, and of `scaler.*` and `familiarity.*` if there are any."""
        return self._native.tensors()

    def classify(
        self,
        paths: Any,
        *,
        vote: Vote = "mean",
        excerpts: Excerpts | None = None,
        min_probability: float | None = None,
        unknown_above_risk: float | None = None,
        n_jobs: int | None = None,
        progress: Progress = None,
    ) -> pd.DataFrame:
        """Classify files, or spectrograms of samples in memory.

        Parameters
        ----------
        paths : path, ndarray of shape (bands, n_frames), or iterable of these
            Audio files, or log-mel spectrograms as the model's `front_end` makes them:
            ``model.classify(model.front_end.transform(samples, sample_rate))``.
        vote : {"mean", "majority", "max"}, default="mean"
            How the segments of a file decide together.
        excerpts : (int, int), default=None
            The number of excerpts, and the length of each in whole seconds: ``(3, 10)`` uses thirty
            seconds spread over the file. By default the whole file is decoded. Not for
            spectrograms.
        min_probability : float, default=None
            The label of a decision is "unknown" if its probability is below this.
        unknown_above_risk : float, default=None
            The label of a decision is "unknown" unless decisions with at least its probability were
            wrong for no more than this share of the files held out in training: 0.1 is 10 %. Needs
            a calibrated model and the vote "mean".
        n_jobs : int, default=None
            Threads; all cores by default.
        progress : bool or callable, default=None
            See `duotone.progress`. Only files are counted.

        Returns
        -------
        decisions : DataFrame
            One row per file in the given order: `path`, `label`, `best_guess` (the most probable
            label if `label` is "unknown"), `p_<label>` for each label, `unfamiliar` (the percentage
            of held-out training files that are more like the others than this one), `seconds`,
            `silent`, `repeated` (shorter than a segment), `decode_errors` (what could not be
            decoded), `warnings` (a list of sentences), `excerpts` (start and end of each in
            seconds, unless the whole file was decoded) and `error`. A file that cannot be used has
            only its path and the error; a spectrogram has no path. Missing values are `None`,
            missing numbers NaN.

        Raises
        ------
        SettingsError
            If given samples, a spectrogram of another front end, or a parameter out of range.
        """
        refuse_table(paths)
        array = None if is_path(paths) else array_of(paths)
        is_one = is_path(paths) or (array is not None and array.ndim <= 2)
        clips = [paths] if is_one else list(paths)
        one_of("vote", vote, Vote)
        files = [clip for clip in clips if is_path(clip)]
        if files and len(files) < len(clips):
            raise SettingsError("give paths only, or spectrograms only")
        unsure = unsure_of(min_probability, unknown_above_risk)
        found = self._decide(clips, False, vote, excerpts, unsure, n_jobs, progress)
        names = [path_of(clip) for clip in clips] if files else [None] * len(clips)
        return self.frame(self._row(name, one) for name, one in zip(names, found, strict=True))

    def _decide(
        self,
        clips: list[Any],
        segments: bool,
        vote: Vote,
        excerpts: Excerpts | None,
        unsure: Unsure,
        n_jobs: int | None,
        progress: Progress,
    ) -> list[Any]:
        """The native module's decisions on files, or on spectrograms."""
        chosen = _excerpts(excerpts)
        if not clips or is_path(clips[0]) or np.ndim(clips[0]) == 0:
            files = [audio_path_of(clip) for clip in clips]
            return self._native.classify(
                files, vote, segments, chosen, *unsure, n_jobs, callback(progress)
            )
        if chosen is not None:
            raise SettingsError("excerpts are taken of files, not of spectrograms")
        for clip in clips:
            check_made_by(clip, self.card["front_end"])
        spec = json.dumps(self.card["front_end"])
        made = [clip_of(clip, spec) for clip in clips]
        return self._native.classify_clips(made, vote, segments, *unsure, n_jobs)

    def frame(self, rows: Iterable[dict[str, Any]]) -> pd.DataFrame:
        """Makes the data frame of `classify` of rows, which may lack columns.

        The types do not depend on what is missing. Text is of type object: pandas' own strings
        hold no path that is not UTF-8, and would turn `None` into NaN, which counts as true.
        """
        real = ("seconds", "unfamiliar")
        numbers = {c: "float64" for c in self.columns if c in real or c.startswith("p_")}
        whole = [dict.fromkeys(self.columns) | row for row in rows]
        types = {**numbers, "silent": "boolean", "repeated": "boolean"}
        return pd.DataFrame(whole, columns=self.columns, dtype=object).astype(types)

    @property
    def columns(self) -> list[str]:
        """Names of the columns of `classify`."""
        probabilities = [f"p_{label}" for label in self.labels]
        notes = ["seconds", "silent", "repeated", "decode_errors", "warnings", "excerpts", "error"]
        return ["path", "label", "best_guess", *probabilities, "unfamiliar", *notes]

    def _row(self, path: str | None, found: Any) -> dict[str, Any]:
        if isinstance(found, SkippedFile):
            return {"path": path, "error": found.error}
        row = {f"p_{label}": p for label, p in found.pop("probabilities").items()}
        return {"warnings": [], **found, **row, "path": path}

    def timeline(
        self,
        path: Any,
        *,
        excerpts: Excerpts | None = None,
        n_jobs: int | None = None,
    ) -> pd.DataFrame:
        """Classify each segment of a file or spectrogram.

        Parameters
        ----------
        path : path or ndarray of shape (bands, n_frames)
            An audio file, or its log-mel spectrogram as for `classify`.
        excerpts, n_jobs
            As for `classify`.

        Returns
        -------
        timeline : DataFrame
            One row per segment: `start` and `end` in seconds, `label`, `p_<label>` for each label.

        Raises
        ------
        AudioError
            If the file cannot be used.
        """
        (found,) = self._decide([path], True, "mean", excerpts, Unsure(), n_jobs, None)
        if isinstance(found, SkippedFile):
            raise AudioError.of_file(*found)
        rows = [
            {
                "start": segment["start_seconds"],
                "end": segment["end_seconds"],
                "label": segment["label"],
                **{f"p_{label}": p for label, p in segment["probabilities"].items()},
            }
            for segment in found["segments"]
        ]
        return pd.DataFrame(rows)

    def plot(self, path: Any) -> Any:
        """Draw a file's spectrogram, and below it the decisions on its segments; returns both axes.

        Also accepts a spectrogram.
        """
        from duotone import plot

        axes = plot.above_each_other()
        values = self.front_end.transform(path) if is_path(path) else path
        plot.spectrogram(values, self.front_end, axes[0])
        plot.timeline(self.timeline(path), axes[1])
        axes[0].set_xlabel("")
        return axes

    def embed(self, x: Any, *, layer: Layer = "dense", n_jobs: int | None = None) -> np.ndarray:
        """The outputs of an inner layer for each consecutive segment.

        Parameters
        ----------
        x : path or ndarray of shape (bands, n_frames)
            A file, or its log-mel spectrogram. A spectrogram from a front
            end other than the model's is an error.
        layer : {"dense", "maps"}, default="dense"
            The dense layer's units after the sigmoid, or the pooled maps (pipeline, filter, band,
            frame). Both are the maps if the network has no dense layer.

        Returns
        -------
        embedding : ndarray of shape (n_segments, n_units), float32
            Its mean over axis 0 describes the file.
        """
        one_of("layer", layer, Layer)
        spec = json.dumps(self.card["front_end"])
        if is_path(x):
            (clip,) = _duotone.extract([audio_path_of(x)], spec, None, n_jobs, None)
            if isinstance(clip, SkippedFile):
                raise AudioError.of_file(*clip)
        else:
            check_made_by(x, self.card["front_end"])
            clip = clip_of(x, spec)
        units, maps = self._native.embed(clip, n_jobs)
        return units if layer == "dense" else maps

    def segment_probabilities(self, segments: Any) -> np.ndarray:
        """Probabilities (n, classes) of log-mel segments (n, bands, frames).

        They are calibrated if the model is.
        """
        check_made_by(segments, self.card["front_end"])
        return self._native.segment_probabilities(np.ascontiguousarray(segments, dtype=np.float32))

    def to_onnx(
        self, path: str | os.PathLike[str] | None = None, *, front_end: bool = False
    ) -> bytes:
        """The model as an ONNX graph (opset 17).

        Its output is `probabilities` (segments, classes), calibrated if the model is. Its input is
        `segments` (segments, bands, frames) of log-mel values, or with `front_end` `samples`
        (count,): mono samples at the model's rate, at least one segment. The file is written whole
        or not at all; it is a `ModelFileError` if it would replace a file of another kind.
        """
        if path is not None:
            self._native.write_onnx(path_of(path), front_end)
        return self._native.onnx(front_end)

    def to_torch(self) -> Any:
        """The network as a `torch.nn.Module`; see `duotone.interchange`."""
        from duotone.interchange import to_torch

        return to_torch(self)

    def from_torch(self, module: Any) -> Model:
        """The same model with the weights of a module that `to_torch` made."""
        from duotone.interchange import from_torch

        return from_torch(self, module)

    def to_keras(self) -> Any:
        """The network as a Keras 3 model; see `duotone.interchange`."""
        from duotone.interchange import to_keras

        return to_keras(self)

    def from_keras(self, network: Any) -> Model:
        """The same model with the weights of a Keras model that `to_keras` made."""
        from duotone.interchange import from_keras

        return from_keras(self, network)

    def _calibrated(self) -> str:
        confidence = self.card.get("confidence")
        if confidence is None:
            return "no"
        before, after = (confidence[when]["calibration_error"] for when in ("before", "after"))
        return (
            f"on {confidence['files']} files in {confidence['folds']} inner folds: "
            f"calibration error {before:.1%} before, {after:.1%} after"
        )

    def __repr__(self) -> str:
        return f"<duotone.Model {self.card['recipe']}: {', '.join(self.labels)}>"

    def _repr_html_(self) -> str:
        measured = self.card["measured"]
        rows: Iterable[tuple[str, Any]] = [
            ("network", self.card["recipe"]),
            ("labels", ", ".join(f"{x['name']} ({x['clips']})" for x in self.card["labels"])),
            ("sample rate", f"{self.card['front_end']['sample_rate']} Hz"),
            ("epochs", self.card["settings"]["epochs"]),
            (
                "measured",
                "nothing held out"
                if measured is None
                else f"{measured['file_accuracy']:.1%} of {measured['clips']} files "
                f"({measured['protocol']})",
            ),
            ("calibrated", self._calibrated()),
        ]
        cells = (f"<tr><th>{k}</th><td>{html.escape(str(v))}</td></tr>" for k, v in rows)
        return f"<table>{''.join(cells)}</table>"


def _excerpts(excerpts: Excerpts | None) -> Excerpts | None:
    if excerpts is None:
        return None
    try:
        count, seconds = map(operator.index, excerpts)
    except (TypeError, ValueError):
        count = seconds = 0
    if not (1 <= count <= 1000 and 1 <= seconds <= 3600):
        raise SettingsError(
            f"excerpts={excerpts!r}: it must be a count of 1 to 1000 and whole seconds of 1 to "
            "3600, such as (3, 10)"
        )
    return count, seconds


def load(path: str | os.PathLike[str]) -> Model:
    """Read a model file; see `Model`."""
    return Model.load(path)
