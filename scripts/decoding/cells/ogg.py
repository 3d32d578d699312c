"""Vorbis, Opus and FLAC in Ogg."""

from .. import edits
from ..cell import FFMPEG, LOSSY, Cell, cells, crossed

CHANNELS = [2, 1, 3, 4, 5, 6, 7, 8]
# libopus is the reference: ffmpeg's own decoder resamples the low modes differently.
LIBOPUS = "-c:a libopus -request_sample_fmt flt"

CELLS: list[Cell] = []


def vorbis(codec: str, options: str, **rest) -> list[Cell]:
    return cells("Ogg", codec, "ogg", options, expect=LOSSY, **rest)


def opus(codec: str, options: str, **rest) -> list[Cell]:
    return cells("Ogg", codec, "opus", f"-c:a libopus {options}", expect=LOSSY, decoder=LIBOPUS,
                 decoded_rate=48_000, **rest)


CELLS += crossed("Ogg", "Vorbis", "ogg", "-c:a libvorbis -q:a 4", expect=LOSSY, channels=[2, 1],
                 rates=[44_100, 8_000, 11_025, 16_000, 22_050, 32_000, 48_000, 96_000], small=True)
CELLS += vorbis("Vorbis, 3 to 8 channels", "-c:a libvorbis -q:a 4", channels=CHANNELS[2:])
CELLS += vorbis("Vorbis, 3 to 8 channels", "-c:a libvorbis -q:a 1", channels=CHANNELS[2:], rates=[48_000])
CELLS += vorbis("Vorbis, 3 to 8 channels", "-c:a libvorbis -q:a 3", channels=[6], rates=[22_050], small=True)
for quality in [-1, 0, 2, 6, 8, 10]:
    CELLS += vorbis("Vorbis", f"-c:a libvorbis -q:a {quality}", channels=[2, 1])
CELLS += vorbis("Vorbis", "-c:a libvorbis -b:a 96k -minrate 96k -maxrate 96k")
# ffmpeg's own decoder is wrong on the output of its own encoder.
CELLS += vorbis("Vorbis", "-c:a vorbis -strict -2", decoder="-c:a libvorbis", length=FFMPEG)
CELLS += vorbis("Vorbis", "-c:a libvorbis -page_duration 20000")
CELLS += vorbis("Vorbis", "-c:a libvorbis -f ogg", piped=True)
CELLS += vorbis("Vorbis", "-c:a libvorbis -q:a 2", seconds=30, rates=[22_050], channels=[1])
CELLS += vorbis("Vorbis", "-c:a libvorbis -q:a 2", edit=edits.ogg_chain, change="chained", parts=2, small=True)
CELLS += cells("Ogg", "Vorbis", "ogg", "-C 3", expect=LOSSY, tool="sox", channels=[1, 2])

# The bit rate and the application choose between SILK, hybrid and CELT.
for bits in [6, 8, 12, 16, 20, 24, 32, 48, 64, 96, 128, 256, 510]:
    CELLS += opus("Opus", f"-b:a {bits}k", channels=[2, 1] if bits <= 256 else [2], rates=[48_000],
                  small=bits in (12, 24, 96))
for application in ["audio", "voip", "lowdelay"]:
    for frame in [2.5, 5, 10, 20, 40, 60, 80, 100, 120]:
        for bits in [16, 32, 96]:
            # SILK has no frames below 10 ms; low delay uses only CELT.
            CELLS += opus("Opus", f"-b:a {bits}k -application {application} -frame_duration {frame}",
                          channels=[2, 1], rates=[48_000], small=application == "voip" and bits == 16 and frame == 60)
for rate in [8_000, 12_000, 16_000, 24_000]:
    CELLS += opus("Opus", "-b:a 24k", rates=[rate], channels=[2, 1])
    CELLS += opus("Opus", "-b:a 64k", rates=[rate], channels=[2, 1])
CELLS += opus("Opus", "-b:a 64k", rates=[44_100], channels=[2, 1], small=True)
for more in ["-vbr off", "-vbr constrained", "-fec 1 -packet_loss 20 -application voip", "-apply_phase_inv 0",
             "-cutoff 4000", "-cutoff 6000", "-cutoff 8000", "-cutoff 12000", "-compression_level 0"]:
    CELLS += opus("Opus", f"-b:a 32k {more}", channels=[2, 1], rates=[48_000])
CELLS += opus("Opus, 3 to 8 channels", "-b:a 256k", rates=[48_000], channels=CHANNELS[2:])
CELLS += opus("Opus, 3 to 8 channels", "-b:a 96k", rates=[48_000], channels=[6, 4], small=True)
CELLS += opus("Opus", "-b:a 32k", rates=[48_000], edit=edits.ogg_chain, change="chained", parts=2, small=True)
CELLS += opus("Opus", "-b:a 32k -page_duration 20000", rates=[48_000])
CELLS += opus("Opus", "-b:a 32k -f opus", rates=[48_000], piped=True)
CELLS += opus("Opus", "-b:a 24k", rates=[48_000], channels=[1], seconds=30)
CELLS += opus("Opus", "-b:a 64k", rates=[48_000], channels=[1], seconds=30)
CELLS += cells("Ogg", "Opus", "opus", "-c:a opus -strict -2 -b:a 96k", expect=LOSSY, decoder=LIBOPUS, rates=[48_000],
               channels=[2, 1])

for options in ["-c:a flac", "-c:a flac -sample_fmt s32"]:
    CELLS += crossed("Ogg", "FLAC", "oga", options, rates=[44_100, 8_000, 22_050, 48_000, 96_000], channels=CHANNELS,
                     small=options == "-c:a flac")
CELLS += cells("Ogg", "FLAC", "oga", "-c:a flac", seconds=30, rates=[22_050], channels=[1])
