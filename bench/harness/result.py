"""The result of a row: lines of a table, shares of the machine's limits, remarks."""

from dataclasses import asdict, dataclass, field
from statistics import median


@dataclass
class Goal:
    """A bound on a line's figure."""

    at_least: float | None = None
    at_most: float | None = None

    def met(self, figure: float) -> bool:
        above = self.at_least is None or figure >= self.at_least
        return above and (self.at_most is None or figure <= self.at_most)

    def __str__(self):
        if self.at_least is not None:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}"


@dataclass
class Line:
    """``figure`` is what the goal applies to: usually a ratio."""

    what: str
    ours: str
    peer: str
    theirs: str
    figure: float
    low: float | None = None
    high: float | None = None
    unit: str = "×"
    goal: Goal | None = None


@dataclass
class Stage:
    """Units per second that a stage processed, to be compared with a limit of the machine."""

    what: str
    roofline: str
    threads: int
    rate: float


@dataclass
class Result:
    lines: list[Line] = field(default_factory=list)
    stages: list[Stage] = field(default_factory=list)
    remarks: list[str] = field(default_factory=list)
    facts: dict = field(default_factory=dict)

    def json(self) -> dict:
        return asdict(self)

    @classmethod
    def read(cls, data: dict) -> "Result":
        lines = [Line(**{**l, "goal": Goal(**l["goal"]) if l["goal"] else None}) for l in data["lines"]]
        return cls(lines, [Stage(**s) for s in data["stages"]], data["remarks"], data["facts"])


def speed_up(ours: list[float], theirs: list[float]) -> dict:
    """How many times as fast ours is: the median and the range over the rounds. Comparing within a
    round cancels changes in the machine's speed."""
    rounds = [t / o for o, t in zip(ours, theirs)]
    return {"figure": median(rounds), "low": min(rounds), "high": max(rounds)}
