#!/usr/bin/env python3
"""Measures duotone beside other programs, in one run, and writes docs/benchmarks.md.

    python3 bench/run.py                 what is still to be measured of this commit
    python3 bench/run.py --only train    rows whose names start so (several: train,infer)
    python3 bench/run.py --quick         that everything works; its figures count for nothing
    python3 bench/run.py --list          the rows

Needs Python 3.11, Rust, ffmpeg and a C++ compiler (for PyTorch's compiled mode). The other programs
come from PyPI into an environment of their own (bench/.venv, 6 GB: PyTorch brings its GPU libraries
along). Both sides of a row get the same inputs and the same number of threads; their results are
compared before anything is timed; they are timed in turns, so that a disturbance meets both. Only an
idle machine's figures count: what other processes took is kept with every row.
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
    """Makes the environment, anew where the lists have changed."""
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
            print(f"Left out, as it cannot be installed here: {line}", file=sys.stderr)
    done.write_text(needed + optional)


if __name__ == "__main__":
    if {"-h", "--help"} & set(sys.argv):
        sys.exit(print(__doc__))
    prepare()
    os.environ["PYTHONPATH"] = str(BENCH)
    os.execv(PYTHON, [PYTHON, "-m", "harness", *sys.argv[1:]])
