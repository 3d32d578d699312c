"""MP4, M4A and QuickTime with each codec."""

from ..cell import FFMPEG, LOSSY, Cell, cells, crossed
from .mpeg import OTHER_AAC
from .ogg import LIBOPUS

CELLS: list[Cell] = []

AAC = "-c:a aac -aac_pns 0 -b:a 96k"
VIDEO = "-f lavfi -i color=black:s=32x32:r=25:d=1.6 -map 1:v -map 0:a -c:v mpeg4"


def aac(more: str = "", extension: str = "m4a", before: str = "", **rest) -> list[Cell]:
    return cells("MP4, M4A", "AAC-LC", extension, f"{before} {AAC} {more}".strip(), expect=LOSSY, length=FFMPEG, **rest)


CELLS += crossed("MP4, M4A", "AAC-LC", "m4a", AAC, expect=LOSSY, length=FFMPEG, channels=[2, 1], small=True,
                 rates=[44_100, 8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 48_000, 88_200, 96_000])
for more in ["-movflags +faststart", "-movflags +frag_keyframe+empty_moov", "-movflags +frag_keyframe+delay_moov",
             "-movflags +empty_moov+default_base_moof -frag_duration 300000", "-use_editlist 0",
             "-movflags +dash -frag_duration 300000"]:
    CELLS += aac(more, channels=[2, 1], small="delay_moov" in more)
CELLS += aac("-movflags +frag_keyframe+empty_moov -f mp4", piped=True)
CELLS += aac(then="-ss 0.5 -t 0.5 -c copy")
CELLS += aac(then="-ss 0.3 -c copy")
CELLS += aac("-f 3gp", "3gp", channels=[1])
CELLS += aac("", "mp4", VIDEO, small=True)
CELLS += aac("", "mov", VIDEO)
for codec, more in OTHER_AAC.items():
    CELLS += cells("MP4, M4A", codec, "m4a", f"{AAC} {more}", expect=LOSSY, length=FFMPEG, channels=[2, 1],
                   small=True)
CELLS += cells("MP4, M4A", "AAC-LC, 3 to 8 channels", "m4a", "-c:a aac -aac_pns 0 -b:a 256k", expect=LOSSY,
               length=FFMPEG, channels=[6, 3, 4, 5, 8], small=True)
CELLS += aac(seconds=30, rates=[22_050], channels=[1])
for options in ["-c:a alac", "-c:a alac -sample_fmt s32p"]:
    CELLS += crossed("MP4, M4A", "ALAC", "m4a", options, rates=[44_100, 8_000, 22_050, 48_000, 96_000, 192_000],
                     channels=[2, 1, 3, 4, 5, 6, 7, 8], small=options == "-c:a alac")
CELLS += cells("MP4, M4A", "ALAC", "m4a", "-c:a alac -movflags +frag_keyframe+empty_moov")
CELLS += cells("MP4, M4A", "ALAC", "m4a", "-c:a alac", seconds=30, rates=[22_050], channels=[1])
CELLS += cells("QuickTime", "ALAC", "mov", "-c:a alac", channels=[2, 1])
for options in ["-c:a flac -strict -2", "-c:a flac -sample_fmt s32 -strict -2"]:
    CELLS += cells("MP4, M4A", "FLAC", "mp4", options, rates=[44_100, 48_000], channels=[2, 1, 6],
                   small="s32" not in options)
CELLS += cells("MP4, M4A", "Opus", "mp4", "-c:a libopus -b:a 64k", expect=LOSSY, length=FFMPEG, decoder=LIBOPUS,
               rates=[48_000], channels=[2, 1, 6], small=True)
CELLS += cells("MP4, M4A", "Opus", "mp4", "-c:a libopus -b:a 24k -movflags +frag_keyframe+empty_moov", expect=LOSSY,
               length=FFMPEG, decoder=LIBOPUS, rates=[48_000])
CELLS += cells("MP4, M4A", "Vorbis", "mp4", "-c:a libvorbis -q:a 4", expect=LOSSY, length=FFMPEG,
               rates=[44_100, 22_050], channels=[2, 1], small=True)
for container, extension in [("MP4, M4A", "mp4"), ("QuickTime", "mov")]:
    CELLS += cells(container, "MP3", extension, "-c:a libmp3lame -b:a 128k", expect=LOSSY, length=FFMPEG,
                   rates=[44_100, 22_050], channels=[2, 1], small=extension == "mp4")
CELLS += cells("QuickTime", "AAC-LC", "mov", AAC, expect=LOSSY, length=FFMPEG, channels=[2, 1])

PCM = ["u8", "s8", "s16le", "s16be", "s24le", "s24be", "s32le", "s32be", "f32le", "f32be", "f64le", "f64be",
       "alaw", "mulaw"]
for encoding in PCM:
    CELLS += cells("QuickTime", "PCM", "mov", f"-c:a pcm_{encoding}", rates=[44_100, 48_000, 8_000], channels=[2, 1, 6],
                   small=encoding in ("s16le", "s24be", "s24le", "f64be", "mulaw"))
    CELLS += cells("QuickTime", "PCM", "mov", f"-c:a pcm_{encoding} -movflags +frag_keyframe+empty_moov")
CELLS += cells("QuickTime", "PCM", "mov", f"{VIDEO} -c:a pcm_s16le")
CELLS += cells("MP4, M4A", "MP2", "mp4", "-c:a mp2 -b:a 192k", expect=LOSSY, length=FFMPEG)
