"""The published network musicnn: its forward pass, and an output layer on its features."""

import csv
import os
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np
from safetensors.numpy import load_file, save_file

from harness import process, sounds
from harness.candidate import alternate, peer
from harness.result import Goal, Line, Result, speed_up
from harness.rows import Bench, Row, hold

BANDS, FRAMES, UNITS = 96, 187, 1706
BATCH = 40
# The factor of the conditioning's compression.
COMPRESSION = 10_000
SAME_PROBABILITY = 1e-4
# Of units of up to 100.
SAME_UNITS = 2e-3
ARCHITECTURE = f"""bands = {BANDS}
frames = {FRAMES}
negative_slope = 1.0
hidden_units = 0
dropout = 0.0
classes = 2
[[pipeline]]
[[pipeline.block]]
filters = {UNITS}
kernel = [{BANDS}, {FRAMES}]
fixed = "musicnn-msd"
pool = [1, 1]
"""


@contextmanager
def trained(bench: Bench, count: int, *options):
    """A model of two labels trained on some clips, with its features in a store. Yields the command that trained it,
    and the model."""
    import musicnn

    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        os.environ["DUOTONE_BACKBONES"] = str(folder / "backbones")
        process.run([bench.programs / "duotone", "backbone", "add", Path(musicnn.__file__).parent], bench.threads)
        model, table = folder / "model.safetensors", folder / "clips.csv"
        with table.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["path", "label"])
            rows.writerows([path, "ab"[i % 2]] for i, path in enumerate(sounds.clips(bench.cache, count)))
        command = [bench.programs / "duotone", "train", table, "--architecture", "musicnn", "--output", model,
                   "--features", folder / "store", "--threads", bench.threads, *options]
        process.run(command, bench.threads)
        yield command, model


def inference(bench: Bench) -> Result:
    with ExitStack() as stack:
        _, model = stack.enter_context(trained(bench, 8, "--calibrate", 0))
        onnx = model.with_suffix(".onnx")
        process.run([bench.programs / "duotone", "export", model, "--onnx", onnx], bench.threads)
        logs = np.random.default_rng(1).normal(-2, 1, (BATCH, BANDS, FRAMES)).astype(np.float32)
        power = 10.0**logs.astype(np.float64)
        conditioned = np.log10(1 + COMPRESSION * power / power.mean(axis=(1, 2), keepdims=True)).astype(np.float32)
        ours_path, logs_path = model.with_name("conditioned.safetensors"), model.with_name("logs.safetensors")
        weights = {n: t for n, t in load_file(model).items() if not n.startswith(("familiarity.", "scaler."))}
        save_file(weights | {"inputs": conditioned}, ours_path, {"architecture": ARCHITECTURE})
        save_file({"inputs": logs}, logs_path)
        ours = stack.enter_context(bench.duotone("published", ours_path))
        runtime = stack.enter_context(peer("onnx_file", bench.threads, onnx, logs_path))
        mine = ours.check()
        hold("probabilities", mine["probabilities"], runtime.check()["probabilities"], SAME_PROBABILITY)
        tensorflow = stack.enter_context(peer("musicnn_network", bench.threads, ours_path))
        difference = hold("units", mine["units"], tensorflow.check()["units"], SAME_UNITS)
        works = {"duotone": (ours, "inference"), "ONNX Runtime": (runtime, "inference"),
                 "TensorFlow, musicnn's own graph": (tensorflow, "inference")}
        # A call takes a second: one per round.
        found = alternate(works, bench.rounds, 0)
    result = Result(remarks=[f"musicnn: the inputs of the output layer agree with TensorFlow's to {difference:.0e}."])
    goals = {"ONNX Runtime": 2, "TensorFlow, musicnn's own graph": 4}
    for name, least in goals.items():
        result.lines.append(Line(
            f"inference, musicnn, batch {BATCH}", f"{BATCH / median(found['duotone']):,.0f}/s",
            name, f"{BATCH / median(found[name]):,.0f}/s",
            **speed_up(found["duotone"], found[name]), goal=Goal(at_least=least)))
    return result


def head(bench: Bench) -> Result:
    count = 20 if bench.quick else sounds.CLIPS
    with trained(bench, count) as (command, _):
        usages = process.alternate({"duotone": (command, "")}, bench.threads, bench.rounds)["duotone"]
    seconds = [usage.seconds for usage in usages]
    return Result([Line(
        f"train musicnn's output layer on {count} clips of 30 s whose features are stored, whole process",
        f"{median(seconds):.2f} s", "", "", median(seconds), unit="s", goal=Goal(at_most=5))])


def embedding(bench: Bench) -> Result:
    count = 8 if bench.quick else 100
    paths = sounds.clips(bench.cache, count)
    with ExitStack() as stack:
        _, model = stack.enter_context(trained(bench, 8))
        package = stack.enter_context(peer("musicnn_files", bench.threads, *paths))
        command = [bench.programs / "duotone", "classify", model, "--format", "jsonl", "--threads", bench.threads, *paths]
        mine, theirs = [], []
        for _ in range(2 if bench.quick else 3):
            mine.append(process.run(command, bench.threads).seconds)
            theirs += package.time("classify", 0)
    return Result([Line(
        f"{count} MP3 files of 30 s through musicnn, {bench.threads} threads", f"{median(mine):.1f} s",
        f"the package musicnn, {bench.threads} processes", f"{median(theirs):.1f} s",
        **speed_up(mine, theirs), goal=None)])


ROWS = [
    Row("infer-musicnn-40", "networks", inference),
    Row("train-musicnn", "networks", head),
    Row("musicnn-100", "files", embedding),
]
