"""Classifies one file with only PyTorch and libsndfile: ``torch_script.py MODEL FILE``.

Imports as little as possible; prints the probabilities as JSON.
"""

import json
import os
import sys

import numpy as np
import soundfile
import torch
from safetensors.torch import load_file

RATE, WINDOW, HOP, BANDS, FRAMES, STEP = 44_100, 3072, 1536, 40, 80, 81


def filterbank():
    """Slaney's triangles of unit area, 0 Hz to Nyquist."""
    def mel(hertz):
        return hertz * 3 / 200 if hertz < 1000 else 15 + np.log(hertz / 1000) * 27 / np.log(6.4)

    mels = np.linspace(0, mel(RATE / 2), BANDS + 2)
    edges = np.where(mels < 15, mels * 200 / 3, 1000 * np.exp((mels - 15) * np.log(6.4) / 27))
    bins = np.arange(WINDOW // 2 + 1) * RATE / WINDOW
    rise = (bins - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    fall = (edges[2:, None] - bins) / (edges[2:] - edges[1:-1])[:, None]
    return np.maximum(0, np.minimum(rise, fall)) * (2 / (edges[2:] - edges[:-2]))[:, None]


def main(model_path, path):
    torch.set_num_threads(int(os.environ["OMP_NUM_THREADS"]))
    model = load_file(model_path)
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == RATE
    samples = torch.from_numpy(samples.mean(axis=1))
    spectrum = torch.stft(samples, WINDOW, HOP, window=torch.hann_window(WINDOW), center=False, return_complex=True)
    power = torch.from_numpy(filterbank().astype(np.float32)) @ spectrum.abs().square()
    scaled = (power.clamp(min=1e-10).log10() - model["scaler.mean"][:, None]) / model["scaler.deviation"][:, None]
    x = torch.stack([scaled[:, s : s + FRAMES] for s in range(0, scaled.shape[1] - FRAMES + 1, STEP)])[:, None]
    maps = []
    for i, pool in enumerate([(1, 17), (15, 1)]):
        y = torch.conv2d(x, model[f"pipeline{i}.weight"][:, None], model[f"pipeline{i}.bias"])
        maps.append(torch.max_pool2d(torch.nn.functional.leaky_relu(y, 0.3), pool).flatten(1))
    hidden = torch.sigmoid(torch.cat(maps, 1) @ model["dense.weight"].T + model["dense.bias"])
    logits = hidden @ model["output.weight"].T + model["output.bias"]
    print(json.dumps(logits.softmax(1).mean(0).tolist()))


if __name__ == "__main__":
    with torch.inference_mode():
        main(*sys.argv[1:])
