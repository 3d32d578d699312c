"""The example on real music, where it is on this machine."""

import re
import subprocess
import sys
from pathlib import Path

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
    example = REPOSITORY / "examples/python/genres.py"
    command = [sys.executable, example, tracks]
    run = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True)
    right = float(re.search(r"accuracy ([\d.]+)% on 240 files", run.stdout).group(1))
    # Four genres of 60: chance is 25 %.
    assert right > 35, run.stdout
    assert (tmp_path / "genre.safetensors").is_file() and "classical" in run.stdout
