"""All rows, the most important first."""

from harness.rows import ceilings, networks

ROWS = ceilings.ROWS + networks.ROWS
