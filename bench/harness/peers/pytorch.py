"""PyTorch on the CPU: eager, channels_last and compiled."""

import numpy as np
import torch
from safetensors import safe_open
from torch import nn

from harness import deep
from harness.network import CHECKED_STEPS, DROPOUT, LEARNING_RATE, PIPELINES, SLOPE, TORCH_MODES
from harness.peers.torch_deep import Deep


class Parallel(nn.Module):
    """The paper's network as it is usually written in PyTorch."""

    def __init__(self, pipelines, tensors, dropout):
        super().__init__()
        self.pipelines = nn.ModuleList(
            nn.Sequential(nn.Conv2d(1, f, k), nn.LeakyReLU(SLOPE), nn.MaxPool2d(p), nn.Flatten())
            for f, k, p in pipelines
        )
        dense, features = tensors["dense.weight"].shape
        classes = len(tensors["output.bias"])
        self.head = nn.Sequential(
            nn.Linear(features, dense), nn.Sigmoid(), nn.Dropout(dropout), nn.Linear(dense, classes)
        )
        with torch.no_grad():
            for name, parameter in self.named().items():
                parameter.copy_(tensors[name].reshape(parameter.shape))

    def named(self):
        """The parameters, under duotone's names."""
        layers = {f"pipeline{i}": p[0] for i, p in enumerate(self.pipelines)}
        layers |= {"dense": self.head[0], "output": self.head[3]}
        return {f"{n}.{kind}": getattr(l, kind) for n, l in layers.items() for kind in ["weight", "bias"]}

    def forward(self, x):
        return self.head(torch.cat([pipeline(x) for pipeline in self.pipelines], 1))


def sgd(parameters):
    return torch.optim.SGD(parameters, lr=LEARNING_RATE)


def adamw(parameters):
    return torch.optim.AdamW(parameters, lr=deep.LEARNING_RATE, weight_decay=deep.WEIGHT_DECAY)


def trainer(model, run, inputs, labels, optimizer):
    optimizer = optimizer(model.parameters())

    def step():
        model.train()
        optimizer.zero_grad(set_to_none=True)
        nn.functional.cross_entropy(run(inputs), labels).backward()
        optimizer.step()

    return step


def predictor(model, run, inputs):
    def infer():
        model.eval()
        with torch.inference_mode():
            return run(inputs).softmax(1)

    return infer


def works(threads: int, path: str):
    torch.set_num_threads(threads)
    torch.set_num_interop_threads(1)
    with safe_open(path, "pt") as file:
        name = file.metadata()["model"]
        tensors = {key: file.get_tensor(key) for key in file.keys()}
    inputs, labels = tensors["inputs"][:, None], tensors["labels"].long()
    optimizer, checked_steps = (adamw, deep.CHECKED_STEPS) if name == "deep" else (sgd, CHECKED_STEPS)

    def build(dropout: bool):
        if name == "deep":
            return Deep(tensors, deep.DROPOUT if dropout else 0.0)
        return Parallel(PIPELINES[name], tensors, DROPOUT if dropout else 0.0)

    def trained(optimizer):
        model = build(dropout=False)
        step = trainer(model, model, inputs, labels, optimizer)
        for _ in range(checked_steps):
            step()
        return {n: np.ravel(p.detach().numpy()) for n, p in model.named().items()}

    def check():
        model = build(dropout=False)
        found = {"probabilities": predictor(model, model, inputs)().numpy().ravel()}
        found |= trained(sgd)
        if optimizer is adamw:
            found |= {f"adamw/{n}": values for n, values in trained(adamw).items()}
        return found

    run = {}
    for mode in TORCH_MODES:
        model, batch, single = build(dropout=True), inputs, inputs[:1]
        if mode == "channels_last":
            layout = {"memory_format": torch.channels_last}
            model, batch, single = model.to(**layout), batch.to(**layout), single.to(**layout)
        forward = torch.compile(model, dynamic=False) if mode == "compiled" else model
        run[f"training-{mode}"] = trainer(model, forward, batch, labels, optimizer)
        run[f"inference-{mode}"] = predictor(model, forward, batch)
        run[f"single-{mode}"] = predictor(model, forward, single)
    return check, run
