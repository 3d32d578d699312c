"""Small labelled sounds that every test may learn from, made when the tests begin."""

from __future__ import annotations

import json
import wave
from pathlib import Path

import numpy as np
import pytest

RATE = 11_025
TONES = {"high": 3000.0, "low": 300.0, "mid": 1000.0}

# Quick to train on: few epochs at a high rate.
QUICK = {
    "architecture": "model1",
    "epochs": 8,
    "learning_rate": 0.1,
    "batch_size": 10,
    "segments": 2,
    "n_jobs": 1,
}


def tone(hertz: float, seed: int, seconds: float = 3.0) -> np.ndarray:
    """A tone in noise, float32."""
    time = np.arange(int(seconds * RATE)) / RATE
    noise = np.random.default_rng(seed).uniform(-0.1, 0.1, time.size)
    return (0.5 * np.sin(2 * np.pi * hertz * time) + noise).astype(np.float32)


def write_wav(path: Path, samples: np.ndarray, rate: int = RATE) -> None:
    """16 bit, mono or (channels, samples)."""
    samples = np.atleast_2d(samples)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(samples.shape[0])
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes((samples.T * 32767).astype("<i2").tobytes())


class Sounds:
    """18 files of 3 s, 3 labels, 3 artists a label; one broken file beside them."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.paths, self.labels, self.artists = [], [], []
        for number in range(18):
            label = sorted(TONES)[number % 3]
            path = folder / f"{number:02}.wav"
            write_wav(path, tone(TONES[label], number))
            self.paths.append(str(path))
            self.labels.append(label)
            self.artists.append(f"{label} {number // 6}")
        self.broken = str(folder / "broken.mp3")
        Path(self.broken).write_bytes(b"no music here" * 100)


@pytest.fixture(scope="session")
def sounds(tmp_path_factory: pytest.TempPathFactory) -> Sounds:
    return Sounds(tmp_path_factory.mktemp("sounds"))


@pytest.fixture(scope="session")
def fitted(sounds: Sounds):
    """A classifier that knows the tones."""
    import duotone

    return duotone.Classifier(**QUICK).fit(sounds.paths, sounds.labels)


@pytest.fixture(scope="session")
def deep(sounds: Sounds):
    """A classifier with several layers that knows the tones."""
    import duotone

    # Calibrated on these few tones, it would be sure of anything.
    settings = {"label_smoothing": 0.1, "augmentation.frame_mask": 10, "calibrate": 0}
    return duotone.Classifier("deep", epochs=6, batch_size=8, settings=settings, n_jobs=1).fit(
        sounds.paths, sounds.labels
    )


@pytest.fixture(scope="session")
def calibrated(sounds: Sounds):
    """A model whose decisions were measured in inner folds by artist."""
    import duotone

    classifier = duotone.Classifier(**QUICK, settings={"calibrate": 3})
    return classifier.fit(sounds.paths, sounds.labels, groups=sounds.artists).model_


def check_schema(evaluation):
    """The results are as `docs/results.schema.json` says."""
    jsonschema = pytest.importorskip("jsonschema")
    schema = Path(__file__).parents[3] / "docs/results.schema.json"
    jsonschema.validate(evaluation.results, json.loads(schema.read_text()))


# A tall pipeline of two blocks beside a wide one of the paper's kind, on conditioned input.
TWO_PIPELINES = """
bands = 40
frames = 80
negative_slope = 0.1
hidden_units = 20

[[pipeline]]
global_pool = { bands = "max", frames = "none" }
[[pipeline.block]]
filters = 5
kernel = [9, 2]
padding = "same"
batch_norm = true
pool = [2, 1]
[[pipeline.block]]
filters = 4
kernel = [6, 4]
pool = [2, 3]

[[pipeline]]
filters = 6
kernel = [4, 21]
pool = [5, 4]

[training]
conditioning = { floor = 60.0, level = true, compression = 50.0 }
"""


@pytest.fixture(
    scope="session",
    params=["model1", "model2", "model2-figure", "model3", "deep", "mfcc", "two"],
)
def preset(request: pytest.FixtureRequest, sounds: Sounds, tmp_path_factory):
    """A model of each preset and of two unlike pipelines, trained so that no weight is zero."""
    import duotone

    if request.param == "deep":
        return request.getfixturevalue("deep").model_
    architecture = request.param
    if architecture == "two":
        architecture = tmp_path_factory.mktemp("recipe") / "two.toml"
        architecture.write_text(TWO_PIPELINES)
    if architecture == "mfcc":
        # Trained on tones, it would be sure of anything about other sounds.
        random = np.random.default_rng(5)
        clips = [random.normal(-4, 1.5, (96, 256)).astype(np.float32) for _ in range(9)]
        return duotone.Classifier("mfcc", n_jobs=1).fit(clips, ["high", "low", "mid"] * 3).model_
    quick = {**QUICK, "architecture": architecture, "epochs": 1, "learning_rate": 0.02}
    return duotone.Classifier(**quick).fit(sounds.paths[:6], sounds.labels[:6]).model_


@pytest.fixture(scope="session")
def segments(preset) -> np.ndarray:
    """Log-mel values, some with tones, for the preset."""
    architecture = preset.card["architecture"]
    shape = (7, architecture["bands"], architecture["frames"])
    values = np.random.default_rng(3).normal(-4, 1.5, shape).astype(np.float32)
    values[2, 10:12] += 3
    return values
