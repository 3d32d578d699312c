#!/usr/bin/env python3
"""Compares duotone with other programs, in one run, and writes docs/benchmarks.md.

    python3 bench/run.py                 measure what has not been measured for this commit
    python3 bench/run.py --only train    measure rows whose names start with this (several: train,infer)
    python3 bench/run.py --quick         check that everything works; the figures are meaningless
    python3 bench/run.py --list          list the rows

Needs Python 3.11, Rust, ffmpeg and a C++ compiler (for PyTorch's compiled mode). The other programs
are installed from PyPI into a separate environment (bench/.venv, 6 GB: PyTorch includes its GPU
libraries). Both sides of a row get the same inputs and the same number of threads. Their results are
compared before anything is timed. They are timed in turns, so that a disturbance affects both. Only
figures from an idle machine count: the load of other processes is stored with every row.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

BENCH = Path(__file__).resolve().parent
PLACE = BENCH / ".venv"
PYTHON = PLACE / "bin/python"


def prepare() -> None:
    """Makes the environment, or updates it if the lists have changed."""
    needed, optional = ((BENCH / name).read_text() for name in ["requirements.txt", "optional.txt"])
    done = PLACE / "installed.txt"
    if done.exists() and done.read_text() == needed + optional:
        return
    print("Installing the other programs into bench/.venv", file=sys.stderr)
    if not PYTHON.exists():
        venv.create(PLACE, with_pip=True)
    install = [PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    subprocess.run([*install, "--requirement", BENCH / "requirements.txt"], check=True)
    for line in optional.splitlines():
        if line and not line.startswith("#") and subprocess.run([*install, *line.split()]).returncode:
            print(f"Left out, because it cannot be installed here: {line}", file=sys.stderr)
    done.write_text(needed + optional)


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    prepare()
    os.environ["PYTHONPATH"] = str(BENCH)
    os.execv(PYTHON, [PYTHON, "-m", "harness", *sys.argv[1:]])
