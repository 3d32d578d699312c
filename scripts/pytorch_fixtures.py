#!/usr/bin/env python3
"""Makes the PyTorch fixtures of duotone-nn: one complete training step of Models 1, 2 and 3, and three
steps of a small network of the shape of `deep`.

    pip install --no-deps torch numpy safetensors filelock typing_extensions sympy mpmath networkx \
        jinja2 markupsafe fsspec setuptools
    python3 scripts/pytorch_fixtures.py [model1 model2 model3 deep]

Kernels, pools and input are the paper's; filters, dense units and batch are small, to keep the files
small. Each file contains weights, batch, labels, loss, logits with and without dropout, and the
gradient of every weight. A seed is only used if the best two values of every pooling window differ by
at least 1e-5: otherwise two correct implementations may keep different positions.

The file of `deep` contains the same, and the weights and running statistics after one and three steps of
AdamW and of SGD with momentum, all on the same batch. There the best value of a window must also be at
least 1e-5 from 0, where ReLU's slope changes.
"""

import os
import pathlib
import sys

import torch
import torch.nn.functional as F
from safetensors.torch import save_file

import deep_fixture

OUT = pathlib.Path(__file__).parent.parent / "crates/duotone-nn/tests/fixtures"
PIPELINES = {
    "model1": [((10, 12), (1, 20))],
    "model2": [((14, 15), (1, 17)), ((4, 8), (15, 1))],
    "model3": [((10, 12), (1, 20)), ((10, 34), (1, 20))],
}
FILTERS, DENSE, CLASSES, BATCH, SLOPE, DROPOUT = 3, 5, 4, 4, 0.3, 0.2
STEP = 7


def philox(key, stream, count):
    """The first words of Philox4x32-10 for a stream, as in duotone_nn::random."""
    words = []
    for block in range(-(-count // 4)):
        c = [block, 0, stream & 0xFFFFFFFF, stream >> 32]
        k = [key & 0xFFFFFFFF, key >> 32]
        for _ in range(10):
            p, q = c[0] * 0xD2511F53, c[2] * 0xCD9E8D57
            c = [(q >> 32) ^ c[1] ^ k[0], q & 0xFFFFFFFF, (p >> 32) ^ c[3] ^ k[1], p & 0xFFFFFFFF]
            k = [(k[0] + 0x9E3779B9) & 0xFFFFFFFF, (k[1] + 0xBB67AE85) & 0xFFFFFFFF]
        words += c
    return words[:count]


def dropout_mask(seed, step):
    """The mask that duotone draws for a step: a unit is kept if its word is large enough."""
    words = torch.tensor(philox(seed ^ 0x64726F706F757400, step, BATCH * DENSE))
    return (words >= int(DROPOUT * 2**32)).float().view(BATCH, DENSE) / (1 - DROPOUT)


def network(weights, pipelines, x, mask):
    maps, gap = [], float("inf")
    for i, (_, pool) in enumerate(pipelines):
        w, b = weights[f"pipeline{i}.weight"], weights[f"pipeline{i}.bias"]
        y = F.leaky_relu(F.conv2d(x[:, None], w[:, None], b), SLOPE)
        windows = y.detach().unfold(2, pool[0], pool[0]).unfold(3, pool[1], pool[1])
        best = windows.flatten(4).topk(2).values
        gap = min(gap, (best[..., 0] - best[..., 1]).min().item())
        maps.append(F.max_pool2d(y, pool).flatten(1))
    hidden = torch.sigmoid(F.linear(torch.cat(maps, 1), weights["dense.weight"], weights["dense.bias"]))
    return F.linear(hidden * mask, weights["output.weight"], weights["output.bias"]), gap


def draw(pipelines, seed):
    """Glorot-uniform weights, small biases, a standard normal batch."""
    g = torch.Generator().manual_seed(seed)
    weights, features = {}, 0
    for i, (kernel, pool) in enumerate(pipelines):
        taps = kernel[0] * kernel[1]
        limit = (6 / (taps + taps * FILTERS)) ** 0.5
        weights[f"pipeline{i}.weight"] = (torch.rand(FILTERS, *kernel, generator=g) * 2 - 1) * limit
        weights[f"pipeline{i}.bias"] = torch.randn(FILTERS, generator=g) * 0.1
        features += FILTERS * ((41 - kernel[0]) // pool[0]) * ((81 - kernel[1]) // pool[1])
    for name, outputs, inputs in [("dense", DENSE, features), ("output", CLASSES, DENSE)]:
        limit = (6 / (inputs + outputs)) ** 0.5
        weights[f"{name}.weight"] = (torch.rand(outputs, inputs, generator=g) * 2 - 1) * limit
        weights[f"{name}.bias"] = torch.randn(outputs, generator=g) * 0.1
    x = torch.randn(BATCH, 40, 80, generator=g)
    return weights, x, dropout_mask(seed, STEP)


def single_layer(name):
    """One step of a network of the paper."""
    pipelines = PIPELINES[name]
    labels = torch.arange(BATCH) % CLASSES
    for seed in range(1000):
        weights, x, mask = draw(pipelines, seed)
        # Computed in f64 from values that are exact in f32, so the fixture itself has no rounding error.
        wide = {k: v.double().requires_grad_() for k, v in weights.items()}
        logits, gap = network(wide, pipelines, x.double(), mask.double())
        if gap >= 1e-5:
            break
    else:
        raise SystemExit(f"{name}: no seed without near-ties")
    loss = F.cross_entropy(logits, labels)
    loss.backward()
    plain, _ = network(wide, pipelines, x.double(), torch.ones_like(mask).double())
    tensors = {f"weights/{k}": v for k, v in weights.items()}
    tensors |= {f"gradients/{k}": v.grad for k, v in wide.items()}
    tensors |= {"inputs": x, "labels": labels, "loss": loss[None]}
    tensors |= {"logits": logits, "logits_without_dropout": plain}
    write(name, tensors, {"seed": str(seed), "step": str(STEP), "smallest_gap": f"{gap:.3e}"})


def write(name, tensors, meta):
    """Writes a fixture; all but the loss is stored in f32."""
    narrow = {k: v.detach().contiguous() if k == "loss" else v.detach().float().contiguous() for k, v in tensors.items()}
    meta = {"torch": torch.__version__, **meta}
    temporary = OUT / f"{name}.safetensors.new"
    save_file(narrow, temporary, meta)
    os.replace(temporary, OUT / f"{name}.safetensors")
    print(name, meta, f"{(OUT / f'{name}.safetensors').stat().st_size} bytes")


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    for name in sys.argv[1:] or [*PIPELINES, "deep"]:
        if name == "deep":
            deep_fixture.make(write, philox)
        else:
            single_layer(name)


if __name__ == "__main__":
    main()
