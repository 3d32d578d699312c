"""Samples in memory: arrays of (n_samples,) or (n_channels, n_samples)."""

from __future__ import annotations

from typing import Any

import numpy as np

from duotone.errors import AudioError, SettingsError
from duotone.paths import is_path

__all__ = ["CANCELLED", "array_of", "batch_of", "cancelled", "mono", "unscaled"]

MOST_CHANNELS = 8
# Full scale of PCM, and the value of silence.
CANCELLED = "the channels cancel each other in the mono mix: almost nothing of the sound is left"
# Floating-point samples above this are PCM that was not scaled: no recording is so loud.
_LOUD = 64.0
# As for files: the mix is 30 dB weaker than its channels, and these are not silent themselves.
_WEAKER, _SILENT = 1e-3, 1e-8
_PCM = {"int16": (2.0**15, 0.0), "int32": (2.0**31, 0.0), "uint8": (2.0**7, 2.0**7)}


def array_of(x: Any) -> np.ndarray | None:
    """A numeric array from any library, as a numpy array; `None` for anything else."""
    if isinstance(x, (list, tuple)) or not hasattr(x, "__array__"):
        return None
    array = np.asarray(x)
    return array if array.dtype.kind in "biufc" else None


def batch_of(x: Any) -> list[Any]:
    """The members of a batch.

    Raises
    ------
    TypeError
        For anything but a sequence of paths or arrays.
    """
    try:
        batch = list(x)
    except TypeError:
        batch = [x]
    for one in batch:
        if not is_path(one) and np.ndim(one) == 0:
            raise TypeError(
                f"{type(one).__name__} is not audio: give a path (str or os.PathLike), an array of "
                "samples (n_samples,) or (n_channels, n_samples), or a sequence of these"
            )
    return batch


def mono(samples: np.ndarray) -> np.ndarray:
    """The mean of the channels as contiguous float32, full scale 1.

    Raises
    ------
    AudioError
        For no samples at all.
    SettingsError
        For more than eight channels.
    TypeError
        For numbers that are neither floating-point nor PCM of 8, 16 or 32 bits.
    """
    if samples.ndim == 2 and samples.shape[0] > MOST_CHANNELS:
        raise SettingsError(
            f"samples of shape {samples.shape} have {samples.shape[0]} channels, more than "
            f"{MOST_CHANNELS}: the shape is (n_channels, n_samples); transpose the array, "
            "samples.T, if it is (n_samples, n_channels)"
        )
    pcm = _PCM.get(samples.dtype.name)
    if samples.dtype.kind != "f" and pcm is None:
        raise TypeError(
            f"samples of type {samples.dtype}: floating-point numbers within -1..1 and PCM of "
            f"type {', '.join(_PCM)} are taken"
        )
    if samples.size == 0:
        raise AudioError(f"an array of shape {samples.shape} holds no samples")
    if samples.ndim == 2:
        samples = samples.mean(axis=0)
    return np.ascontiguousarray(_full_scale(samples, pcm), dtype=np.float32)


def cancelled(samples: np.ndarray, mix: np.ndarray) -> bool:
    """Whether the channels cancel each other, so that the mix is almost silent."""
    if samples.ndim != 2 or samples.shape[0] < 2:
        return False
    pcm = _PCM.get(samples.dtype.name)
    power = np.mean([np.mean(np.square(_full_scale(s, pcm), dtype=float)) for s in samples])
    return bool(power > _SILENT and np.mean(np.square(mix, dtype=float)) < _WEAKER * power)


def unscaled(samples: np.ndarray, mix: np.ndarray) -> str | None:
    """A warning if floating-point samples have the full scale of PCM, not 1."""
    if samples.dtype.kind != "f":
        return None
    peak = max(float(mix.max()), -float(mix.min()))
    if peak <= _LOUD:
        return None
    return (
        f"samples reach {peak:.0f}, but full scale is 1: divide PCM that was turned into "
        "floating-point numbers by its own full scale, or pass it as the integers it was"
    )


def _full_scale(samples: np.ndarray, pcm: tuple[float, float] | None) -> np.ndarray:
    """Samples as floating-point numbers within -1..1."""
    return samples if pcm is None else (samples - pcm[1]) / pcm[0]
