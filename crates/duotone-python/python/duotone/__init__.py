"""Classify music by its sound: genre, mood, composer, or any label you have.

`FrontEnd` makes log-mel spectrograms, `Classifier` is a scikit-learn estimator over files or
spectrograms, `load` opens a trained model, `evaluate` cross-validates, `compare`
compares evaluations, `check` finds what makes the scores of an evaluation too high.
`duotone.scale` runs a model over millions of files, `duotone.backbones` manages networks
that others have trained, `embed` gives what these and models compute before their last layer.
"""

from duotone import backbones
from duotone._duotone import PRESETS, __version__
from duotone.classifier import Classifier
from duotone.collection import Collection
from duotone.comparison import compare
from duotone.embedding import embed
from duotone.errors import (
    AudioError,
    CollectionError,
    DivergedError,
    DuotoneError,
    DuotoneWarning,
    ModelFileError,
    SettingsError,
    SkippedFile,
)
from duotone.evaluation import Evaluation, evaluate
from duotone.features import audio_files, features
from duotone.findings import Findings, check
from duotone.front_end import FrontEnd
from duotone.model import Model, load
from duotone.spectrogram import Spectrogram

__all__ = [
    "PRESETS",
    "AudioError",
    "Classifier",
    "Collection",
    "CollectionError",
    "DivergedError",
    "DuotoneError",
    "DuotoneWarning",
    "Evaluation",
    "Findings",
    "FrontEnd",
    "Model",
    "ModelFileError",
    "SettingsError",
    "SkippedFile",
    "Spectrogram",
    "__version__",
    "audio_files",
    "backbones",
    "check",
    "compare",
    "embed",
    "evaluate",
    "features",
    "load",
]
