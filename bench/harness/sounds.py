"""Synthetic music: the same everywhere, and free of copyright."""

import subprocess
import wave
from pathlib import Path

import numpy as np

RATE = 44_100
CLIP_SECONDS, LONG_SECONDS = 30, 240
CLIPS = 100
ENCODERS = {
    "mp3": ["-codec:a", "libmp3lame", "-b:a", "128k"],
    "ogg": ["-codec:a", "libvorbis", "-q:a", "4"],
    "flac": ["-codec:a", "flac"],
    "wav": ["-codec:a", "pcm_s16le"],
}


def music(seconds: float, seed: int = 0) -> np.ndarray:
    """Chords, a beat and a hiss in two channels: samples × 2, 32-bit floats within ±1."""
    random = np.random.default_rng(seed)
    count = int(seconds * RATE)
    out = random.normal(0, 0.01, (count, 2)).astype(np.float32)
    for start in range(0, count, RATE // 2):
        length = min(RATE, count - start)
        t = np.arange(length, dtype=np.float32) / RATE
        decay = np.exp(-3 * t)
        for note in random.choice([0, 2, 4, 7, 9, 12, 16, 19, 24], 3, replace=False):
            base, pan = 110 * 2 ** (note / 12), random.uniform(0.2, 0.8)
            tone = sum(np.sin(2 * np.pi * base * h * t) / h for h in range(1, 7)) * decay * 0.08
            out[start : start + length] += tone[:, None] * np.array([pan, 1 - pan], np.float32)
        hit = random.normal(0, 0.2, length).astype(np.float32) * np.exp(-40 * t)
        out[start : start + length] += hit[:, None]
    return np.clip(out, -1, 1)


def mono(seconds: float, seed: int = 0) -> np.ndarray:
    return music(seconds, seed).mean(axis=1)


def windows(count: int) -> list[np.ndarray]:
    """Mono clips from one long piece, each starting a second after the one before."""
    piece = mono(CLIP_SECONDS + count)
    return [piece[i * RATE : (i + CLIP_SECONDS) * RATE] for i in range(count)]


def ffmpeg(*words) -> None:
    subprocess.run(["ffmpeg", "-nostdin", "-loglevel", "error", "-y", *map(str, words)], check=True)


def encode(samples: np.ndarray, path: Path) -> None:
    """Encodes by the extension of the name; the file has another name until it is complete."""
    raw, part = path.with_suffix(".raw"), path.with_name(f"part-{path.name}")
    samples.astype("<f4").tofile(raw)
    channels = 1 if samples.ndim == 1 else samples.shape[1]
    ffmpeg("-f", "f32le", "-ar", RATE, "-ac", channels, "-i", raw, *ENCODERS[path.suffix[1:]], part)
    raw.unlink()
    part.rename(path)


def clips(cache: Path, count: int = CLIPS) -> list[Path]:
    """MP3 files of 30 s, all different: windows of one long piece."""
    paths = [cache / f"clip-{i:03}.mp3" for i in range(count)]
    if not all(path.exists() for path in paths):
        piece = music(CLIP_SECONDS + CLIPS)
        for i, path in enumerate(paths):
            if not path.exists():
                encode(piece[i * RATE : (i + CLIP_SECONDS) * RATE], path)
    return paths


def long(cache: Path, kind: str) -> Path:
    """Four minutes as ``mp3``, ``flac``, ``ogg`` or ``wav``."""
    path = cache / f"long.{kind}"
    if not path.exists():
        encode(music(LONG_SECONDS, 1), path)
    return path


def short(cache: Path, kind: str) -> Path:
    """A tenth of a second, to measure the start-up time of decoding."""
    path = cache / f"short.{kind}"
    if not path.exists():
        encode(music(0.1, 2), path)
    return path


def hours(cache: Path, count: int) -> Path:
    """Hours of MP3: the long piece without its header, repeated."""
    path, part = cache / f"hours-{count}.mp3", cache / "part-hours.mp3"
    if not path.exists():
        bare = cache / "bare.mp3"
        ffmpeg("-i", long(cache, "wav"), *ENCODERS["mp3"], "-write_xing", 0, "-id3v2_version", 0, bare)
        with part.open("wb") as out:
            for _ in range(count * 3600 // LONG_SECONDS):
                out.write(bare.read_bytes())
        part.rename(path)
    return path


def collection(cache: Path, count: int) -> Path:
    """A folder of two labels with WAV files of 30 s at 22.05 kHz, all different."""
    folder = cache / f"collection-{count}"
    if not (folder / "whole").exists():
        rate = RATE // 2
        piece = (mono(CLIP_SECONDS + 60, 3)[::2] * 20_000).astype("<i2")
        random = np.random.default_rng(4)
        for i in range(count):
            path = folder / ["chords", "hiss"][i % 2] / f"{i:04}.wav"
            path.parent.mkdir(parents=True, exist_ok=True)
            start = int(random.integers(0, 60 * rate))
            samples = piece[start : start + CLIP_SECONDS * rate] // [1, 2][i % 2]
            if i % 2:
                samples = samples + random.integers(-2000, 2000, len(samples))
            write_wave(path, samples.astype("<i2"), rate)
        (folder / "whole").touch()
    return folder


def write_wave(path: Path, samples: np.ndarray, rate: int) -> None:
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(samples.tobytes())
