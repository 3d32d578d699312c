"""Decisions: the command ``duotone classify`` as users run it."""

import csv
import importlib.util
import json
import sys
import tempfile
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

import numpy as np

from harness import process, sounds
from harness.candidate import BENCH, peer
from harness.result import Goal, Line, Result, speed_up
from harness.rows import Bench, Row, hold, takes_part

# Tolerance for a file's probability with another MP3 decoder.
SAME_DECISION = 1e-3
# Tolerances of Python pipelines, by the library that computes spectrograms; essentia's loader rounds samples
# to 16 bits, which shows in silent bands.
PIPELINES = {"librosa": SAME_DECISION, "essentia": 1e-2}
# Files for a slow side.
FEW = 8
SCRIPT = BENCH / "harness/peers/torch_script.py"


@contextmanager
def trained(bench: Bench):
    """A Model 2 trained on eight clips: the speed does not depend on the weights."""
    with tempfile.TemporaryDirectory() as folder:
        model, table = Path(folder) / "model.safetensors", Path(folder) / "clips.csv"
        with table.open("w", newline="") as file:
            rows = csv.writer(file)
            rows.writerow(["path", "label"])
            rows.writerows([path, "early" if i < 4 else "late"] for i, path in enumerate(sounds.clips(bench.cache, 8)))
        process.run([bench.programs / "duotone", "train", table, "--architecture", "model2", "--output", model, "--epochs", 2], bench.threads)
        yield model


def command(bench: Bench, model: Path, *rest) -> list:
    return [bench.programs / "duotone", "classify", model, "--format", "jsonl", "--threads", bench.threads, *rest]


def probabilities(output: str) -> dict[str, np.ndarray]:
    decisions = map(json.loads, output.splitlines())
    return {d["path"]: np.array(list(d["probabilities"].values())) for d in decisions}


def excerpts(bench: Bench) -> Result:
    usage = process.run([bench.programs / "duotone", "classify", "--help"], 1)
    if "--excerpts" not in usage.output:
        raise NotImplementedError("this duotone cannot classify excerpts")
    path = sounds.long(bench.cache, "mp3")
    with trained(bench) as model:
        commands = {
            "whole": (command(bench, model, path), ""),
            "excerpts": (command(bench, model, "--excerpts", "3x10", path), ""),
        }
        found = process.alternate(commands, bench.threads, bench.rounds)
    seconds = {name: [usage.seconds for usage in usages] for name, usages in found.items()}
    what = f"classify an MP3 of {sounds.LONG_SECONDS} s from three excerpts of 10 s, whole process"
    return Result([Line(
        what, f"{1000 * median(seconds['excerpts']):.0f} ms", "from the whole file",
        f"{1000 * median(seconds['whole']):.0f} ms", **speed_up(seconds["excerpts"], seconds["whole"]),
        goal=Goal(at_least=5))])


def files(bench: Bench) -> Result:
    count = 20 if bench.quick else sounds.CLIPS
    paths = sounds.clips(bench.cache, count)
    result, found = Result(), {"duotone": [], "decoding": []}
    with ExitStack() as stack:
        model = stack.enter_context(trained(bench))
        decoder = stack.enter_context(bench.duotone("files", *paths))
        mine = probabilities(process.run(command(bench, model, *paths), bench.threads).output)
        pipelines = {}
        for library in PIPELINES:
            if importlib.util.find_spec(library):
                side = stack.enter_context(peer("python_onnx", bench.threads, library, model, *paths))
                if takes_part(result, library, lambda: same_decisions(result, library, mine, side.check())):
                    pipelines[library], found[library] = side, []
        if importlib.util.find_spec("musicnn"):
            musicnn = stack.enter_context(peer("musicnn_files", bench.threads, *paths[:FEW]))
            if takes_part(result, "musicnn", musicnn.check):
                found["musicnn"] = [second * count / FEW for second in musicnn.time("classify", 0)]
        for _ in range(bench.rounds):
            found["duotone"].append(process.run(command(bench, model, *paths), bench.threads).seconds)
            found["decoding"] += decoder.time("samples", 0)
            for library, side in pipelines.items():
                found[library] += side.time("classify", 0)
    mine, decoding = found["duotone"], found["decoding"]

    def rate(seconds):
        return f"{count / median(seconds):,.0f} files/s"

    what = f"classify {count} MP3 files of 30 s, {bench.threads} threads"
    shares = [100 * d / m for d, m in zip(decoding, mine)]
    result.lines = [
        *(Line(what, rate(mine), f"{library} and ONNX Runtime in {bench.threads} processes", rate(found[library]),
               **speed_up(mine, found[library])) for library in pipelines),
        *([Line(what, rate(mine), f"musicnn's extractor (another network) in {bench.threads} processes, {FEW} files",
                rate(found["musicnn"]), median(found["musicnn"]) / median(mine))] if "musicnn" in found else []),
        Line(f"{what}: share of decoding", rate(mine), "decoding alone", rate(decoding),
             median(shares), min(shares), max(shares), "%", Goal(at_least=80)),
    ]
    return result


def same_decisions(result: Result, library: str, ours: dict, theirs: dict) -> None:
    worst = max(hold(f"decision on {path}", ours[path], theirs[path], PIPELINES[library]) for path in theirs)
    result.remarks.append(f"Decisions agree with {library} and ONNX Runtime: probabilities to {worst:.0e}.")


def start_up(bench: Bench) -> Result:
    path = sounds.clips(bench.cache, 1)[0]
    with trained(bench) as model:
        commands = {
            "duotone": (command(bench, model, path), ""),
            "python": ([sys.executable, SCRIPT, model, path], ""),
        }
        found = process.alternate(commands, bench.threads, bench.rounds)
    (mine,) = probabilities(found["duotone"][0].output).values()
    difference = hold("decision", mine, np.array(json.loads(found["python"][0].output)), SAME_DECISION)
    ours, theirs = ([usage.seconds for usage in found[name]] for name in ["duotone", "python"])
    return Result(
        [Line("classify an MP3 of 30 s, whole process", f"{1000 * median(ours):.0f} ms",
              "a Python script with PyTorch and libsndfile", f"{1000 * median(theirs):.0f} ms",
              **speed_up(ours, theirs), goal=Goal(at_least=10))],
        remarks=[f"The Python script's probabilities agree to {difference:.0e}."],
    )


ROWS = [
    Row("excerpts", "decisions", excerpts),
    Row("classify-files", "decisions", files),
    Row("start-up", "decisions", start_up),
]
