"""A trained model as duotone writes it, and how a file's spectrogram is decided on: what the other
sides need to do the same."""

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
