"""The scikit-learn estimator."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import pandas as pd
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted, column_or_1d

from duotone import _duotone, notes, settings
from duotone.errors import AudioError, SettingsError, SkippedFile, warn
from duotone.model import Model
from duotone.options import (
    Architecture,
    Auto,
    Consecutive,
    Sampling,
    Standardize,
    Unsure,
    Vote,
    one_of,
    unsure_of,
    whole,
)
from duotone.paths import audio_path_of, is_path, path_of, refuse_table
from duotone.progress import Progress, callback
from duotone.spectrogram import check_made_by, clip_of, common

__all__ = ["Classifier"]


class Classifier(ClassifierMixin, BaseEstimator):
    """Convolutional networks on log-mel segments: a deep one, or Lidy & Schindler's (MIREX 2016).

    `X` is a sequence of paths, or of log-mel spectrograms of shape (bands, n_frames), which may
    differ in length. The segments of a file decide together.

    An architecture is a recipe: it comes with training settings. A parameter that is `None` has
    the recipe's value, which is the paper's for "model1" to "model3".

    Spectrograms made by `FrontEnd` record their front end; it is an error if it differs from the
    network's. Other arrays are assumed to be made by the network's front end at `sample_rate`,
    which then must be a number.

    Parameters
    ----------
    architecture : str, default="deep"
        "deep" has several layers; "model1", "model2", "model2-figure" and "model3" are the
        paper's; "mfcc" is a baseline of cepstral statistics and logistic regression; "musicnn" and
        "musicnn-mtt" are logistic regression on a published network, which must have been added
        (`duotone.backbones`); or the path of a TOML file.
    networks : int, default=None
        Number of networks, trained with consecutive seeds from `random_state`, whose average is the
        model. The presets have one.
    epochs : int, default=None
        Passes over all training segments. "deep": 25; the paper's 150; "mfcc" and "musicnn": at
        most 200.
    learning_rate : float, default=None
        The highest rate of the schedule. "deep": 0.004, one cycle, for AdamW; the paper's 0.02,
        constant, for plain SGD.
    batch_size : int, default=None
        Segments in a mini-batch. "deep": 32; the paper's 40.
    segments : int or "consecutive", default=None
        Number of random training segments of each clip, or all consecutive ones. "deep": 6; the
        paper's 30; "mfcc" and "musicnn": "consecutive". Decisions always use consecutive segments.
    fresh_segments : bool, default=None
        Draw new random positions in every epoch. "deep" does, the paper does not.
    sampling : {"uniform", "balanced"}, default=None
        Segments of an epoch: each once (the presets), or as many in total but every label equally
        often, for rare labels.
    standardize : {"band", "global", "pixel", "none"}, default=None
        What shares a mean and a deviation; both are fitted on the training clips. The networks
        use "band"; "mfcc" and "musicnn" use "none".
    settings : mapping, default=None
        Other training settings by their names in the model file, such as
        ``{"label_smoothing": 0.1, "schedule": "cosine", "calibrate": 0}``. See
        `docs/training.md`.
    vote : {"mean", "majority", "max"}, default="mean"
        How the segments of a file decide together.
    sample_rate : int or "auto", default=None
        The model's rate in hertz. "auto": the files' own rate if it is the same for all and one of
        44100, 22050 and 11025, and otherwise 22050; for spectrograms, that of their front end.
        "deep" and "mfcc": 22050; "musicnn": 16000; the paper's presets use "auto".
    validation : float, default=None
        Share of the clips to hold out for measuring loss and accuracy. The presets hold out none.
    random_state : int, RandomState instance or None, default=0
        Seed of the initial weights, segment positions, order and dropout. An integer gives the same
        weights on every machine and for any number of threads.
    store : path, default=None
        Folder of a feature store, so that each file is decoded only once over all fits.
    n_jobs : int, default=None
        Threads; all cores by default.
    progress : bool or callable, default=None
        See `duotone.progress`.

    Attributes
    ----------
    classes_ : ndarray of shape (n_classes,)
        The labels.
    model_ : Model
        The trained model.
    history_ : DataFrame
        One row per epoch: loss (nats) and accuracy, and those of held-out clips if there are any.
    skipped_files_ : list of SkippedFile
        Files that could not be used in fitting, each with its `path` and `error`.

    Examples
    --------
    >>> from sklearn.model_selection import GroupKFold, cross_val_score
    >>> from duotone import Classifier
    >>> classifier = Classifier(epochs=20)
    >>> split = GroupKFold(3)
    >>> cross_val_score(classifier, paths, genres, groups=artists, cv=split)  # doctest: +SKIP
    """

    def __init__(
        self,
        architecture: Architecture = "deep",
        *,
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
        random_state: Any = 0,
        store: str | os.PathLike[str] | None = None,
        n_jobs: int | None = None,
        progress: Progress = None,
    ):
        self.architecture = architecture
        self.networks = networks
        self.epochs = epochs
        self.learning_rate = learning_rate
        self.batch_size = batch_size
        self.segments = segments
        self.fresh_segments = fresh_segments
        self.sampling = sampling
        self.standardize = standardize
        self.settings = settings
        self.vote = vote
        self.sample_rate = sample_rate
        self.validation = validation
        self.random_state = random_state
        self.store = store
        self.n_jobs = n_jobs
        self.progress = progress

    def fit(self, X: Any, y: Any, groups: Any = None) -> Classifier:
        """Learn from labelled clips.

        Parameters
        ----------
        X : sequence of paths, or of ndarrays of shape (bands, n_frames)
            Audio files, or log-mel spectrograms as `FrontEnd` makes them. Files that cannot be
            used are skipped with a warning and listed in `skipped_files_`; silent clips are not
            used either.
        y : array-like of shape (n_clips,)
            Labels.
        groups : array-like of shape (n_clips,), default=None
            Clips of one group (an artist's) are held out by `validation` together or not at all.

        Returns
        -------
        self : Classifier
        """
        if y is None:
            raise ValueError(
                f"This {type(self).__name__} estimator requires y to be passed, but the target y "
                "is None."
            )
        X = _clips(X)
        if pd.isna(np.asarray(y, dtype=object)).any():
            raise ValueError("Input y contains NaN or None: every clip needs a label")
        y = column_or_1d(y, warn=True)
        check_classification_targets(y)
        check_consistent_length(X, y, groups)
        one_of("vote", self.vote, Vote)
        chosen = self._settings()
        spec = self._front_end(X)
        clips = self._extract(X, spec)
        used = [i for i, clip in enumerate(clips) if not isinstance(clip, SkippedFile)]
        self.skipped_files_ = [clip for clip in clips if isinstance(clip, SkippedFile)]
        if self.skipped_files_ and not used:
            raise AudioError.of_files(self.skipped_files_)
        if self.skipped_files_:
            warn(str(AudioError.of_files(self.skipped_files_)))
        notes.warn_of(_names(X, used), (clips[i].notes for i in used), notes.DOUBTFUL)
        self.classes_, classes = np.unique(y, return_inverse=True)
        numbers = None
        if groups is not None:
            numbers = pd.factorize(np.asarray(groups))[0]
            numbers = [int(numbers[i]) for i in used]
        native = _duotone.train(
            [clips[i] for i in used],
            [int(classes[i]) for i in used],
            [str(label) for label in self.classes_],
            os.fspath(self.architecture),
            json.dumps(spec),
            chosen,
            numbers,
            self.n_jobs,
            callback(self.progress),
        )
        self.model_ = Model(native)
        self.history_ = pd.DataFrame(self.model_.card["history"]).set_index("epoch")
        return self

    def predict(
        self,
        X: Any,
        *,
        min_probability: float | None = None,
        unknown_above_risk: float | None = None,
    ) -> np.ndarray:
        """The label of each clip, by the vote of its segments.

        A warning names the clips that are silent, have decode errors or are otherwise doubtful.

        Parameters
        ----------
        X : sequence of paths, or of ndarrays of shape (bands, n_frames)
            As for `fit`.
        min_probability, unknown_above_risk : float, default=None
            As for `Model.classify`: when a label is "unknown".

        Returns
        -------
        y : ndarray of shape (n_clips,)
            If a parameter is given, its type is object, since "unknown" is none of the labels.

        Raises
        ------
        AudioError
            Lists the files that cannot be used; `model_.classify` returns rows for them instead.
        """
        unsure = unsure_of(min_probability, unknown_above_risk)
        decisions = self._decide(X, unsure)
        if unsure == Unsure():
            number = {str(label): i for i, label in enumerate(self.classes_)}
            return self.classes_[[number[decision["label"]] for decision in decisions]]
        named = dict(zip(map(str, self.classes_), self.classes_.tolist(), strict=True))
        labels = np.empty(len(decisions), dtype=object)
        for i, decision in enumerate(decisions):
            labels[i] = "unknown" if "best_guess" in decision else named[decision["label"]]
        return labels

    def predict_proba(self, X: Any) -> np.ndarray:
        """The probability of each label, by the vote of each clip's segments.

        Returns
        -------
        p : ndarray of shape (n_clips, n_classes)
            Columns as `classes_`.
        """
        rows = [list(decision["probabilities"].values()) for decision in self._decide(X, Unsure())]
        return np.asarray(rows, dtype=float).reshape(-1, len(self.classes_))

    def _decide(self, X: Any, unsure: Unsure) -> list[dict[str, Any]]:
        check_is_fitted(self)
        X = _clips(X)
        native, vote = self.model_._native, one_of("vote", self.vote, Vote)
        if is_path(X[0]) and self.store is None:
            found: list[Any] = native.classify(
                X, vote, False, None, *unsure, self.n_jobs, callback(self.progress)
            )
        else:
            found = self._extract(X, self.model_.card["front_end"])
        skipped_files = [one for one in found if isinstance(one, SkippedFile)]
        if skipped_files:
            raise AudioError.of_files(skipped_files)
        if isinstance(found[0], _duotone.Clip):
            found = native.classify_clips(found, vote, False, *unsure, self.n_jobs)
        notes.warn_of(_names(X, range(len(X))), found, {"silent", *notes.DOUBTFUL})
        return found

    def _front_end(self, X: list[Any]) -> dict[str, Any]:
        auto = _duotone.choose_rate if is_path(X[0]) else _stated_rate
        rate = settings.sample_rate(self.architecture, self.sample_rate, lambda: auto(X))
        return json.loads(_duotone.recipe_front_end(os.fspath(self.architecture), rate))

    def _extract(self, X: list[Any], spec: dict[str, Any]) -> list[Any]:
        text = json.dumps(spec)
        if is_path(X[0]):
            store = None if self.store is None else path_of(self.store)
            return _duotone.extract(X, text, store, self.n_jobs, callback(self.progress))
        for x in X:
            check_made_by(x, spec)
        return [clip_of(x, text) for x in X]

    def _settings(self) -> str:
        state = self.random_state
        if not isinstance(state, (int, np.integer)):
            state = check_random_state(state).randint(np.iinfo(np.int32).max)
        return settings.to_json(
            self.settings,
            networks=self.networks,
            epochs=self.epochs,
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            segments=self.segments,
            fresh_segments=self.fresh_segments,
            sampling=self.sampling,
            standardize=self.standardize,
            validation=self.validation,
            seed=whole("random_state", state),
        )

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = False
        tags.input_tags.three_d_array = True
        tags.input_tags.string = True
        return tags


def _clips(X: Any) -> list[Any]:
    """The clips as a list of paths or of matrices, never empty."""
    if is_path(X):
        raise SettingsError("X is one path: give a list of paths")
    refuse_table(X)
    X = list(X)
    if not X:
        raise SettingsError("X contains no clips")
    paths = [is_path(x) for x in X]
    if all(paths):
        return [audio_path_of(x) for x in X]
    if any(paths) or any(np.ndim(x) != 2 for x in X):
        raise SettingsError(
            "X must hold paths only, or log-mel spectrograms of shape (bands, n_frames) only"
        )
    return X


def _names(X: list[Any], chosen: Iterable[int]) -> list[str]:
    """The names of some of the clips in warnings."""
    return [X[i] if is_path(X[i]) else f"clip {i}" for i in chosen]


def _stated_rate(X: list[Any]) -> int:
    """The sample rate in hertz of the front end that made all of the spectrograms."""
    spec = common(X)
    if spec is None:
        raise SettingsError(
            'sample_rate="auto" uses the rate of the spectrograms\' front end, but some of these '
            "arrays have none, or they differ: make all of them with one FrontEnd, or give "
            "sample_rate in hertz"
        )
    return spec["sample_rate"]
