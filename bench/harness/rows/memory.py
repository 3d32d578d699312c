"""Peak memory of whole processes."""

import tempfile
from pathlib import Path

from harness import process, sounds
from harness.result import Goal, Line, Result
from harness.rows import Bench, Row
from harness.rows.classify import command, trained


def peak(what: str, usage: process.Usage, most: float) -> Result:
    return Result([Line(
        f"peak memory: {what}", f"{usage.peak_mib:.0f} MiB", "", f"{usage.seconds:.1f} s", usage.peak_mib,
        unit="MiB", goal=Goal(at_most=most))])


def classify_one(bench: Bench) -> Result:
    with trained(bench) as model:
        usage = process.run(command(bench, model, sounds.clips(bench.cache, 1)[0]), bench.threads)
    return peak("classify one MP3 of 30 s", usage, 40)


def train(bench: Bench) -> Result:
    count, epochs = (100, 1) if bench.quick else (1000, 2)
    folder = sounds.collection(bench.cache, count)
    with tempfile.TemporaryDirectory() as out:
        words = ["train", folder, "--output", Path(out) / "model.safetensors", "--epochs", epochs]
        usage = process.run([bench.programs / "duotone", *words, "--threads", bench.threads], bench.threads)
    return peak(f"train on {count:,} clips of 30 s, {epochs} epochs", usage, 300)


def classify_hours(bench: Bench) -> Result:
    path = sounds.hours(bench.cache, 1 if bench.quick else 10)
    with trained(bench) as model:
        usage = process.run(command(bench, model, path), bench.threads)
    return peak(f"classify an MP3 of {1 if bench.quick else 10} hours", usage, 150)


ROWS = [
    Row("memory-classify", "memory", classify_one),
    Row("memory-hours", "memory", classify_hours),
    Row("memory-train", "memory", train),
]
