"""The table of formats for the documentation."""

import itertools
import pathlib
import subprocess

from .cell import EXACT, REFUSED
from .run import Outcome

HEAD = """# Formats

Made by `scripts/decoding_matrix --table docs/formats.md`, which encodes synthetic sound by ffmpeg and sox in
every format below, decodes it with duotone and with {version}, and compares sample by sample. *Exact* is
equality up to the rounding of the mono mean; decibels are the worst ratio of the signal to the difference
from ffmpeg's decode. Every file's middle and end, read as excerpts, are also held to the same samples of the whole.

| container | codec | files | channels | sample rates | samples | lengths |
| --- | --- | --- | --- | --- | --- | --- |
"""
REFUSED_HEAD = """
## What is not read

is refused by its name, recognised by its first bytes:

| format | files | reason given |
| --- | --- | --- |
"""


def numbers(values) -> str:
    """`8, 44.1 kHz` and `1, 2, 6`."""
    return ", ".join(f"{value:g}" for value in sorted(set(values)))


def row(container: str, codec: str, outcomes: list[Outcome]) -> str:
    bad = sum(bool(outcome.problems) for outcome in outcomes)
    worst = min((o.decibels for o in outcomes if o.decibels is not None), default=0.0)
    if bad:
        samples = f"**{bad} of {len(outcomes)} differ**"
    elif outcomes[0].cell.expect == EXACT:
        samples = "exact"
    else:
        samples = f"≥ {int(worst)} dB"
    right = sum(outcome.exact_length for outcome in outcomes)
    lengths = "to the sample" if right == len(outcomes) else f"{right} of {len(outcomes)}"
    channels = numbers(outcome.cell.channels for outcome in outcomes)
    rates = numbers(outcome.cell.rate / 1000 for outcome in outcomes)
    return f"| {container} | {codec} | {len(outcomes)} | {channels} | {rates} kHz | {samples} | {lengths} |\n"


def text(outcomes: list[Outcome]) -> str:
    def by_format(outcome: Outcome) -> tuple[str, str]:
        return outcome.cell.container, outcome.cell.codec

    version = subprocess.run(["ffmpeg", "-version"], capture_output=True, text=True).stdout.split()[2]
    out = HEAD.format(version=f"ffmpeg {version.split('-')[0]}")
    read = [outcome for outcome in outcomes if outcome.cell.expect != REFUSED]
    for (container, codec), group in itertools.groupby(sorted(read, key=by_format), by_format):
        out += row(container, codec, list(group))
    out += REFUSED_HEAD
    refused = [outcome for outcome in outcomes if outcome.cell.expect == REFUSED]
    for (_, codec), group in itertools.groupby(sorted(refused, key=by_format), by_format):
        group = list(group)
        reason = group[0].refusal.replace("|", "\\|") or "**read**"
        out += f"| {codec} | {len(group)} | {reason} |\n"
    return out


def write(path: pathlib.Path, outcomes: list[Outcome]) -> None:
    partial = path.with_name(f".partial-{path.name}")
    partial.write_text(text(outcomes))
    partial.replace(path)
