"""Whole processes: their time and memory."""

import json
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from harness.candidate import environment

USAGE = Path(__file__).parent / "usage.py"


@dataclass
class Usage:
    seconds: float
    processor: float
    peak_mib: float
    output: str


def run(command: list, threads: int, stdin: str = "") -> Usage:
    """Runs a process to its end."""
    with tempfile.NamedTemporaryFile("r") as file:
        ended = subprocess.run(
            [sys.executable, "-I", "-S", USAGE, file.name, *map(str, command)],
            env=environment(threads), input=stdin, capture_output=True, text=True,
        )
        if ended.returncode:
            raise RuntimeError(f"{' '.join(map(str, command[:4]))} failed: {ended.stderr[-2000:]}")
        seconds, processor, peak = json.load(file)
    return Usage(seconds, processor, peak / 1024, ended.stdout)


def alternate(commands: dict, threads: int, rounds: int) -> dict[str, list[Usage]]:
    """Runs ``commands`` (name to words and standard input) in turn; the first round does not count."""
    found = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, (command, stdin) in commands.items():
            usage = run(command, threads, stdin)
            if turn:
                found[name].append(usage)
    return found
