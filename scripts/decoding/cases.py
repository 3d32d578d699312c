"""Existing files: the field cases with ffmpeg's output, or the user's own files."""

import csv
import json
import pathlib
import re
import subprocess

from .cell import EXACT, FFMPEG, LOSSY, REFUSED, Cell
from .cells.ogg import LIBOPUS

LOSSLESS = re.compile(r"pcm|flac|alac|adpcm")
# Files that are refused or decoded with a warning, and a pattern of the reason or warning.
REASONS = {
    "16_speex.spx": (REFUSED, "Speex"),
    "17_antiphase.wav": (EXACT, "cancel"),
}

# With AAC's noise substitution, each decoder makes its own noise.
NOISE = {
    "04_he_aac_v2.aac": {"most_in_a_range": 0.2},
    "14_m4a_trimmed_by_edit_list.m4a": {"least_decibels": 18.0},
}


def cell(path: pathlib.Path, codec: str, rate: int, channels: int, samples: int = 0) -> Cell:
    expect, words = REASONS.get(path.name, (EXACT if LOSSLESS.match(codec) else LOSSY, ""))
    return Cell("", codec, "", "", expect=expect, length=FFMPEG, rate=rate, channels=channels, words=words,
                decoder=LIBOPUS if codec == "opus" else "", file=str(path), samples=samples,
                **NOISE.get(path.name, {}))


def expected(folder: pathlib.Path, only: str) -> list[Cell]:
    if not folder.is_dir():
        return []
    with open(folder / "expected.csv", newline="") as file:
        rows = [row for row in csv.DictReader(file) if re.search(only, row["file"])]
    return [cell(folder / row["file"], row["codec"], int(row["sample_rate"]), int(row["channels"]),
                 int(row["samples"])) for row in rows]


def files(paths: list[pathlib.Path]) -> list[Cell]:
    """The files in which ffmpeg finds audio."""
    found = []
    for path in paths:
        below = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
        for file in below:
            ask = ["ffprobe", "-v", "error", "-select_streams", "a:0", "-show_streams", "-of", "json", file]
            told = json.loads(subprocess.run(ask, capture_output=True).stdout or b"{}").get("streams")
            if told:
                stream = told[0]
                found.append(cell(file, stream["codec_name"], int(stream["sample_rate"]), stream["channels"]))
    return found
