"""FLAC, and the metadata around its frames."""

from .. import edits
from ..cell import Cell, cells, crossed

CHANNELS = [2, 1, 3, 4, 5, 6, 7, 8]
RATES = [44_100, 8_000, 11_025, 12_345, 16_000, 22_050, 32_000, 37_800, 48_000, 88_200, 96_000, 176_400, 192_000]

CELLS: list[Cell] = []

DEPTHS = {"16 bit": "-c:a flac", "24 bit": "-c:a flac -sample_fmt s32"}
for depth, options in DEPTHS.items():
    CELLS += crossed("FLAC", depth, "flac", options, rates=RATES, channels=CHANNELS, small=True)
    for level in [0, 2, 8, 12]:
        CELLS += cells("FLAC", depth, "flac", f"{options} -compression_level {level}", channels=[2, 1])
    # ffmpeg writes blocks larger than it can read.
    for size in [16, 192, 200, 256, 576, 1000, 1152, 4608, 8192, 16_384, 32_768]:
        CELLS += cells("FLAC", depth, "flac", f"{options} -frame_size {size}", small=size in (192, 32_768))
    for mode in ["indep", "left_side", "right_side", "mid_side"]:
        CELLS += cells("FLAC", depth, "flac", f"{options} -ch_mode {mode}")
    for kind in ["none", "fixed", "levinson", "cholesky"]:
        CELLS += cells("FLAC", depth, "flac", f"{options} -lpc_type {kind}")
    CELLS += cells("FLAC", depth, "flac", f"{options} -max_partition_order 8 -max_prediction_order 32")
    CELLS += cells("FLAC", depth, "flac", f"{options} -f flac", piped=True, small=depth == "16 bit")
    CELLS += cells("FLAC", depth, "flac", options, seconds=30, rates=[22_050], channels=[1])
for bits in [8, 16, 24]:
    for level in [0, 5, 8]:
        CELLS += cells("FLAC", f"{bits} bit", "flac", f"-b {bits} -C {level}", tool="sox", channels=[1, 2])

# The expected samples are those before the change: the audio is intact.
CHANGES = {
    "ID3v1 behind": edits.append(edits.ID3V1),
    "ID3v2 before": edits.prepend(edits.ID3V2),
    "both tags": lambda file: edits.ID3V2 + file + edits.ID3V1,
    "APE tag behind": edits.append(edits.APE_TAG),
    "zeros behind": edits.append(bytes(5000)),
    "min block 0": edits.stream_info(0, b"\0\0"),
    "min and max block 0": edits.stream_info(0, bytes(4)),
    "frame sizes 0": edits.stream_info(4, bytes(6)),
    "MD5 0": edits.stream_info(18, bytes(16)),
    "no length": edits.flac(edits.no_total),
    "cue sheet of a CD": edits.flac_block(5, edits.cue_sheet(True)),
    "cue sheet of no CD": edits.flac_block(5, edits.cue_sheet(False)),
    "large picture": edits.flac_block(6, edits.picture(3_000_000)),
    "picture of a wrong size": edits.flac_block(6, edits.picture(1000, 0xFFFF_FFFF)),
    "application": edits.flac_block(2, b"abcd" + bytes(99)),
    "unknown block": edits.flac_block(100, bytes(50)),
    "much padding": edits.flac_block(1, bytes(1_000_000)),
    "seek table of nothing": edits.flac_block(3, b"\xff" * 8 + bytes(10)),
    "wrong seek table": edits.flac_block(3, bytes(8) + b"\0\0\0\0\x7f\xff\xff\xff" + b"\x10\0"),
}
SMALL = ["ID3v1 behind", "min block 0", "no length", "cue sheet of no CD", "picture of a wrong size"]
for change, edit in CHANGES.items():
    CELLS += cells("FLAC", "unusual metadata", "flac", "-c:a flac", edit=edit, change=change, parts=1,
                   small=change in SMALL)
