"""The limits of the machine."""

import json

from harness import process
from harness.result import Result
from harness.rows import Bench, Row


def roofline(bench: Bench) -> Result:
    seconds = 0.5 if bench.quick else 3
    facts = {}
    for threads in [1, 2]:
        usage = process.run([bench.programs / "roofline", threads, seconds], threads)
        facts[str(threads)] = json.loads(usage.output)
    return Result(facts=facts)


ROWS = [Row("roofline", "roofline", roofline)]
