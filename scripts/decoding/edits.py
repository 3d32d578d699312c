"""Edits of complete files that imitate the headers of recorders, editors, pipes and old programs."""

import struct
from collections.abc import Callable

Edit = Callable[[bytes], bytes]


def append(tail: bytes) -> Edit:
    return lambda data: data + tail


def prepend(head: bytes) -> Edit:
    return lambda data: head + data


def repeated(times: int) -> Edit:
    return lambda data: data * times


def replaced(old: bytes, new: bytes) -> Edit:
    """Replaces the first `old`."""
    return lambda data: data[: data.index(old)] + new + data[data.index(old) + len(old) :]


def chunks(data: bytes):
    """Offsets, names and sizes of a RIFF file's chunks."""
    at = 12
    while at + 8 <= len(data):
        size = struct.unpack_from("<I", data, at + 4)[0]
        yield at, data[at : at + 4], size
        at += 8 + size + size % 2


def data_chunk(data: bytes) -> int:
    return next(at for at, name, _ in chunks(data) if name == b"data")


def wav_sizes(*, data: int | None = None, riff: int | None = None, more: int = 0) -> Edit:
    """The sizes that the header states; `more` is added to the true size of the data."""
    def edit(file: bytes) -> bytes:
        changed = bytearray(file)
        at = data_chunk(file) + 4
        size = struct.unpack_from("<I", file, at)[0]
        struct.pack_into("<I", changed, at, size + more if data is None else data)
        if riff is not None:
            struct.pack_into("<I", changed, 4, riff)
        return bytes(changed)
    return edit


def chunk(name: bytes, content: bytes) -> bytes:
    return name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)


def with_chunk(name: bytes, content: bytes) -> Edit:
    """Adds a chunk before the data."""
    def edit(file: bytes) -> bytes:
        at = data_chunk(file)
        size = struct.unpack_from("<I", file, 4)[0]
        added = chunk(name, content)
        return file[:4] + struct.pack("<I", size + len(added)) + file[8:at] + added + file[at:]
    return edit


def flac(change: Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]]) -> Edit:
    """Changes the list of metadata blocks (types and contents)."""
    def edit(file: bytes) -> bytes:
        at, blocks, last = 4, [], False
        while not last:
            last, kind = bool(file[at] & 0x80), file[at] & 0x7F
            size = int.from_bytes(file[at + 1 : at + 4], "big")
            blocks.append((kind, file[at + 4 : at + 4 + size]))
            at += 4 + size
        head = bytearray(b"fLaC")
        blocks = change(blocks)
        for number, (kind, content) in enumerate(blocks):
            head += bytes([kind | (0x80 if number == len(blocks) - 1 else 0)])
            head += len(content).to_bytes(3, "big") + content
        return bytes(head) + file[at:]
    return edit


def stream_info(at: int, new: bytes) -> Edit:
    """Changes bytes of FLAC's STREAMINFO."""
    def change(blocks):
        (kind, content), *rest = blocks
        return [(kind, content[:at] + new + content[at + len(new) :]), *rest]
    return flac(change)


def no_total(blocks):
    """A FLAC stream whose length was unknown when writing started."""
    (kind, content), *rest = blocks
    return [(kind, content[:13] + bytes([content[13] & 0xF0]) + bytes(4) + content[18:]), *rest]


def flac_block(kind: int, content: bytes) -> Edit:
    """Adds a metadata block."""
    return flac(lambda blocks: [*blocks, (kind, content)])


def cue_sheet(compact_disc: bool) -> bytes:
    """One track with an index, and the lead-out."""
    track = struct.pack(">QB12sB13xB", 0, 1, b"", 0, 1) + struct.pack(">QB3x", 0, 1)
    lead_out = struct.pack(">QB12sB13xB", 60_000, 170 if compact_disc else 255, b"", 0, 0)
    head = struct.pack(">128sQB258xB", b"", 88_200, 0x80 if compact_disc else 0, 2)
    return head + track + lead_out


def picture(size: int, stated: int | None = None) -> bytes:
    kind = struct.pack(">II9sI", 3, 9, b"image/png", 0)
    return kind + struct.pack(">IIIII", 1, 1, 24, 0, size if stated is None else stated) + bytes(size)


def xing_count(frames: int) -> Edit:
    """The number of frames that an MP3's Xing or Info header states."""
    def edit(file: bytes) -> bytes:
        at = min(place for name in (b"Xing", b"Info") if (place := file.find(name)) >= 0)
        return file[: at + 8] + struct.pack(">I", frames) + file[at + 12 :]
    return edit


def ogg_crc_table() -> list[int]:
    table = []
    for byte in range(256):
        crc = byte << 24
        for _ in range(8):
            crc = (crc << 1) ^ (0x104C11DB7 if crc & 0x80000000 else 0)
        table.append(crc)
    return table


OGG_CRC = ogg_crc_table()


def ogg_pages(file: bytes, serial: int = 0) -> bytes:
    """Corrects the checksums of the pages, and flips the bits of `serial` in the stream's number. Stops at the
    first bytes that are not a page."""
    out, at = bytearray(), 0
    while file[at : at + 4] == b"OggS" and at + 27 <= len(file):
        table = file[at + 27 : at + 27 + file[at + 26]]
        end = at + 27 + len(table) + sum(table)
        page = bytearray(file[at:end])
        struct.pack_into("<I", page, 14, struct.unpack_from("<I", page, 14)[0] ^ serial)
        page[22:26] = bytes(4)
        crc = 0
        for byte in page:
            crc = (crc << 8 & 0xFFFFFFFF) ^ OGG_CRC[crc >> 24 ^ byte]
        struct.pack_into("<I", page, 22, crc)
        out += page
        at = end
    return bytes(out) + file[at:]


def ogg_chain(file: bytes) -> bytes:
    """The stream twice, with different stream numbers."""
    return file + ogg_pages(file, 0x55)


ID3V1 = b"TAG" + b"title".ljust(30, b"\0") + bytes(95)
ID3V2 = b"ID3\x04\0\0\0\0\x02\0" + bytes(256)
APE_TAG = b"APETAGEX" + struct.pack("<IIII8x", 2000, 32, 0, 1 << 31)


def rf64_sizes_0(data: bytes) -> bytes:
    """Sets the sizes of file, audio and samples in `ds64` to 0."""
    at = data.index(b"ds64") + 8
    return data[:at] + bytes(24) + data[at + 24 :]


def w64_sizes_0(data: bytes) -> bytes:
    """Sets the sizes of file and audio to 0; they follow the 16 bytes of a chunk's name."""
    sound = data.index(b"data\xf3\xac\xd3\x11") + 16
    return data[:16] + bytes(8) + data[24:sound] + bytes(8) + data[sound + 8 :]
