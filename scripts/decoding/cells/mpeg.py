"""MP3, MP2 and AAC as plain streams of frames."""

from .. import edits
from ..cell import FFMPEG, LOSSY, SOURCE, Cell, cells

CELLS: list[Cell] = []

MPEG_1, MPEG_2, MPEG_25 = [44_100, 48_000, 32_000], [22_050, 24_000, 16_000], [11_025, 12_000, 8_000]


def mp3(codec: str, options: str, length: str = SOURCE, **rest) -> list[Cell]:
    """A LAME header, if present, states where the audio starts and ends."""
    return cells("MP3", codec, "mp3", options, expect=LOSSY, length=length, **rest)


for rate in MPEG_1 + MPEG_2 + MPEG_25:
    bits, quality = ("64k", 7) if rate < 32_000 else ("128k", 4)
    # ffmpeg decodes MP3 at 24 kHz wrongly: mpg123 agrees with duotone, and both are closer to the source.
    if rate == 24_000:
        continue
    for count in [2, 1]:
        first = count == 2 and rate in (44_100, 22_050, 11_025)
        CELLS += mp3("CBR", f"-c:a libmp3lame -b:a {bits}", rates=[rate], channels=[count], small=first)
        CELLS += mp3("VBR", f"-c:a libmp3lame -q:a {quality}", rates=[rate], channels=[count], small=rate == 44_100)
        plain = "-write_xing 0 -id3v2_version 0"
        CELLS += mp3("CBR without a header", f"-c:a libmp3lame -b:a {bits} {plain}", FFMPEG, rates=[rate],
                     channels=[count], small=rate == 48_000)
        CELLS += mp3("VBR without a header", f"-c:a libmp3lame -q:a {quality} {plain}", FFMPEG, rates=[rate],
                     channels=[count], small=rate == 16_000)
for bits in [32, 40, 48, 56, 64, 80, 96, 112, 160, 192, 224, 256, 320]:
    CELLS += mp3("CBR", f"-c:a libmp3lame -b:a {bits}k")
    CELLS += mp3("CBR", f"-c:a libmp3lame -b:a {bits}k -joint_stereo 0")
for quality in [0, 2, 7, 9]:
    CELLS += mp3("VBR", f"-c:a libmp3lame -q:a {quality}", channels=[2, 1])
CELLS += mp3("ABR", "-c:a libmp3lame -b:a 120k -abr 1", channels=[2, 1])
CELLS += mp3("CBR", "-c:a libmp3lame -b:a 128k -reservoir 0")
CELLS += mp3("CBR", "-c:a libmp3lame -b:a 128k -id3v2_version 3 -write_id3v1 1")
CELLS += mp3("CBR", "-c:a libmp3lame -b:a 128k -f mp3", FFMPEG, piped=True)
CELLS += mp3("CBR", "-c:a libmp3lame -b:a 64k", seconds=30, rates=[22_050], channels=[1])
CELLS += mp3("VBR without a header", "-c:a libmp3lame -q:a 7 -write_xing 0", FFMPEG, seconds=30, rates=[22_050],
             channels=[1])
for rate in MPEG_1:
    CELLS += mp3("encoded by Shine", "-c:a libshine -b:a 128k", FFMPEG, rates=[rate], channels=[2, 1])

PLAIN = "-c:a libmp3lame -b:a 128k -write_xing 0 -id3v2_version 0 -reservoir 0"
WITH_HEADER = "-c:a libmp3lame -b:a 128k"
for options, small in [(PLAIN, False), (WITH_HEADER, True)]:
    CELLS += mp3("concatenated", options, FFMPEG, edit=edits.repeated(2), change="twice", small=small)
    CELLS += mp3("concatenated", options, FFMPEG, edit=edits.repeated(3), change="three times", channels=[1])
# A frame count that is too low, but not zero, makes ffmpeg cut the padding out of the middle.
for change, edit in {
    "Xing count 0": edits.xing_count(0),
    "Xing count 10000": edits.xing_count(10_000),
}.items():
    CELLS += mp3("wrong header", WITH_HEADER, FFMPEG, edit=edit, change=change, small=change == "Xing count 0")
for change, edit in {
    "ID3v2 twice before": edits.prepend(edits.ID3V2 * 2),
    "zeros before": edits.prepend(bytes(3000)),
    "APE tag behind": edits.append(edits.APE_TAG),
    "ID3v1 behind": edits.append(edits.ID3V1),
    "zeros behind": edits.append(bytes(3000)),
    "text behind": edits.append(b"a line of text\n" * 100),
}.items():
    for options, length in [(PLAIN, FFMPEG), (WITH_HEADER, SOURCE)]:
        CELLS += mp3("with other data around it", options, length, edit=edit, change=change, parts=1)

for encoder in ["mp2", "libtwolame"]:
    for rate in MPEG_1 + MPEG_2:
        for count in [2, 1]:
            first = encoder == "mp2" and count == 2 and rate in (44_100, 22_050)
            CELLS += cells("MP2", "MP2", "mp2", f"-c:a {encoder} -b:a {192 if rate >= 32_000 else 96}k" if count == 2
                           else f"-c:a {encoder} -b:a {96 if rate >= 32_000 else 48}k", expect=LOSSY,
                           length=FFMPEG, rates=[rate], channels=[count], small=first)
for bits in [64, 96, 128, 256, 320, 384]:
    CELLS += cells("MP2", "MP2", "mp2", f"-c:a mp2 -b:a {bits}k", expect=LOSSY, length=FFMPEG)
for mode in ["stereo", "joint_stereo", "dual_channel"]:
    CELLS += cells("MP2", "MP2", "mp2", f"-c:a libtwolame -b:a 128k -mode {mode}", expect=LOSSY, length=FFMPEG)
CELLS += cells("MP2", "MP2", "mp2", "-c:a libtwolame -b:a 128k -error_protection 1", expect=LOSSY, length=FFMPEG)
CELLS += cells("MP2", "MP2", "mp2", "-c:a mp2 -b:a 64k", expect=LOSSY, length=FFMPEG, seconds=30, channels=[1])

# With noise substitution, each decoder makes its own noise: switched off where samples are compared.
AAC = "-c:a aac -aac_pns 0"
OTHER_AAC = {"AAC Main": "-profile:a aac_main", "AAC-LTP": "-profile:a aac_ltp -strict -2"}
for rate in [44_100, 8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 48_000, 64_000, 88_200, 96_000]:
    CELLS += cells("ADTS", "AAC-LC", "aac", f"{AAC} -b:a 96k", expect=LOSSY, length=FFMPEG, rates=[rate],
                   channels=[2, 1], small=rate in (44_100, 24_000))
for more in ["-aac_coder fast", "-aac_is 0", "-aac_tns 0", "-aac_ms 1 -aac_is 0", "-b:a 32k", "-b:a 256k",
             "-profile:a mpeg2_aac_low"]:
    CELLS += cells("ADTS", "AAC-LC", "aac", f"{AAC} {more}", expect=LOSSY, length=FFMPEG)
CELLS += cells("ADTS", "AAC-LC, 3 to 8 channels", "aac", f"{AAC} -b:a 256k", expect=LOSSY, length=FFMPEG,
               channels=[3, 4, 5, 6, 8])
for codec, more in OTHER_AAC.items():
    CELLS += cells("ADTS", codec, "aac", f"{AAC} {more}", expect=LOSSY, length=FFMPEG, channels=[2, 1],
                   rates=[44_100, 22_050])
CELLS += cells("ADTS", "AAC-LC", "aac", f"{AAC} -b:a 48k", expect=LOSSY, length=FFMPEG, seconds=30, rates=[22_050],
               channels=[1])
CELLS += cells("ADTS", "AAC-LC", "aac", f"{AAC} -b:a 96k", expect=LOSSY, length=FFMPEG, edit=edits.prepend(edits.ID3V2),
               change="ID3v2 before", parts=1)
