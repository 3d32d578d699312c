#!/usr/bin/env python3
"""Compares the speed of duotone's front end, called from Python, with librosa's in one run.

    pip install ./crates/duotone-python librosa==0.11.0
    python scripts/bench_python.py [FOLDER]

FOLDER contains MP3 files of 30 s; the default is the Emotify collection next to the repository.
Two things are measured:

- samples to spectrogram: two minutes of noise on one thread;
- 50 files to spectrograms on two threads, compared with librosa's usual loop over files in one
  process, and with librosa in two processes. The files are MP3, where decoding takes most of the
  time, and the same music as WAV.

The machine should be idle; its load is printed. Runs alternate, and the best of each side counts.
Before anything is timed, both sides must compute the same spectrogram of two minutes of noise.
"""

import os

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"]:
    os.environ[name] = "1"

import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import duotone
import librosa
import numpy as np
import soundfile

REPOSITORY = Path(__file__).resolve().parent.parent
FILES, THREADS, SECONDS, RUNS = 50, 2, 120, 3


def log_mel(y: np.ndarray, rate: int) -> np.ndarray:
    power = librosa.feature.melspectrogram(
        y=y, sr=rate, n_fft=3072, hop_length=1536, n_mels=40, center=False
    )
    return np.log10(np.maximum(1e-10, power))


def librosa_file(path: str) -> np.ndarray:
    return log_mel(*librosa.load(path, sr=None))


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def compare(what: str, ours: Callable[[], object], theirs: Callable[[], object]) -> None:
    ours(), theirs()  # imports, compiles and caches
    times = [(seconds(ours), seconds(theirs)) for _ in range(RUNS)]
    best = [min(side) for side in zip(*times, strict=True)]
    print(
        f"{what}: duotone {best[0]:.3f} s, librosa {best[1]:.3f} s, ratio {best[1] / best[0]:.2f}"
    )


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY.parent / "shared/data/emotify")
    paths = [str(path) for path in sorted(folder.rglob("*.mp3"))[:FILES]]
    if not paths:
        sys.exit(f"no MP3 files below {folder}; name a folder that has some")
    front_end = duotone.FrontEnd(44_100, n_jobs=THREADS)
    noise = np.random.default_rng(1).uniform(-1, 1, SECONDS * 44_100).astype(np.float32)
    print(f"load of the machine: {os.getloadavg()[0]:.1f} over {os.cpu_count()} processors")
    apart = np.abs(front_end.transform(noise, 44_100) - log_mel(noise, 44_100)).max()
    if apart > 1e-4:
        sys.exit(f"the spectrograms differ by {apart}: nothing to compare")
    compare(
        f"front end, {SECONDS} s of noise, 1 thread",
        lambda: front_end.transform(noise, 44_100),
        lambda: log_mel(noise, 44_100),
    )
    with tempfile.TemporaryDirectory() as place:
        for form, files in [("MP3", paths), ("WAV", [as_wav(path, place) for path in paths])]:
            batch(f"{len(files)} {form} files to spectrograms, {THREADS} threads", front_end, files)


def as_wav(path: str, folder: str) -> str:
    samples, rate = soundfile.read(path, dtype="int16")
    wav = str(Path(folder) / f"{Path(path).stem}.wav")
    soundfile.write(wav, samples, rate)
    return wav


def batch(what: str, front_end: duotone.FrontEnd, files: list[str]) -> None:
    compare(
        f"{what}; librosa in one process",
        lambda: front_end.transform(files),
        lambda: [librosa_file(path) for path in files],
    )
    with multiprocessing.get_context("spawn").Pool(THREADS) as pool:
        compare(
            f"{what}; librosa in as many processes",
            lambda: front_end.transform(files),
            lambda: pool.map(librosa_file, files, chunksize=1),
        )


if __name__ == "__main__":
    main()
