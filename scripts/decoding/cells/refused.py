"""Formats that are not supported and must be refused by name."""

from collections.abc import Callable

from .. import edits
from ..cell import REFUSED, Cell, cells

CELLS: list[Cell] = []


def refused(codec: str, words: str, extension: str, options: str, **rest) -> None:
    CELLS.extend(cells("not read", codec, extension, options, expect=REFUSED, words=words, **rest))


WMA = r"WMA|Windows Media"
refused("WMA", WMA, "wma", "-c:a wmav1")
refused("WMA", WMA, "wma", "-c:a wmav2", small=True)
refused("AC-3", r"\bAC-3", "ac3", "-c:a ac3", channels=[2, 6], small=True)
refused("E-AC-3", r"E-AC-3", "eac3", "-c:a eac3", channels=[2, 6], small=True)
refused("DTS", r"DTS", "dts", "-c:a dca -strict -2", channels=[2, 6], small=True)
refused("TTA", r"TTA|True Audio", "tta", "-c:a tta", small=True)
refused("WavPack", r"WavPack", "wv", "-c:a wavpack", small=True)
refused("Speex", r"Speex", "spx", "-c:a libspeex", rates=[16_000], channels=[1], small=True)
refused("Opus without a layout", r"Opus", "opus", "-c:a libopus -mapping_family 255", rates=[48_000], channels=[3, 6])
refused("TrueHD", r"TrueHD", "thd", "-c:a truehd -strict -2", small=True)
refused("MLP", r"MLP|Meridian", "mlp", "-c:a mlp -strict -2")
refused("RealAudio", r"Real", "rm", "-c:a real_144", rates=[8_000], channels=[1])
refused("LATM", r"LATM|LOAS", "latm", "-c:a aac -f latm")
refused("ADX", r"ADX", "adx", "-c:a adpcm_adx")
refused("Flash video", r"FLV|Flash", "flv", "-c:a libmp3lame")
refused("AVI", r"AVI", "avi", "-c:a libmp3lame")
refused("MPEG transport stream", r"MPEG.TS|transport stream", "ts", "-c:a mp2")
refused("MPEG program stream", r"MPEG.PS|program stream", "mpg", "-c:a mp2")
refused("VOC", r"VOC|Creative", "voc", "-c:a pcm_u8")
for extension in ["mp4", "mka", "mov"]:
    refused("AC-3", r"\bAC-3", extension, "-c:a ac3", small=extension == "mka")
    refused("E-AC-3", r"E-AC-3", extension, "-c:a eac3")
for extension in ["mp4", "mka"]:
    refused("DTS", r"DTS", extension, "-c:a dca -strict -2")
    refused("TrueHD", r"TrueHD", extension, "-c:a truehd -strict -2")
refused("WavPack", r"WavPack", "mka", "-c:a wavpack")
refused("TTA", r"TTA|True Audio", "mka", "-c:a tta")
refused("Windows codecs in Matroska", r"A_MS/ACM", "mka", "-c:a libspeex", rates=[16_000], channels=[1])
refused("MP2 in QuickTime", r"\.mp2", "mov", "-c:a mp2 -b:a 192k")
refused("PCM of 8 bits in Matroska", r"A_PCM", "mka", "-c:a pcm_u8", small=True)
for encoding in ["pcm_alaw", "pcm_mulaw", "adpcm_ms", "adpcm_ima_wav"]:
    refused("Windows codecs in Matroska", r"A_MS/ACM", "mka", f"-c:a {encoding}")
refused("FLAC streams chained in Ogg", r"several FLAC streams", "oga", "-c:a flac", edit=edits.ogg_chain,
        change="chained", small=True)
refused("AC-3", r"\bAC-3", "wav", "-c:a ac3")
refused("WMA", WMA, "wav", "-c:a wmav2")
refused("GSM", r"GSM", "wav", "-c:a libgsm_ms", rates=[8_000], channels=[1])
refused("G.722", r"G\.722", "wav", "-c:a g722", rates=[16_000], channels=[1])
refused("G.726", r"G\.726", "wav", "-c:a g726", rates=[8_000], channels=[1])
refused("Yamaha ADPCM", r"Yamaha", "wav", "-c:a adpcm_yamaha")
refused("QuickTime ADPCM", r"ADPCM", "mov", "-c:a adpcm_ima_qt")


def head(content: bytes) -> Callable[[bytes], bytes]:
    return lambda _: content + bytes(range(256)) * 40


# Formats that ffmpeg cannot write, by their first bytes.
for codec, words, content in [
    ("APE", r"APE|Monkey", b"MAC \x96\x0f\0\0"),
    ("DSD", r"DSD", b"DSD \x1c\0\0\0\0\0\0\0"),
    ("DSD", r"DSD", b"FRM8\0\0\0\0\0\0\x10\0DSD FVER"),
    ("Musepack", r"Musepack", b"MPCKSH"),
    ("Musepack", r"Musepack", b"MP+\x07"),
    ("AMR", r"AMR", b"#!AMR\n"),
    ("AMR", r"AMR", b"#!AMR-WB\n"),
    ("MIDI", r"MIDI", b"MThd\0\0\0\x06\0\x01\0\x02"),
    ("TAK", r"TAK", b"tBaK\0\0\0\0"),
    ("OptimFROG", r"OptimFROG", b"OFR \x0c\0\0\0"),
    ("Shorten", r"Shorten", b"ajkg\x02"),
]:
    refused(codec, words, "bin", "-c:a pcm_u8 -f wav", edit=head(content), change=repr(content[:8]))
