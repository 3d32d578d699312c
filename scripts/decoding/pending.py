"""Formats whose readers are still to come: their files are counted, and nothing is claimed of them.

Take a line out when its reader is there. `scripts/decoding_matrix --pending` checks these files too.
"""

import re

from .cell import Cell

# Patterns of `container/codec`, or of `/file name` for the field cases.
PENDING = [
    # The decoder drops packets of what ffmpeg's encoder makes.
    "/AAC-LTP",
]


def pattern(cell: Cell) -> str | None:
    """The first pattern that a file falls under."""
    title = f"/{cell.name}" if cell.file else f"{cell.container}/{cell.codec}"
    return next((found for found in PENDING if re.search(found, title)), None)
