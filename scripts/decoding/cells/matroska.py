"""Matroska and WebM with each codec."""

from ..cell import EXACT, FFMPEG, LOSSY, SOURCE, Cell, cells
from .ogg import LIBOPUS

CELLS: list[Cell] = []

# A picture in addition to the audio, as in a music video.
VIDEO = "-f lavfi -i color=black:s=32x32:r=25:d=1.6 -map 1:v -map 0:a"

LOSSLESS = {"FLAC": ["flac", "flac -sample_fmt s32"], "ALAC": ["alac", "alac -sample_fmt s32p"],
            "PCM": ["pcm_s16le", "pcm_s16be", "pcm_s24le", "pcm_s24be", "pcm_s32le", "pcm_s32be",
                    "pcm_f32le", "pcm_f64le"]}
for codec, encoders in LOSSLESS.items():
    for encoder in encoders:
        CELLS += cells("Matroska", codec, "mka", f"-c:a {encoder}", rates=[44_100, 48_000, 22_050], channels=[2, 1, 6],
                       small=encoder in ("flac", "pcm_s16le", "pcm_s24be"))

# Matroska states where the audio starts and ends only for Opus.
CODED = {"MP3": ("libmp3lame -b:a 128k", FFMPEG, [44_100, 22_050], [2, 1]),
         "MP2": ("mp2 -b:a 192k", FFMPEG, [44_100], [2, 1]),
         "AAC-LC": ("aac -aac_pns 0 -b:a 96k", FFMPEG, [44_100, 22_050], [2, 1]),
         "Vorbis": ("libvorbis -q:a 4", FFMPEG, [44_100, 22_050], [2, 1, 6]),
         "Opus": ("libopus -b:a 64k", SOURCE, [48_000], [2, 1, 6])}


def coded(container: str, codec: str, extension: str, **rest) -> list[Cell]:
    encoder, length, rates, channels = CODED[codec]
    more = {"decoder": LIBOPUS} if codec == "Opus" else {}
    rest = {"rates": rates, "channels": channels} | rest
    options = " ".join(word for word in (rest.pop("before", ""), f"-c:a {encoder}", rest.pop("more", "")) if word)
    return cells(container, codec, extension, options, expect=LOSSY, length=length, **more, **rest)


for codec in CODED:
    CELLS += coded("Matroska", codec, "mka", small=True)
for codec in ["Vorbis", "Opus"]:
    CELLS += coded("WebM", codec, "webm", small=True)
    CELLS += coded("WebM", codec, "webm", before=f"{VIDEO} -c:v libvpx", channels=[2], small=codec == "Opus")
    CELLS += coded("WebM", codec, "webm", more="-live 1 -f webm", channels=[2])
    CELLS += coded("WebM", codec, "webm", more="-dash 1 -f webm", channels=[2])
    CELLS += coded("WebM", codec, "webm", more="-f webm", piped=True, channels=[2])
CELLS += coded("Matroska", "AAC-LC", "mkv", before=f"{VIDEO} -c:v mpeg4", channels=[2])
CELLS += coded("Matroska", "MP3", "mkv", before=f"{VIDEO} -c:v mpeg4", channels=[2])
for more in ["-cluster_time_limit 200", "-cues_to_front 1", "-cluster_size_limit 2000", "-write_crc32 0"]:
    CELLS += coded("Matroska", "Opus", "mka", more=more, channels=[2])
    CELLS += cells("Matroska", "FLAC", "mka", f"-c:a flac {more}", expect=EXACT)
    CELLS += cells("Matroska", "PCM", "mka", f"-c:a pcm_s16le {more}", expect=EXACT)
CELLS += cells("Matroska", "FLAC", "mka", "-c:a flac -f matroska", piped=True)
for codec in CODED:
    CELLS += coded("Matroska", codec, "mka", seconds=30, rates=CODED[codec][2][-1:], channels=[1])
CELLS += cells("Matroska", "FLAC", "mka", "-c:a flac", seconds=30, rates=[22_050], channels=[1])
