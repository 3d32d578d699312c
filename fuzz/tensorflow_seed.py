"""Prints a checkpoint index in TensorFlow's format, with one tensor `a` of two floats.

Checksums are zero: the fuzz targets do not check them.
"""

import sys


def block(entries: list[tuple[bytes, bytes]]) -> bytes:
    """A block of whole keys."""
    body = b"".join(bytes([0, len(key), len(value)]) + key + value for key, value in entries)
    return body + bytes(4) + (1).to_bytes(4, "little")


header = bytes([8, 1])
# Type, shape, size.
tensor = bytes([8, 1, 0x12, 4, 0x12, 2, 8, 2, 0x28, 8])
table, handles = b"", []
for entries in ([(b"", header), (b"a", tensor)], [], None):
    # The last block is the index: the last key and the handle of the only data block.
    content = block([(b"a", handles[0])] if entries is None else entries)
    handles.append(bytes([len(table), len(content)]))
    table += content + bytes(5)
footer = (handles[1] + handles[2]).ljust(40, b"\0") + 0xDB4775248B80FB57.to_bytes(8, "little")
sys.stdout.buffer.write(table + footer)
