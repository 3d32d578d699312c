"""Whole processes: their time and memory."""

import os
import subprocess
import tempfile
import time
from dataclasses import dataclass

from harness.contest import environment


@dataclass
class Usage:
    seconds: float
    processor: float
    peak_mib: float
    output: str


def run(command: list, threads: int, stdin: str = "") -> Usage:
    """Runs a process to its end. Linux: peak memory is the largest resident set of its own."""
    start = time.perf_counter()
    with tempfile.TemporaryFile("w+") as errors:
        process = subprocess.Popen(
            [str(word) for word in command], env=environment(threads), text=True,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors,
        )
        with process.stdin as pipe:
            pipe.write(stdin)
        with process.stdout as pipe:
            output = pipe.read()
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{command[:4]} failed:\n{errors.read()[-2000:]}")
    return Usage(seconds, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024, output)


def alternate(commands: dict, threads: int, rounds: int) -> dict[str, list[Usage]]:
    """Each of ``commands`` (name to words and standard input) in turn, after one that does not count."""
    found = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, (command, stdin) in commands.items():
            usage = run(command, threads, stdin)
            if turn:
                found[name].append(usage)
    return found
