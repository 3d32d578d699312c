"""Rows: the units of measurement."""

from dataclasses import dataclass
from pathlib import Path
from typing import Callable

from harness.candidate import Candidate, Ended
from harness.result import Result


@dataclass
class Bench:
    """How thoroughly to measure, and where things are."""

    programs: Path
    cache: Path
    quick: bool
    threads: int = 2

    @property
    def rounds(self) -> int:
        """Rounds for whole processes and for works that take seconds."""
        return 2 if self.quick else 7

    @property
    def turns(self) -> tuple[int, float]:
        """Rounds for shorter works, and seconds per side in each: many short rounds, because the speed of
        a shared machine changes from one second to the next."""
        return (2, 0.2) if self.quick else (21, 0.25)

    def duotone(self, kind: str, *arguments, threads: int | None = None) -> Candidate:
        threads = threads or self.threads
        return Candidate([self.programs / "candidate", threads, kind, *arguments], threads)


@dataclass
class Row:
    """One part of the measurement, which can be run by itself."""

    name: str
    section: str
    run: Callable[[Bench], Result]


class Mismatch(Exception):
    """Two sides do not compute the same result, so there is nothing to time."""


def hold(what: str, ours, theirs, tolerance: float) -> float:
    """Returns the largest difference; fails if it exceeds the tolerance or values are missing."""
    if len(ours) != len(theirs):
        raise Mismatch(f"{what}: {len(ours)} values instead of {len(theirs)}")
    difference = float(abs(ours - theirs).max())
    if not difference <= tolerance:
        raise Mismatch(f"{what}: they differ by {difference:.3g}, more than {tolerance:g}")
    return difference


def takes_part(result: Result, name: str, check: Callable) -> bool:
    """Whether an optional program computes the same result, according to ``check``."""
    try:
        check()
        return True
    except (Mismatch, Ended) as error:
        result.remarks.append(f"{name} is left out: {error}.")
        return False
