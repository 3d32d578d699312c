"""Reads a model that duotone wrote and cuts spectrograms into its segments, so that the other programs
can classify in the same way."""

import numpy as np
from safetensors.numpy import load_file

FRAMES, STEP = 80, 81


def tensors(path) -> dict:
    return load_file(path)


def segments(log_mel: np.ndarray, model: dict) -> np.ndarray:
    """Standardised consecutive segments, n × 1 × bands × frames, of a spectrogram bands × frames."""
    scaled = (log_mel - model["scaler.mean"][:, None]) / model["scaler.deviation"][:, None]
    starts = range(0, scaled.shape[1] - FRAMES + 1, STEP)
    return np.stack([scaled[:, s : s + FRAMES] for s in starts])[:, None].astype(np.float32)
