"""The fixture `deep` of pytorch_fixtures.py: three training steps of a small network of that shape."""

import math

import torch
import torch.nn.functional as F

BANDS, FRAMES, CLASSES, BATCH, DROPOUT, SLOPE = 48, 64, 4, 5, 0.25, 0.2
# Filters and pool of each block of the tower; all kernels are 3×3.
BLOCKS = [(3, (2, 2)), (5, (2, 2)), (4, (2, 2)), (6, (3, 2))]
# Cepstral coefficients in the other pipeline, which has filters for their changes, too.
COEFFICIENTS = 4
FEATURES = 2 * BLOCKS[-1][0] + 4 * COEFFICIENTS
STEPS = 3
OPTIMIZERS = {
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=0.004, weight_decay=0.01),
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=0.02, momentum=0.9),
}


def draw(seed):
    """Glorot-uniform weights, some negative scales, running statistics unlike the batch's, a normal batch."""
    g = torch.Generator().manual_seed(seed)
    weights, channels = {}, 1
    for i, (filters, _) in enumerate(BLOCKS):
        limit = (6 / (9 * (channels + filters))) ** 0.5
        name = f"pipeline0.block{i}"
        weights[f"{name}.weight"] = (torch.rand(filters, channels, 3, 3, generator=g) * 2 - 1) * limit
        scale = torch.rand(filters, generator=g) + 0.5
        scale[0] *= -1
        weights[f"{name}.norm.weight"] = scale
        weights[f"{name}.norm.bias"] = torch.randn(filters, generator=g) * 0.1
        weights[f"{name}.norm.mean"] = torch.randn(filters, generator=g) * 0.1
        weights[f"{name}.norm.variance"] = torch.rand(filters, generator=g) + 0.5
        channels = filters
    weights["pipeline1.block0.weight"] = cepstrum()
    weights["pipeline1.block0.bias"] = torch.zeros(2 * COEFFICIENTS)
    limit = (6 / (FEATURES + CLASSES)) ** 0.5
    weights["output.weight"] = (torch.rand(CLASSES, FEATURES, generator=g) * 2 - 1) * limit
    weights["output.bias"] = torch.randn(CLASSES, generator=g) * 0.1
    return weights, torch.randn(BATCH, BANDS, FRAMES, generator=g)


def cepstrum():
    """The orthonormal DCT-II of each frame, and half the difference between the next frame's and the last one's."""
    k, band = torch.arange(COEFFICIENTS)[:, None], torch.arange(BANDS)[None]
    dct = (2 / BANDS) ** 0.5 * torch.cos(math.pi * k.double() * (band + 0.5) / BANDS)
    dct[0] /= 2**0.5
    filters = torch.zeros(2 * COEFFICIENTS, 1, BANDS, 3)
    filters[:COEFFICIENTS, 0, :, 1] = dct
    filters[COEFFICIENTS:, 0, :, 0], filters[COEFFICIENTS:, 0, :, 2] = -dct / 2, dct / 2
    return filters


def is_trained(name):
    return not name.endswith(("norm.mean", "norm.variance")) and not name.startswith("pipeline1")


def margin(values, window):
    """How far any maximum is from another position's, or from 0."""
    windows = values.detach().unfold(2, window[0], window[0]).unfold(3, window[1], window[1])
    best, second = windows.flatten(4).topk(2).values.unbind(-1)
    return min(best.abs().min(), (best - second).min()).item()


def network(weights, x, mask):
    """Logits with the batch's statistics, and the smallest margin; without a mask, those of inference."""
    y, smallest = x[:, None], float("inf")
    for i, (_, pool) in enumerate(BLOCKS):
        name = f"pipeline0.block{i}"
        y = F.conv2d(y, weights[f"{name}.weight"], padding=1)
        norm = [weights[f"{name}.norm.{what}"] for what in ("mean", "variance", "weight", "bias")]
        y = F.batch_norm(y, *norm, training=mask is not None, momentum=0.1, eps=1e-5)
        smallest = min(smallest, margin(y, pool))
        y = F.max_pool2d(F.leaky_relu(y, SLOPE), pool)
    y = y.mean(2)
    smallest = min(smallest, margin(y[:, :, None], (1, y.shape[2])))
    tower = torch.stack([y.mean(2), y.amax(2)], 2).flatten(1)
    y = F.conv2d(x[:, None], weights["pipeline1.block0.weight"], weights["pipeline1.block0.bias"])
    y = F.leaky_relu(y[:, :, 0], SLOPE)
    cepstral = torch.stack([y.mean(2), y.std(2, correction=0)], 2).flatten(1)
    features = torch.cat([tower, cepstral], 1)
    if mask is not None:
        features = features * mask
    return F.linear(features, weights["output.weight"], weights["output.bias"]), smallest


def widen(weights):
    """Values exact in f32 as f64, so that the fixture itself has no rounding error."""
    return {k: v.double().requires_grad_(is_trained(k)) for k, v in weights.items()}


def make(write, philox):
    """Makes the fixture with the first seed whose margins are wide enough in every step."""
    labels = torch.arange(BATCH) * 3 % CLASSES
    for seed in range(10_000):
        weights, x = draw(seed)
        x = x.double()
        inference, smallest = network(widen(weights), x, None)
        tensors = {f"weights/{k}": v for k, v in weights.items()}
        tensors |= {"inputs": x, "labels": labels, "logits_without_dropout": inference}
        for name, optimizer in OPTIMIZERS.items():
            wide = widen(weights)
            optimizer = optimizer([v for v in wide.values() if v.requires_grad])
            for step in range(STEPS):
                words = torch.tensor(philox(seed ^ 0x64726F706F757400, step, BATCH * FEATURES))
                kept = words >= int(DROPOUT * 2**32)
                logits, gap = network(wide, x, kept.double().view(BATCH, -1) / (1 - DROPOUT))
                smallest = min(smallest, gap)
                loss = F.cross_entropy(logits, labels)
                optimizer.zero_grad()
                loss.backward()
                if step == 0:
                    tensors |= {"logits": logits, "loss": loss[None]}
                    new = {k: v.grad if is_trained(k) else v for k, v in wide.items()}
                    tensors |= {f"gradients/{k}": v.detach().clone() for k, v in new.items()}
                optimizer.step()
                if step in (0, STEPS - 1):
                    after = {k: v.detach().clone() for k, v in wide.items()}
                    tensors |= {f"{name}/{step + 1}/{k}": v for k, v in after.items()}
        if smallest >= 1e-5:
            return write("deep", tensors, {"seed": str(seed), "smallest_gap": f"{smallest:.3e}"})
    raise SystemExit("deep: no seed without near-ties")
