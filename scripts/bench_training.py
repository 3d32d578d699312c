#!/usr/bin/env python3
"""Training and inference speed against PyTorch's best CPU mode, side by side in one run.

    pip install torch            # in a virtual environment of its own
    cargo build --release -p duotone-nn --example speed
    python3 scripts/bench_training.py [--models model2,...] [--batch 40] [--threads 2] [--rounds 3]

Both sides get the same architecture, batch size and number of threads. Rounds alternate, so that
a disturbance of the machine meets both; each side's figure is its median over the rounds, and
PyTorch's is that of its best mode: eager, channels_last or compiled. Run it on an idle machine.
`tests/pytorch.rs` is what holds both to the same numbers.
"""

import argparse
import pathlib
import statistics
import subprocess
import time
import warnings

import torch
from torch import nn

warnings.filterwarnings("ignore")
SPEED = pathlib.Path(__file__).parent.parent / "target/release/examples/speed"
CLASSES = 10
PIPELINES = {
    "model1": [(30, (10, 12), (1, 20))],
    "model2": [(32, (14, 15), (1, 17)), (32, (4, 8), (15, 1))],
    "model3": [(30, (10, 12), (1, 20)), (30, (10, 34), (1, 20))],
}


class Parallel(nn.Module):
    """The paper's network as one writes it in PyTorch."""

    def __init__(self, pipelines):
        super().__init__()
        self.pipelines = nn.ModuleList(
            nn.Sequential(nn.Conv2d(1, f, k), nn.LeakyReLU(0.3), nn.MaxPool2d(p), nn.Flatten())
            for f, k, p in pipelines
        )
        features = sum(f * ((41 - k[0]) // p[0]) * ((81 - k[1]) // p[1]) for f, k, p in pipelines)
        self.head = nn.Sequential(
            nn.Linear(features, 200), nn.Sigmoid(), nn.Dropout(0.2), nn.Linear(200, CLASSES)
        )

    def forward(self, x):
        return self.head(torch.cat([pipeline(x) for pipeline in self.pipelines], 1))


def torch_modes(pipelines, batch):
    """One (name, training step, inference) for each mode."""
    x = torch.randn(batch, 1, 40, 80)
    y = torch.arange(batch) % CLASSES
    for mode in ["eager", "channels_last", "compiled"]:
        model = Parallel(pipelines)
        inputs = x
        if mode == "channels_last":
            model, inputs = model.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last)
        optimizer = torch.optim.SGD(model.parameters(), lr=0.02)
        run = torch.compile(model) if mode == "compiled" else model

        def train(model=model, run=run, inputs=inputs, optimizer=optimizer):
            model.train()
            optimizer.zero_grad(set_to_none=True)
            nn.functional.cross_entropy(run(inputs), y).backward()
            optimizer.step()

        def infer(model=model, run=run, inputs=inputs):
            model.eval()
            with torch.inference_mode():
                run(inputs).softmax(1)

        yield mode, train, infer


def rate(work, batch, seconds):
    """Segments a second: the median call after a warm-up."""
    for _ in range(3):
        work()
    times, start = [], time.perf_counter()
    while time.perf_counter() - start < seconds or len(times) < 5:
        call = time.perf_counter()
        work()
        times.append(time.perf_counter() - call)
    return batch / statistics.median(times)


def ours(model, batch, threads, seconds):
    """{(instruction set, what): segments a second}"""
    lines = subprocess.run(
        [SPEED, model, str(batch), str(threads), str(seconds)], check=True, capture_output=True, text=True
    ).stdout.splitlines()
    return {tuple(line.split()[-3:-1]): float(line.split()[-1]) for line in lines}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--models", default="model1,model2,model3")
    parser.add_argument("--batch", type=int, default=40)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=3.0)
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    print(f"PyTorch {torch.__version__}, batch {args.batch}, {args.threads} threads, {args.rounds} rounds\n")
    print("| model | work | duotone (best set) | portable | PyTorch eager | channels_last | compiled | ratio |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for model in args.models.split(","):
        modes = list(torch_modes(PIPELINES[model], args.batch))
        found = {}
        for _ in range(args.rounds):
            for key, value in ours(model, args.batch, args.threads, args.seconds).items():
                found.setdefault(key, []).append(value)
            for mode, train, infer in modes:
                for what, work in [("training", train), ("inference", infer)]:
                    found.setdefault((mode, what), []).append(rate(work, args.batch, args.seconds))
        median = {key: statistics.median(values) for key, values in found.items()}
        for what in ["training", "inference"]:
            sets = {name: r for (name, w), r in median.items() if w == what}
            theirs = [sets[m] for m in ["eager", "channels_last", "compiled"]]
            best = max(r for name, r in sets.items() if name not in ("eager", "channels_last", "compiled"))
            cells = [best, sets.get("portable", best), *theirs]
            print(f"| {model} | {what} | " + " | ".join(f"{c:.0f}" for c in cells) + f" | {best / max(theirs):.1f} |")


if __name__ == "__main__":
    main()
