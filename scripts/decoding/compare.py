"""Compares samples."""

import array
import math


def mono(interleaved: array.array, channels: int) -> list[float]:
    if channels == 1:
        return interleaved.tolist()
    frames = zip(*(interleaved[channel::channels] for channel in range(channels)))
    return [sum(frame) / channels for frame in frames]


def largest_difference(ours: list[float], theirs: list[float]) -> float:
    return max((abs(a - b) for a, b in zip(ours, theirs)), default=0.0)


def decibels(ours: list[float], theirs: list[float]) -> float:
    """The signal-to-noise ratio, where the noise is the difference; at most 200."""
    signal = sum(x * x for x in theirs[: len(ours)])
    noise = sum((a - b) ** 2 for a, b in zip(ours, theirs))
    if noise <= signal * 1e-20:
        return 200.0
    return 10 * math.log10(signal / noise) if signal > 0 else -math.inf


def first_difference(ours: list[float], theirs: list[float], more_than: float) -> int | None:
    return next((i for i, (a, b) in enumerate(zip(ours, theirs)) if abs(a - b) > more_than), None)


def shift(ours: list[float], theirs: list[float], most: int = 3000) -> int | None:
    """By how many samples `theirs` is shifted in `ours`, if that explains the difference."""
    length, at = 400, min(len(theirs), len(ours)) // 2
    piece = theirs[at : at + length]
    best, found = 20.0, None
    for lag in range(-min(most, at), most):
        here = ours[at + lag : at + lag + length]
        if len(here) == length and abs(here[0] - piece[0]) < 0.05:
            ratio = decibels(here, piece)
            if ratio > best:
                best, found = ratio, lag
    return found
