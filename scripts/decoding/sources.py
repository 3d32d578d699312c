"""Deterministic audio for the matrix. Each channel has its own tones, sweep and bursts of noise, so that
exchanged, lost or wrongly mixed channels give different samples."""

import array
import math
import pathlib
import random

TAU = 2 * math.pi


def channel(rate: int, number: int, seconds: float) -> list[float]:
    """Samples within -0.9..0.9."""
    rng = random.Random(number)
    low = 110.0 * (number + 2)
    tones = [TAU * low * ratio / rate for ratio in (1.0, 1.5, 2.02)]
    start, end = 200.0 + 90 * number, min(0.42 * rate, 16_000.0)
    sweep = (end - start) / seconds
    gain = 0.5 + 0.4 / (number + 1)
    samples = []
    for i in range(round(rate * seconds)):
        t = i / rate
        # A burst every 0.3 s, later in each channel: encoders switch windows at attacks.
        since = (t + 0.07 * number) % 0.3
        noise = rng.uniform(-1, 1) * math.exp(-since / 0.02)
        tone = sum(math.sin(step * i) for step in tones) / 3
        chirp = math.sin(TAU * (start + sweep * t / 2) * t)
        samples.append(gain * (0.5 * tone * (0.6 + 0.4 * math.sin(TAU * 3 * t)) + 0.2 * chirp + 0.25 * noise))
    return samples


def write(path: pathlib.Path, rate: int, channels: int, seconds: float, kind: str) -> None:
    """Interleaved little-endian 64-bit floats without a header."""
    if kind == "antiphase":
        first = channel(rate, 0, seconds)
        every = [first, [-x for x in first]]
    else:
        every = [channel(rate, number, seconds) for number in range(channels)]
    if kind == "over":
        every = [[4 * x for x in one] for one in every]
    interleaved = array.array("d", [x for frame in zip(*every) for x in frame])
    path.write_bytes(interleaved.tobytes())
