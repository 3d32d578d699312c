"""All rows, the most important first."""

from harness.rows import ceilings, files, front_end, networks

ROWS = ceilings.ROWS + networks.ROWS + front_end.ROWS + files.ROWS
