"""The gain from a second thread."""

import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

from safetensors.numpy import save_file

from harness import network, sounds
from harness.candidate import alternate
from harness.result import Goal, Line, Result, speed_up
from harness.rows import Bench, Row


def stage(what: str, kind: str, work: str, prepare):
    """``prepare`` returns the arguments of the candidate, given the row's settings and a folder."""
    def run(bench: Bench) -> Result:
        with ExitStack() as stack:
            arguments = prepare(bench, Path(stack.enter_context(tempfile.TemporaryDirectory())))
            one, two = (stack.enter_context(bench.duotone(kind, *arguments, threads=n)) for n in [1, 2])
            found = alternate({"one": (one, work), "two": (two, work)}, *bench.turns)
        one, two = found["one"], found["two"]
        return Result([Line(
            f"{what}: 2 threads", f"{1000 * median(two):.2f} ms", "1 thread", f"{1000 * median(one):.2f} ms",
            **speed_up(two, one), goal=Goal(at_least=1.9))])

    return run


def model2(_, folder: Path) -> list[Path]:
    network.write(folder / "network.safetensors", "model2", 40)
    return [folder / "network.safetensors"]


def clips(_, folder: Path) -> list[Path]:
    save_file({f"clip{i}": clip for i, clip in enumerate(sounds.windows(16))}, folder / "clips.safetensors")
    return [folder / "clips.safetensors"]


def files(bench: Bench, _) -> list[Path]:
    return sounds.clips(bench.cache, 20)


ROWS = [
    Row(f"scaling-{name}", "scaling", stage(*about)) for name, about in {
        "training": ("training step, model2, batch 40", "network", "training", model2),
        "inference": ("inference, model2, batch 40", "network", "inference", model2),
        "front-end": ("log-mel front end, 16 clips", "sound", "log-mel", clips),
        "files": ("20 MP3 files to spectrograms", "files", "spectrograms", files),
    }.items()
]
