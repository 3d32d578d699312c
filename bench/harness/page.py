"""The page, from the results that are kept."""

import json
from pathlib import Path

from harness.result import Line, Result

CEILINGS = {
    "multiply_adds": ("multiply-adds, 32 bits, in registers", 1e9, "thousand million/s"),
    "read_cache": ("reading 4 MiB a thread", 1e9, "GB/s"),
    "read_memory": ("reading 256 MiB a thread", 1e9, "GB/s"),
    "transforms": ("real Fourier transforms of 3072 (realfft)", 1e3, "thousand/s"),
}
INTRODUCTION = """# Benchmarks

Made by `python3 bench/run.py`, which anyone can run: it installs the other programs, generates its own
audio, and checks that both sides compute the same before it times them in turns. A figure is duotone's
over the other's in the same round (the median of the rounds; in brackets the lowest and highest): above
1 × duotone is faster. Times and rates are medians too, each side's own. The other programs have the same
inputs, the same number of threads and 32-bit numbers throughout.
"""


def plain(line: dict) -> str:
    cells = [line[key] for key in ["what", "ours", "peer", "theirs"]]
    return " | ".join([*cells, f"{line['figure']:.3g} {line['unit']}"])


def counts(path: Path, about: dict) -> bool:
    """Whether there is a result of this source, and the machine was idle."""
    if not path.exists():
        return False
    found = json.loads(path.read_text())
    return found["source"] == about["source"] and "failed" not in found and found["machine"]["idle"]


def render(folder: Path, names: list[str], about: dict) -> str:
    kept = {name: json.loads(path.read_text()) for name in names if (path := folder / f"{name}.json").exists()}
    if not kept:
        return INTRODUCTION + "\nNothing has been measured yet.\n"
    results = {name: Result.read(found) for name, found in kept.items() if "failed" not in found}
    parts = [INTRODUCTION, circumstances(kept)]
    lines = [(name, line) for name, result in results.items() for line in result.lines]
    goals = [(name, line) for name, line in lines if line.goal]
    if goals:
        counted = [line for name, line in goals if kept[name]["machine"]["idle"]]
        met = sum(line.goal.met(line.figure) for line in counted)
        parts.append(f"## Goals\n\n{met} of {len(counted)} that count are met.\n")
        parts.append(table(
            ["row", "what", "duotone", "beside", "its", "figure", "goal", ""],
            [[f"`{n}`{busy(kept[n])}", l.what, l.ours, l.peer, l.theirs, figure(l), l.goal, verdict(kept[n], l)]
             for n, l in goals]))
    others = [(name, line) for name, line in lines if not line.goal]
    if others:
        parts.append("## Besides\n")
        parts.append(table(["row", "what", "duotone", "beside", "its", "figure"],
                           [[f"`{n}`{busy(kept[n])}", l.what, l.ours, l.peer, l.theirs, figure(l)] for n, l in others]))
    parts += stages(results)
    missing = [f"- `{name}`: not yet" for name in names if name not in kept]
    failures = missing + [f"- `{name}`: {found['failed']}" for name, found in kept.items() if "failed" in found]
    if failures:
        parts.append("## Not measured\n\n" + "\n".join(failures) + "\n")
    remarks = list(dict.fromkeys(remark for result in results.values() for remark in result.remarks))
    if remarks:
        parts.append("## What was compared and how\n\n" + "\n".join(f"- {remark}" for remark in remarks) + "\n")
    # What a measurement cannot say of itself.
    reasons = Path(__file__).resolve().parent.parent / "reasons.md"
    return "\n".join([*parts, reasons.read_text()])


def circumstances(kept: dict) -> str:
    dates = sorted(found["date"] for found in kept.values())
    latest = max(kept.values(), key=lambda found: found["date"])
    versions = ", ".join(f"{name} {version}" for name, version in latest["versions"].items())
    text = f"{dates[0]} to {dates[-1]} UTC, {latest['cores']} cores of {latest['processor']}. Versions: {versions}.\n"
    if len({found["source"] for found in kept.values()}) > 1:
        text += "\nNot all rows are of the same state of the source: run the older ones again.\n"
    if not all(found["machine"]["idle"] for found in kept.values()):
        text += ("\n**Rows marked “busy” do not count:** other processes or the host's other guests took more than a "
                 "twentieth of a core while they ran.\n")
    return text


def busy(found: dict) -> str:
    others = found["machine"]
    return "" if others["idle"] else f" busy ({others['others_cores'] + others['steal_cores']:.2f} cores)"


def verdict(found: dict, line: Line) -> str:
    if not found["machine"]["idle"]:
        return "does not count"
    return "met" if line.goal.met(line.figure) else "**not met**"


def figure(line: Line) -> str:
    digits = 0 if line.unit in ("%", "MiB") else 2
    text = f"**{line.figure:.{digits}f} {line.unit}**"
    if line.low is not None:
        text += f" ({line.low:.{digits}f}–{line.high:.{digits}f})"
    return text


def stages(results: dict[str, Result]) -> list[str]:
    if "ceilings" not in results:
        return []
    ceilings = results["ceilings"].facts
    rows = [[what, *(f"{ceilings[t][key] / scale:.1f} {unit}" for t in ["1", "2"])]
            for key, (what, scale, unit) in CEILINGS.items()]
    parts = ["## The machine's ceilings and how near each stage comes\n", table(["", "1 thread", "2 threads"], rows)]
    rows = []
    for result in results.values():
        for stage in result.stages:
            what, scale, unit = CEILINGS[stage.ceiling]
            share = stage.rate / ceilings[str(stage.threads)][stage.ceiling]
            rows.append([stage.what, stage.threads, f"{stage.rate / scale:.1f} {unit}", what, f"{share:.0%}"])
    if rows:
        parts.append(table(["stage", "threads", "reaches", "of the ceiling of", "share"], rows))
        parts.append("Multiply-adds are counted as the direct method needs them; a method that needs fewer may pass "
                     "100 %.\n")
    return parts


def table(head: list, rows: list[list]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines) + "\n"
