"""Formats that are not fully supported yet: their files are counted, but not checked.

Remove a line when its format works. `scripts/decoding_matrix --pending` checks these files too.
"""

import re

from .cell import Cell

# Patterns of `container/codec`, or of `/file name` for the field cases.
PENDING = [
    # The decoder drops packets that ffmpeg's encoder writes.
    "/AAC-LTP",
]


def pattern(cell: Cell) -> str | None:
    """The first pattern that matches a file."""
    title = f"/{cell.name}" if cell.file else f"{cell.container}/{cell.codec}"
    return next((found for found in PENDING if re.search(found, title)), None)
