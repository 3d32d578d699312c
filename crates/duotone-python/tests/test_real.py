"""The example on real music, where it is on this machine."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

REPOSITORY = Path(__file__).resolve().parents[3]
TRACKS = REPOSITORY.parent / "shared/data/emotify/tracks.csv"

if not TRACKS.is_file():
    # A work tree may lie deeper than the repository it belongs to.
    TRACKS = REPOSITORY.parents[1] / "shared/data/emotify/tracks.csv"


@pytest.fixture
def tracks():
    if not TRACKS.is_file():
        pytest.skip(f"no {TRACKS}")
    return TRACKS


def test_the_example_beats_chance(tracks, tmp_path):
    example = REPOSITORY / "crates/duotone-python/examples/genres.py"
    command = [sys.executable, example, tracks]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    right = float(re.search(r"([\d.]+)% of 240 files right", run.stdout).group(1))
    # Four genres of 60: chance is 25 %.
    assert right > 35, run.stdout
    assert (tmp_path / "genre.safetensors").is_file() and "classical" in run.stdout


def test_librosa_agrees_on_music(tracks):
    librosa = pytest.importorskip("librosa")
    import duotone

    path = next(tracks.parent.rglob("*.mp3"))
    samples, rate = librosa.load(path, sr=None, duration=10)
    power = librosa.feature.melspectrogram(
        y=samples, sr=rate, n_fft=3072, hop_length=1536, n_mels=40, center=False
    )
    expected = np.log10(np.maximum(1e-10, power))
    got = duotone.FrontEnd(rate).transform(samples, rate)
    loud = expected > expected.max() - 6
    assert got.shape == expected.shape and np.abs(got - expected)[loud].max() < 1e-3
