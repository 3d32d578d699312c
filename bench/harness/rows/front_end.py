"""The log-mel front end on samples in memory, without decoding."""

import importlib.util
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np
from safetensors.numpy import save_file

from harness import sounds
from harness.candidate import alternate, peer
from harness.result import Goal, Line, Result, Stage, speed_up
from harness.rows import Bench, Row, hold, takes_part

WINDOW, HOP = 3072, 1536
# Tolerance for the decimal logarithm, where the power is above a millionth of the clip's maximum: below
# that, rounding dominates on both sides.
SAME = 1e-3
# Module and tolerance; None if the values are not meant to be the same. essentia's Hann window is
# symmetric, not periodic.
FURTHER = {
    "torchaudio": ("torch_sound", SAME),
    "kaldi_native_fbank": ("kaldi_sound", None),
    "essentia": ("essentia_sound", 1e-2),
    "audioflux": ("audioflux_sound", None),
}


def same_log_mel(ours: dict, theirs: dict, tolerance: float = SAME) -> float:
    """The largest difference of the clips' spectrograms."""
    worst = 0.0
    for name, numbers in ours.items():
        floor = numbers.max() - 6
        mine, other = np.maximum(numbers, floor), np.maximum(theirs[name], floor)
        worst = max(worst, hold(f"log-mel of {name}", mine, other, tolerance))
    return worst


def transforms(seconds: float) -> int:
    return (int(seconds * sounds.RATE) - WINDOW) // HOP + 1


def milliseconds(seconds: list[float]) -> str:
    return f"{1000 * median(seconds):,.1f} ms"


def one_clip(seconds: int):
    def run(bench: Bench) -> Result:
        what, result = f"log-mel front end, {seconds} s at 44.1 kHz, 1 thread", Result()
        with ExitStack() as stack:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "clip.safetensors"
            save_file({"clip": sounds.mono(seconds)}, path)
            ours = stack.enter_context(bench.duotone("sound", path, threads=1))
            numbers = ours.check()
            librosa = stack.enter_context(peer("librosa_sound", 1, "sound", path))
            difference = same_log_mel(numbers, librosa.check())
            result.remarks.append(f"The log-mel values agree with librosa's to {difference:.0e} on {seconds} s of music.")
            works = {"duotone": (ours, "log-mel"), "transforms": (ours, "transforms"), "librosa": (librosa, "log-mel")}
            for name, (module, tolerance) in FURTHER.items():
                if importlib.util.find_spec(name) is None:
                    continue
                other = stack.enter_context(peer(module, 1, path))

                def check():
                    theirs = other.check()
                    if tolerance:
                        same_log_mel(numbers, theirs, tolerance)

                if takes_part(result, name, check):
                    works[name if tolerance else f"{name} (different values)"] = (other, "log-mel")
            found = alternate(works, *bench.turns)
        ours, bare = found.pop("duotone"), found.pop("transforms")
        for name, theirs in found.items():
            goal = Goal(at_least=4.5) if name == "librosa" else None
            result.lines.append(Line(
                what, milliseconds(ours), name, milliseconds(theirs), **speed_up(ours, theirs), goal=goal))
        result.lines.append(Line(
            what, milliseconds(ours), "bare real FFTs of the same frames (realfft)", milliseconds(bare),
            **speed_up(bare, ours), unit="× their time", goal=Goal(at_most=1.5)))
        result.stages.append(Stage(f"front end, {seconds} s", "transforms", 1, transforms(seconds) / median(ours)))
        return result

    return run


def batch(bench: Bench) -> Result:
    clips, seconds = 16, sounds.CLIP_SECONDS
    what = f"log-mel front end, {clips} clips of {seconds} s, {bench.threads} threads"
    with ExitStack() as stack:
        path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "clips.safetensors"
        save_file({f"clip{i}": clip for i, clip in enumerate(sounds.windows(clips))}, path)
        ours = stack.enter_context(bench.duotone("sound", path))
        one = stack.enter_context(peer("librosa_sound", bench.threads, "sound", path))
        several = stack.enter_context(peer("librosa_sound", bench.threads, "sound-processes", path))
        same_log_mel(ours.check(), one.check())
        works = {"duotone": ours, "one": one, "several": several}
        found = alternate({name: (side, "log-mel") for name, side in works.items()}, *bench.turns)
    mine = found["duotone"]
    lines = [
        Line(what, milliseconds(mine), f"librosa, its libraries with {bench.threads} threads",
             milliseconds(found["one"]), **speed_up(mine, found["one"]), goal=Goal(at_least=9)),
        Line(what, milliseconds(mine), f"librosa in {bench.threads} processes",
             milliseconds(found["several"]), **speed_up(mine, found["several"])),
    ]
    stage = Stage(f"front end, {clips} clips", "transforms", bench.threads, clips * transforms(seconds) / median(mine))
    return Result(lines, [stage])


ROWS = [
    Row("front-end-30", "front end", one_clip(30)),
    Row("front-end-240", "front end", one_clip(240)),
    Row("front-end-batch", "front end", batch),
]
