"""Tell music apart by listening: genre, mood, composer, or any label you have.

`FrontEnd` makes log-mel spectrograms, `Classifier` is a scikit-learn estimator over files or
spectrograms, `load` opens a trained model, `evaluate` measures honestly. `duotone.scale` runs a
model over millions of files.
"""

from duotone._duotone import PRESETS, __version__
from duotone.classifier import Classifier
from duotone.collection import Collection
from duotone.errors import (
    AudioError,
    CollectionError,
    DivergedError,
    DuotoneError,
    ModelFileError,
    SettingsError,
)
from duotone.evaluation import Evaluation, evaluate
from duotone.front_end import FrontEnd
from duotone.model import Model, load

__all__ = [
    "PRESETS",
    "AudioError",
    "Classifier",
    "Collection",
    "CollectionError",
    "DivergedError",
    "DuotoneError",
    "Evaluation",
    "FrontEnd",
    "Model",
    "ModelFileError",
    "SettingsError",
    "__version__",
    "evaluate",
    "load",
]
