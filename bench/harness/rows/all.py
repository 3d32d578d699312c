"""All rows, the most important first."""

from harness.rows import roofline, classify, files, front_end, memory, networks, scaling

PARTS = [roofline, networks, front_end, files, classify, scaling, memory]
ROWS = [row for part in PARTS for row in part.ROWS]
