#!/usr/bin/env python3
"""Writes crates/duotone/tests/fixtures/statistics.json: reference values by scipy and statsmodels.

Needs scipy and statsmodels (made with 1.17 and 0.15): pip install scipy statsmodels
"""

import json
import random
from pathlib import Path

from scipy.stats import friedmanchisquare, rankdata, studentized_range
from statsmodels.stats.contingency_tables import mcnemar

random.seed(2)


def friedman_case(scores):
    systems = list(zip(*scores))
    statistic, p = friedmanchisquare(*systems)
    ranks = [rankdata(row) for row in scores]
    return {
        "scores": scores,
        "statistic": float(statistic),
        "p_value": float(p),
        "mean_ranks": [float(sum(r[s] for r in ranks) / len(ranks)) for s in range(len(systems))],
    }


def table(blocks, systems, spread, decimals):
    skill = [spread * random.random() for _ in range(systems)]
    return [[round(s + random.random(), decimals) for s in skill] for _ in range(blocks)]


friedman = [
    friedman_case(table(3, 3, 0.2, 6)),
    friedman_case(table(10, 4, 0.5, 6)),
    friedman_case(table(24, 8, 1.0, 6)),
    friedman_case(table(12, 5, 0.3, 1)),  # ties
    friedman_case(table(200, 6, 0.6, 1)),
    friedman_case(table(40, 3, 3.0, 6)),  # clear differences
    friedman_case([[1, 1, 0], [0, 0, 0], [1, 0, 1], [1, 1, 1], [0, 0, 1]]),  # right or wrong
]

ranges = []
for k in range(2, 21):
    for alpha in (0.05, 0.01):
        ranges.append([k, alpha, float(studentized_range.ppf(1 - alpha, k, float("inf")))])

tails = []
for q in (0.5, 2.0, 3.3, 4.7, 6.0):
    for k in (2, 3, 7, 16):
        tails.append([k, q, float(studentized_range.sf(q, k, float("inf")))])

# Not b = c: there statsmodels corrects 0 to -1 and finds a difference; R and duotone find none.
mcnemars = []
for b, c in [(0, 1), (1, 0), (0, 8), (3, 9), (10, 25), (40, 38), (500, 430), (60, 2)]:
    exact = mcnemar([[0, b], [c, 0]], exact=True)
    corrected = mcnemar([[0, b], [c, 0]], exact=False, correction=True)
    mcnemars.append([b, c, exact.pvalue, corrected.statistic, corrected.pvalue])

path = Path(__file__).parent.parent / "crates/duotone/tests/fixtures/statistics.json"
parts = {"friedman": friedman, "ranges": ranges, "tails": tails, "mcnemar": mcnemars}
lines = [f'"{k}": [\n' + ",\n".join(json.dumps(r) for r in v) + "\n]" for k, v in parts.items()]
path.write_text("{\n" + ",\n".join(lines) + "\n}\n")
