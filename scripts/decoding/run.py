"""Makes a file of the matrix, decodes it with duotone and ffmpeg, and compares the samples."""

import array
import dataclasses
import glob
import json
import pathlib
import re
import shlex
import subprocess

from . import compare, sources
from .cell import EXACT, FFMPEG, REFUSED, SOURCE, Cell

# Largest difference of log-mel values between a range and the same samples of the whole file, by whether
# the codec is lossless. Decoders of lossy codecs restart at a range and only approach the same state.
MOST_IN_A_RANGE = {True: 1e-6, False: 1e-3}
# Largest difference between stated and decoded length: one frame of the codec with the longest frames.
STATED_SECONDS = 0.12
PATIENCE = 60
# The largest 16-bit sample.
FULL_SCALE = 1.0 - 2.0**-15
CURE = re.compile(r"ffmpeg|convert|export", re.IGNORECASE)
# Reasons that blame the file instead of the reader.
WRONG_REASONS = re.compile(r"contains no audio|header is truncated")


@dataclasses.dataclass
class Outcome:
    cell: Cell
    problems: list[str]
    commands: list[str]
    decibels: float | None = None
    refusal: str = ""
    exact_length: bool = False


def run(command: list[str], commands: list[str], output: pathlib.Path | None = None) -> bytes:
    """Runs a command and returns its standard output, a pipe that cannot seek; optionally saves it to a file."""
    commands.append(shlex.join(command) + (f" | cat > {shlex.quote(str(output))}" if output else ""))
    done = subprocess.run(command, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE)
    if done.returncode != 0:
        raise RuntimeError(f"{command[0]}: {done.stderr.decode(errors='replace').strip()[-300:]}")
    if output:
        output.write_bytes(done.stdout)
    return done.stdout


def source_path(cell: Cell, folder: pathlib.Path) -> pathlib.Path:
    return folder / f"{cell.source}_{cell.rate}_{cell.channels}_{cell.seconds}.f64"


def make_source(cell: Cell, folder: pathlib.Path) -> None:
    sources.write(source_path(cell, folder), cell.rate, cell.channels, cell.seconds, cell.source)


def encode(cell: Cell, folder: pathlib.Path, commands: list[str]) -> tuple[pathlib.Path, pathlib.Path]:
    """Returns the finished file, and the file whose samples are expected."""
    if cell.file:
        return pathlib.Path(cell.file), pathlib.Path(cell.file)
    source, made = str(source_path(cell, folder)), folder / cell.name
    target = "-" if cell.piped else str(made)
    options, rate, channels = cell.options.split(), str(cell.rate), str(cell.channels)
    if cell.tool == "sox":
        command = ["sox", "-D", "-t", "f64", "-r", rate, "-c", channels, source, *options, target]
    else:
        command = ["ffmpeg", "-v", "error", "-y", "-f", "f64le", "-ar", rate, "-ac", channels,
                   "-channel_layout", cell.layout, "-i", source, *options, target]
    run(command, commands, made if cell.piped else None)
    if cell.then:
        second = made.with_name(f"then_{made.name}")
        run(["ffmpeg", "-v", "error", "-y", "-i", str(made), *cell.then.split(), str(second)], commands)
        made = second
    if not cell.edit:
        return made, made
    changed = made.with_name(f"changed_{made.name}")
    changed.write_bytes(cell.edit(made.read_bytes()))
    commands.append(f"# {cell.change}: {changed}")
    return changed, made if cell.parts else changed


def reference(cell: Cell, path: pathlib.Path, commands: list[str]) -> list[float]:
    """ffmpeg's output, mixed to mono."""
    command = ["ffmpeg", "-v", "quiet", *cell.decoder.split(), "-i", str(path), "-map", "0:a:0", "-f", "f32le", "-"]
    samples = array.array("f", run(command, commands))
    if cell.clipped:
        samples = array.array("f", (min(max(sample, -1.0), FULL_SCALE) for sample in samples))
    return compare.mono(samples, cell.channels) * max(cell.parts, 1)


def check(cell: Cell, folder: pathlib.Path, dump: str, keep: bool) -> Outcome:
    outcome = Outcome(cell, [], [])
    try:
        path, truth = encode(cell, folder, outcome.commands)
        judge(outcome, path, truth, folder / f"{cell.name}.samples", dump)
    except (RuntimeError, ValueError, subprocess.TimeoutExpired) as error:
        outcome.problems.append(str(error))
    if not keep:
        for file in folder.glob(f"*{glob.escape(cell.name)}*"):
            file.unlink()
    return outcome


def judge(outcome: Outcome, path: pathlib.Path, truth: pathlib.Path, samples: pathlib.Path, dump: str) -> None:
    """Decodes a file with duotone and compares the result with what the cell expects."""
    cell = outcome.cell
    told = json.loads(run([dump, str(path), str(samples)], outcome.commands))
    if "refused" in told:
        judge_refusal(outcome, told["refused"])
        return
    if cell.expect == REFUSED:
        outcome.problems.append(f"decoded as {told['codec']} instead of being refused")
        return
    ours = array.array("f", samples.read_bytes()).tolist()
    judge_samples(outcome, ours, reference(cell, truth, outcome.commands))
    judge_words(outcome, told)
    for number, place in enumerate(told["ranges"]):
        most = cell.most_in_a_range or MOST_IN_A_RANGE[cell.expect == EXACT]
        if "error" in place:
            outcome.problems.append(f"range {number}: {place['error']}")
        elif place["difference"] is None or place["difference"] > most:
            outcome.problems.append(f"range {number} differs from the whole by {place['difference']:.2g}")


def judge_refusal(outcome: Outcome, reason: str) -> None:
    outcome.refusal = reason
    if outcome.cell.expect != REFUSED:
        outcome.problems.append(f"refused: {reason}")
    elif not re.search(outcome.cell.words, reason):
        outcome.problems.append(f"refused without naming the format ({outcome.cell.words}): {reason}")
    elif not CURE.search(reason) or WRONG_REASONS.search(reason):
        outcome.problems.append(f"refused without a remedy: {reason}")


def judge_samples(outcome: Outcome, ours: list[float], theirs: list[float]) -> None:
    cell, problems = outcome.cell, outcome.problems
    if not theirs:
        problems.append("ffmpeg decodes nothing")
        return
    encoded = round(round(cell.seconds * cell.rate) * cell.output_rate / cell.rate) * max(cell.parts, 1)
    expected = cell.samples or {SOURCE: encoded, FFMPEG: len(theirs)}[cell.length]
    outcome.exact_length = len(ours) == expected
    if not outcome.exact_length:
        more = "" if cell.file else f", {encoded} were encoded"
        problems.append(f"{len(ours)} samples instead of {expected} (ffmpeg: {len(theirs)}{more})")
    outcome.decibels = compare.decibels(ours, theirs)
    if cell.expect == EXACT:
        # The mean of several channels, and each of its terms, is rounded to 24 bits.
        bound = 0.0 if cell.channels == 1 else cell.channels * 2.0**-24 * max(map(abs, theirs), default=1.0)
        wrong = compare.largest_difference(ours, theirs) > bound
    else:
        bound, wrong = 0.01, outcome.decibels < cell.least_decibels
    if wrong:
        first = compare.first_difference(ours, theirs, bound)
        found = compare.shift(ours, theirs)
        problems.append(f"the samples differ: {outcome.decibels:.1f} dB, first at sample {first}"
                        + (f"; they agree after a shift of {found:+} samples" if found else ""))


def judge_words(outcome: Outcome, told: dict) -> None:
    cell, problems = outcome.cell, outcome.problems
    if told["sample_rate"] != cell.output_rate or told["channels"] != cell.channels:
        problems.append(f"{told['channels']} channels at {told['sample_rate']} Hz")
    stated, seconds = told["stated_seconds"], told["samples"] / told["sample_rate"]
    if stated is not None and abs(stated - seconds) > STATED_SECONDS:
        problems.append(f"states {stated:.3f} s, contains {seconds:.3f} s")
    if told["decode_errors"]:
        problems.append(f"decode errors: {told['decode_errors']}")
    warnings = "; ".join(told["warnings"])
    if bool(warnings) != bool(cell.words) or not re.search(cell.words, warnings):
        problems.append(f"warnings: {warnings or 'none'}")
