"""PCM and ADPCM in WAV, RF64, BW64, W64, AIFF, AIFF-C, AU and CAF, and WAV with unusual headers."""

from .. import edits
from ..cell import FFMPEG, LOSSY, Cell, cells, crossed

RATES = [44_100, 8_000, 11_025, 16_000, 22_050, 32_000, 48_000, 88_200, 96_000, 176_400, 192_000]
CHANNELS = [2, 1, 3, 4, 5, 6, 7, 8]
FEW_RATES = [44_100, 8_000, 96_000]
FEW_CHANNELS = [2, 1, 6]

CELLS: list[Cell] = []

LITTLE = ["u8", "s16le", "s24le", "s32le", "f32le", "f64le", "alaw", "mulaw"]
BIG = ["s8", "s16be", "s24be", "s32be", "f32be", "f64be", "alaw", "mulaw"]

for encoding in LITTLE:
    options = f"-c:a pcm_{encoding}"
    CELLS += crossed("WAV", "PCM", "wav", options, rates=RATES, channels=CHANNELS, small=True)
    CELLS += crossed("W64", "PCM", "w64", f"{options} -f w64", rates=FEW_RATES, channels=FEW_CHANNELS,
                     small=encoding == "s24le")
    CELLS += crossed("RF64", "PCM", "wav", f"{options} -rf64 always", rates=FEW_RATES, channels=FEW_CHANNELS,
                     small=encoding == "s16le")
for encoding in ["s16le", "s24le", "f32le"]:
    CELLS += cells("BW64", "PCM", "wav", f"-c:a pcm_{encoding} -rf64 always", change="BW64", parts=1,
                   edit=edits.replaced(b"RF64", b"BW64"), small=encoding == "s24le")
CELLS += cells("WAV", "PCM", "wav", "-c:a pcm_f32le", source="over", small=True)
CELLS += cells("WAV", "PCM", "wav", "-c:a pcm_s16le", source="antiphase", words="cancel", small=True)
for bits in ["-e unsigned -b 8", "-e signed -b 16", "-e signed -b 24", "-e signed -b 32", "-e float -b 32",
             "-e float -b 64", "-e a-law", "-e u-law"]:
    CELLS += cells("WAV", "PCM", "wav", bits, tool="sox", channels=[1, 2, 6])

# ADPCM pads the last block; the fact chunk states how many samples were encoded.
for encoding in ["adpcm_ms", "adpcm_ima_wav"]:
    for size in [256, 1024, 2048]:
        CELLS += cells("WAV", "ADPCM", "wav", f"-c:a {encoding} -block_size {size}", length=FFMPEG,
                       rates=[44_100, 8_000, 22_050], channels=[2, 1], small=size == 1024)
for encoding in ["ms-adpcm", "ima-adpcm"]:
    CELLS += cells("WAV", "ADPCM", "wav", f"-e {encoding}", tool="sox", channels=[1, 2])
CELLS += cells("WAV", "MP3", "wav", "-c:a libmp3lame -b:a 128k", expect=LOSSY, length=FFMPEG,
               rates=[44_100, 22_050], channels=[2, 1], small=True)
CELLS += cells("WAV", "MP2", "wav", "-c:a mp2 -b:a 192k", expect=LOSSY, length=FFMPEG)

# The expected samples are those before the header was changed.
SIZES = {
    "data 0": edits.wav_sizes(data=0),
    "data FFFFFFFF": edits.wav_sizes(data=0xFFFF_FFFF),
    "data 7FFFFFFF": edits.wav_sizes(data=0x7FFF_FFFF),
    "data 4000 too large": edits.wav_sizes(more=4000),
    "data 1 too large": edits.wav_sizes(more=1),
    "data far too large": edits.wav_sizes(more=100_000_000),
    "riff 0": edits.wav_sizes(riff=0),
    "riff FFFFFFFF": edits.wav_sizes(riff=0xFFFF_FFFF),
    "riff too small": edits.wav_sizes(riff=36),
    "riff too large": edits.wav_sizes(riff=100_000_000),
    "both 0": edits.wav_sizes(data=0, riff=0),
    "both FFFFFFFF": edits.wav_sizes(data=0xFFFF_FFFF, riff=0xFFFF_FFFF),
}
MORE = {
    "JUNK before": edits.with_chunk(b"JUNK", bytes(28)),
    "odd JUNK before": edits.with_chunk(b"JUNK", bytes(29)),
    "bext before": edits.with_chunk(b"bext", bytes(602)),
    "id3 before": edits.with_chunk(b"id3 ", edits.ID3V2),
    "unknown before": edits.with_chunk(b"xyz ", b"data" + bytes(71)),
    "empty before": edits.with_chunk(b"JUNK", b""),
    "2 MB before": edits.with_chunk(b"PAD ", bytes(2_000_001)),
    "LIST behind": edits.append(edits.chunk(b"LIST", b"INFOIART" + b"\x04\0\0\0name")),
    "id3 behind": edits.append(edits.chunk(b"id3 ", edits.ID3V2)),
    "ID3v1 behind": edits.append(edits.ID3V1),
}
for change, edit in (SIZES | MORE).items():
    for encoding, count in [("s16le", 2), ("s24le", 1), ("f32le", 2), ("u8", 1), ("alaw", 1)]:
        CELLS += cells("WAV", "PCM, unusual headers", "wav", f"-c:a pcm_{encoding} -bitexact", channels=[count],
                       edit=edit, change=change, parts=1, small=change in SIZES and encoding == "s16le")
for change in ["data 0", "data FFFFFFFF", "riff 0"]:
    for encoding in ["adpcm_ms", "adpcm_ima_wav"]:
        CELLS += cells("WAV", "ADPCM, unusual headers", "wav", f"-c:a {encoding}", length=FFMPEG,
                       edit=SIZES[change], change=change, parts=1)
for encoding in ["s16le", "s24le", "f32le", "alaw"]:
    CELLS += cells("WAV", "PCM, piped", "wav", f"-c:a pcm_{encoding} -f wav", piped=True,
                   small=encoding == "s16le")
    # Sizes as a pipe would leave them; ffmpeg cannot read such files that it writes through one.
    CELLS += cells("W64", "PCM, piped", "w64", f"-c:a pcm_{encoding} -f w64", edit=edits.w64_sizes_0,
                   change="sizes 0", parts=1)
    CELLS += cells("RF64", "PCM, piped", "wav", f"-c:a pcm_{encoding} -f wav -rf64 always", edit=edits.rf64_sizes_0,
                   change="sizes 0", parts=1)
CELLS += cells("WAV", "PCM, piped", "wav", "-b 16 -t wav", tool="sox", piped=True, channels=[1, 2])

for encoding in BIG:
    options, small = f"-c:a pcm_{encoding}", encoding in ("s24be", "f64be")
    if encoding != "f64be":
        CELLS += crossed("AIFF, AIFF-C", "PCM", "aiff", options, rates=RATES, channels=FEW_CHANNELS,
                         small=encoding in ("s16be", "s24be"))
    CELLS += crossed("AU", "PCM", "au", options, rates=RATES, channels=CHANNELS, small=small)
    CELLS += crossed("CAF", "PCM", "caf", options, rates=RATES, channels=FEW_CHANNELS, small=small)
CELLS += cells("AIFF, AIFF-C", "PCM", "aiff", "-c:a pcm_f64be", channels=[2, 1])
CELLS += cells("AIFF, AIFF-C", "PCM", "aiff", "-c:a pcm_s16le", channels=[2, 1], small=True)
for bits in ["-b 8", "-b 16", "-b 24", "-b 32"]:
    CELLS += cells("AIFF, AIFF-C", "PCM", "aiff", bits, tool="sox", channels=[1, 2])
    CELLS += cells("AIFF, AIFF-C", "PCM", "aifc", bits, tool="sox", channels=[1, 2])
    CELLS += cells("AU", "PCM", "au", f"{bits} --comment words", tool="sox", channels=[1, 2])
    CELLS += cells("CAF", "PCM", "caf", bits, tool="sox", channels=[1, 2])
for encoding in ["s16le", "s24le", "s32le", "f32le", "f64le"]:
    CELLS += cells("CAF", "PCM", "caf", f"-c:a pcm_{encoding}", channels=FEW_CHANNELS, small=encoding == "s24le")
for encoding in ["s16be", "s24be", "f32be", "mulaw"]:
    CELLS += cells("CAF", "PCM, piped", "caf", f"-c:a pcm_{encoding} -f caf", piped=True, small=encoding == "s16be")
    CELLS += cells("AU", "PCM, piped", "au", f"-c:a pcm_{encoding} -f au", piped=True, small=encoding == "s16be")
CELLS += cells("CAF", "ALAC", "caf", "-c:a alac", channels=FEW_CHANNELS, small=True)
CELLS += cells("CAF", "ALAC", "caf", "-c:a alac -sample_fmt s32p", channels=FEW_CHANNELS)
for container, extension in [("CAF", "caf"), ("AIFF, AIFF-C", "aifc")]:
    CELLS += cells(container, "ADPCM", extension, "-c:a adpcm_ima_qt", length=FFMPEG, channels=[2, 1], small=True)
