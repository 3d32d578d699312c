"""All rows, the most important first."""

from harness.rows import roofline, classify, files, front_end, memory, musicnn, networks, scaling

PARTS = [roofline, networks, musicnn, front_end, files, classify, scaling, memory]
ROWS = [row for part in PARTS for row in part.ROWS]
