"""The native part; use the package around it."""

import os
from collections.abc import Callable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from duotone.errors import SkippedFile
from duotone.options import Vote

__version__: str
PRESETS: list[str]

_Progress = Callable[[dict[str, Any]], object] | None
_Row = tuple[str, str, str | None, str | None, str | None]
_Folds = tuple[str, int | str]
_Floats = NDArray[np.float32]

_Made = tuple[_Floats, dict[str, Any]]

@final
class Clip:
    @staticmethod
    def from_spectrogram(values: _Floats, front_end: str, notes: str | None = None) -> Clip: ...
    @property
    def notes(self) -> dict[str, Any]: ...

@final
class Model:
    @staticmethod
    def load(path: str) -> Model: ...
    @staticmethod
    def from_tensors(card: str, tensors: dict[str, _Floats]) -> Model: ...
    def save(self, path: str) -> None: ...
    @property
    def card(self) -> str: ...
    @property
    def labels(self) -> list[str]: ...
    def tensors(self) -> dict[str, _Floats]: ...
    def onnx(self, front_end: bool) -> bytes: ...
    def write_onnx(self, path: str, front_end: bool) -> None: ...
    def segment_probabilities(self, segments: _Floats) -> _Floats: ...
    def classify(
        self,
        paths: list[str],
        vote: Vote = "mean",
        segments: bool = False,
        excerpts: tuple[int, int] | None = None,
        min_probability: float | None = None,
        unknown_above_risk: float | None = None,
        n_jobs: int | None = None,
        progress: _Progress = None,
    ) -> list[dict[str, Any] | SkippedFile]: ...
    def classify_clips(
        self,
        clips: list[Clip],
        vote: Vote = "mean",
        segments: bool = False,
        min_probability: float | None = None,
        unknown_above_risk: float | None = None,
        n_jobs: int | None = None,
    ) -> list[dict[str, Any]]: ...
    def embed(self, clip: Clip, n_jobs: int | None = None) -> tuple[_Floats, _Floats]: ...

@final
class Collection:
    @staticmethod
    def open(
        path: str,
        label: str | None = None,
        group: str | None = None,
        min_per_label: int | None = None,
    ) -> Collection: ...
    @staticmethod
    def from_rows(
        name: str,
        rows: list[_Row],
        label: str | None = None,
        group: str | None = None,
        warnings: list[str] = ...,
        min_per_label: int | None = None,
    ) -> Collection: ...
    def without_rare(self, min_per_label: int) -> Collection: ...
    @property
    def name(self) -> str: ...
    @property
    def label_column(self) -> str: ...
    @property
    def group_column(self) -> str | None: ...
    @property
    def skipped_files(self) -> list[SkippedFile]: ...
    @property
    def warnings(self) -> list[str]: ...
    def rows(self) -> list[_Row]: ...
    def folds(self, k: int, seed: int) -> list[int]: ...
    def state(self) -> dict[str, Any]: ...
    @staticmethod
    def from_state(state: dict[str, Any]) -> Collection: ...

def front_end(sample_rate: int) -> dict[str, Any]: ...
def recipe_front_end(architecture: str, sample_rate: int) -> str: ...
def recipe_sample_rate(architecture: str) -> int | None: ...
def choose_rate(paths: list[str]) -> int: ...
def audio_files(folder: str) -> tuple[list[os.PathLike[str]], list[SkippedFile]]: ...
def spectrogram(path: str, front_end: str) -> _Made: ...
def spectrogram_of_samples(samples: _Floats, sample_rate: int, front_end: str) -> _Made: ...
def spectrograms(
    paths: list[str], front_end: str, n_jobs: int | None = None, progress: _Progress = None
) -> list[_Made | SkippedFile]: ...
def fill_store(
    collection: Collection,
    front_end: str,
    store: str,
    n_jobs: int | None = None,
    progress: _Progress = None,
) -> list[SkippedFile]: ...
def on_disk(path: str | os.PathLike[str]) -> str: ...
def path_text(path: str | os.PathLike[str]) -> str: ...
def refuse_other_kind(path: str, kind: str, start: bytes) -> None: ...
def extract(
    paths: list[str],
    front_end: str,
    store: str | None = None,
    n_jobs: int | None = None,
    progress: _Progress = None,
) -> list[Clip | SkippedFile]: ...
def train(
    clips: list[Clip],
    classes: list[int],
    labels: list[str],
    architecture: str,
    front_end: str,
    settings: str,
    groups: list[int] | None = None,
    n_jobs: int | None = None,
    progress: _Progress = None,
) -> Model: ...
def check(
    collection: Collection,
    folds: _Folds,
    seed: int = 0,
    n_jobs: int | None = None,
    progress: _Progress = None,
) -> str: ...
def compare(reports: list[str]) -> str: ...
def evaluate(
    collection: Collection,
    architectures: list[str],
    settings: str,
    folds: _Folds,
    select: bool = False,
    vote: Vote = "mean",
    sample_rate: int | None = None,
    recipe_rate: bool = True,
    deformations: str = "",
    repeats: int = 1,
    store: str | None = None,
    output: str | None = None,
    resume: bool = False,
    command: str = "",
    n_jobs: int | None = None,
    progress: _Progress = None,
) -> str: ...
def embed(
    network: str,
    paths: list[str],
    segments: bool = False,
    tags: bool = False,
    n_jobs: int | None = None,
    progress: _Progress = None,
) -> tuple[
    list[str] | None,
    list[tuple[dict[str, Any], float, list[tuple[float, float]], _Floats] | SkippedFile],
]: ...
def add_backbones(source: str, folder: str | None = None) -> str: ...
def list_backbones(folder: str | None = None) -> str: ...
def remove_backbone(name: str, folder: str | None = None) -> None: ...
