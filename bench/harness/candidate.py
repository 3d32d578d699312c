"""Processes that do the same work and are timed in turn.

A candidate reads lines on standard input and answers each with a line on standard output: ``check
PATH`` writes its results to a safetensors file; ``time WORK SECONDS`` repeats a work for that long and
answers with the seconds of each call as a JSON array. In between it sleeps and leaves the machine to
the others. ``crates/duotone-bench`` is duotone's side, ``harness.peers`` the others'.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from statistics import median

from safetensors.numpy import load_file

BENCH = Path(__file__).resolve().parent.parent
# Sometimes set to work around faults of old libraries; they slow down current ones.
HANDICAPS = ["OPENBLAS_CORETYPE", "OPENBLAS_L2_SIZE", "NVPL_BLAS_DEBUG_CPU_TYPE"]
THREAD_COUNTS = [
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMBA_NUM_THREADS",
    "TF_NUM_INTRAOP_THREADS", "RAYON_NUM_THREADS",
]
# Seconds: thread pools may spin for a while after their last work.
PAUSE = 0.1


def environment(threads: int) -> dict[str, str]:
    env = {name: value for name, value in os.environ.items() if name not in HANDICAPS}
    env |= dict.fromkeys(THREAD_COUNTS, str(threads))
    # PyTorch's compiler processes would still be running while others are timed.
    env["TORCHINDUCTOR_COMPILE_THREADS"] = "1"
    return env | {"PYTHONPATH": str(BENCH), "TF_CPP_MIN_LOG_LEVEL": "3", "PYTHONWARNINGS": "ignore"}


class Ended(Exception):
    """A candidate ended without an answer; its standard error has the reason."""


class Candidate:
    """A process that checks and times works; use it in a ``with`` statement."""

    def __init__(self, command: list, threads: int):
        self.process = subprocess.Popen(
            [str(word) for word in command], env=environment(threads), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        )

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    def ask(self, line: str):
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        answer = self.process.stdout.readline()
        if not answer:
            raise Ended(f"{' '.join(self.process.args[:4])} ended at {line.split()[0]!r}")
        return json.loads(answer)

    def check(self) -> dict:
        """All results by name."""
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "results.safetensors"
            self.ask(f"check {path}")
            return load_file(path)

    def time(self, work: str, seconds: float) -> list[float]:
        return self.ask(f"time {work} {seconds}")


def peer(name: str, threads: int, *arguments) -> Candidate:
    return Candidate([sys.executable, "-m", "harness.peers", name, threads, *arguments], threads)


def alternate(works: dict, rounds: int, seconds: float) -> dict[str, list[float]]:
    """Seconds per call of each of ``works`` (name to candidate and work): one median per round."""
    # A first call, in which some compile or allocate, before anything is timed.
    for candidate, work in works.values():
        candidate.time(work, 0)
    time.sleep(10 * PAUSE)
    found = {name: [] for name in works}
    for _ in range(rounds):
        for name, (candidate, work) in works.items():
            time.sleep(PAUSE)
            found[name].append(median(candidate.time(work, seconds)))
    return found
