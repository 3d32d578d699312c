#!/usr/bin/env python3
"""Times duotone's audio pipeline beside librosa's, both in one run.

    python -m venv .venv && .venv/bin/pip install librosa==0.11.0
    .venv/bin/python scripts/bench_front_end.py [FOLDER]

FOLDER holds MP3 files of 30 s; by default the collection beside the repository. Measured are

- files: 100 of them from file to log-mel spectrogram, two threads (librosa: two processes),
- the front end alone: two minutes of noise on one thread.

The machine should be idle. Of several runs, alternating, the best of each side counts.
"""

import os

for name in ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS"]:
    os.environ[name] = "1"

import multiprocessing
import subprocess
import sys
import time
from pathlib import Path

import librosa
import numpy as np

REPOSITORY = Path(__file__).resolve().parent.parent
TARGET = Path(os.environ.get("CARGO_TARGET_DIR", REPOSITORY / "target"))
PROGRAM = TARGET / "release/examples/front_end"
FILES, THREADS, SECONDS, RUNS = 100, 2, 120, 3


def log_mel(y, rate: int):
    power = librosa.feature.melspectrogram(
        y=y, sr=rate, n_fft=3072, hop_length=1536, n_mels=40, center=False
    )
    return np.log10(np.maximum(1e-10, power))


def librosa_file(path: str) -> int:
    y, rate = librosa.load(path, sr=None)
    return log_mel(y, rate).shape[1]


def duotone(*arguments: str) -> tuple[list[float], int]:
    """Seconds of the runs and the peak memory in MiB."""
    process = subprocess.run([PROGRAM, *arguments], stdout=subprocess.PIPE, text=True, check=True)
    *seconds, memory = process.stdout.split()
    return [float(second) for second in seconds], int(memory)


def report(what: str, ours: float, theirs: float) -> None:
    print(f"{what}: duotone {ours:.3f} s, librosa {theirs:.3f} s, ratio {theirs / ours:.2f}")


def main() -> None:
    folder = Path(sys.argv[1] if len(sys.argv) > 1 else REPOSITORY.parent / "shared/data/emotify")
    paths = [str(path) for path in sorted(folder.rglob("*.mp3"))[:FILES]]
    if not paths:
        sys.exit(f"no MP3 files below {folder}; name a folder that has some")
    build = ["cargo", "build", "--release", "--package", "duotone-audio", "--example", "front_end"]
    subprocess.run(build, check=True, cwd=REPOSITORY)

    noise = np.random.default_rng(1).uniform(-1, 1, SECONDS * 44100).astype(np.float32)
    log_mel(noise, 44100)  # compiles and caches
    ours, theirs = [], []
    for _ in range(RUNS):
        ours += duotone("noise", str(SECONDS), "5")[0]
        for _ in range(5):
            start = time.perf_counter()
            log_mel(noise, 44100)
            theirs.append(time.perf_counter() - start)
    report(f"front end, {SECONDS} s of noise, 1 thread", min(ours), min(theirs))

    ours, theirs, peak = [], [], 0
    with multiprocessing.get_context("spawn").Pool(THREADS) as pool:
        pool.map(librosa_file, paths[:THREADS], chunksize=1)  # imports, compiles and caches
        for _ in range(RUNS):
            seconds, memory = duotone("files", str(THREADS), *paths)
            ours += seconds
            peak = max(peak, memory)
            start = time.perf_counter()
            pool.map(librosa_file, paths, chunksize=1)
            theirs.append(time.perf_counter() - start)
    report(f"{len(paths)} files to spectrograms, {THREADS} threads", min(ours), min(theirs))
    print(f"peak memory of duotone: {peak} MiB")


if __name__ == "__main__":
    main()
