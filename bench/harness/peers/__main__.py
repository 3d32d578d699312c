"""Serves one peer's works: see ``harness.candidate`` for the protocol."""

import importlib
import json
import os
import sys
import time

from safetensors.numpy import save_file


def calls(work, seconds: float) -> list[float]:
    """Seconds of each call, after one that does not count; of a single call if ``seconds`` is 0."""
    if seconds > 0:
        work()
    found, start = [], time.perf_counter()
    while not found or time.perf_counter() - start < seconds:
        call = time.perf_counter()
        work()
        found.append(time.perf_counter() - call)
    return found


def main():
    name, threads, *arguments = sys.argv[1:]
    # Libraries and their processes may print, which must not mix with the answers.
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    check, run = importlib.import_module(f"harness.peers.{name}").works(int(threads), *arguments)
    for line in sys.stdin:
        word, order = line.strip().split(" ", 1)
        if word == "check":
            save_file(check(), order)
            answer = []
        else:
            work, seconds = order.split()
            answer = calls(run[work], float(seconds))
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    main()
