"""Training and inference of the paper's networks."""

import importlib.util
import tempfile
from contextlib import ExitStack
from pathlib import Path
from statistics import median

import numpy as np
from safetensors.numpy import load_file

from harness import deep, network
from harness.candidate import alternate, peer
from harness.result import Goal, Line, Result, Stage, speed_up
from harness.rows import Bench, Row, hold, takes_part

BATCH = 40
MODES = network.TORCH_MODES
# Names and works of optional libraries.
FURTHER = {
    "keras": {"Keras on TensorFlow": "training-graph", "Keras on TensorFlow, XLA": "training-xla"},
    "jax": {"JAX": "training-jit"},
}
# Tolerance for a probability.
SAME_PROBABILITY = 1e-5
# Tolerance as a share of the largest change to a tensor.
SAME_UPDATE = 5e-3
# Of a deep network, as root mean squares: rounding decides a few of its millions of maxima.
SAME_DEEP_UPDATE = 1e-2
# Of AdamW, as medians: a weight whose gradient is almost 0 can move in either direction.
SAME_ADAMW = 1e-3
# How many times as fast as PyTorch's best mode a training step must be.
TRAINING = {"model1": 12, "model2": 12, "model3": 12, "deep": 2.5}


def same_training(before: dict, ours: dict, theirs: dict) -> float:
    """Compares probabilities and the changes that the checked steps made; returns the largest relative difference."""
    hold("probabilities", ours["probabilities"], theirs["probabilities"], SAME_PROBABILITY)
    worst = 0.0
    for name in sorted(set(theirs) - {"probabilities"}):
        start = before[name].ravel()
        change = theirs[name] - start
        scale = np.abs(change).max()
        worst = max(worst, hold(f"update of {name}", (ours[name] - start) / scale, change / scale, SAME_UPDATE))
    return worst


def same_deep_training(before: dict, ours: dict, theirs: dict) -> float:
    """The same for a deep network, after SGD's steps and after AdamW's; returns SGD's difference."""
    def root_mean_square(values):
        return np.sqrt(np.mean(values**2))

    def median(values):
        return np.median(np.abs(values))

    hold("probabilities", ours["probabilities"], theirs["probabilities"], SAME_PROBABILITY)
    worst = 0.0
    for name in sorted(set(theirs) - {"probabilities"}):
        adamw = name.startswith("adamw/")
        size, tolerance = (median, SAME_ADAMW) if adamw else (root_mean_square, SAME_DEEP_UPDATE)
        change = theirs[name] - before[name.removeprefix("adamw/")].ravel()
        off = np.array([size(ours[name] - theirs[name]) / size(change)])
        difference = hold(f"update of {name}", off, np.zeros(1), tolerance)
        worst = worst if adamw else max(worst, difference)
    return worst


def write(path: Path, model: str, batch: int) -> None:
    if model == "deep":
        deep.write(path, batch)
    else:
        network.write(path, model, batch)


def multiply_adds(model: str) -> tuple[int, int]:
    return deep.multiply_adds() if model == "deep" else network.multiply_adds(model)


def rate(seconds: list[float], batch: int) -> str:
    return f"{batch / median(seconds):,.0f}/s"


def training(model: str):
    batch = deep.BATCH if model == "deep" else BATCH

    def run(bench: Bench) -> Result:
        result = Result()
        with ExitStack() as stack:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "network.safetensors"
            write(path, model, batch)
            ours = stack.enter_context(bench.duotone("network", path))
            torch = stack.enter_context(peer("pytorch", bench.threads, path))
            mine = ours.check()
            same = same_deep_training if model == "deep" else same_training
            difference = same(load_file(path), mine, torch.check())
            works = {"duotone": (ours, "training")} | {f"PyTorch {m}": (torch, f"training-{m}") for m in MODES}
            # The optional libraries are slow, so one network is enough.
            for module, names in FURTHER.items() if model == "model2" else ():
                if importlib.util.find_spec(module) is not None:
                    other = stack.enter_context(peer(f"{module}_network", bench.threads, path))
                    def check(other=other):
                        same_training(load_file(path), mine, other.check())

                    if takes_part(result, module, check):
                        works |= {name: (other, work) for name, work in names.items()}
            found = alternate(works, *bench.turns)
        best = min((f"PyTorch {mode}" for mode in MODES), key=lambda name: median(found[name]))
        for name in list(works)[1:]:
            result.lines.append(Line(
                f"training step, {model}, batch {batch}", rate(found["duotone"], batch),
                name + (", its best" if name == best else ""), rate(found[name], batch),
                **speed_up(found["duotone"], found[name]), goal=Goal(at_least=TRAINING[model]) if name == best else None,
            ))
        _, work = multiply_adds(model)
        result.stages.append(Stage(
            f"training, {model}", "multiply_adds", bench.threads, work * batch / median(found["duotone"])))
        agree = f"{model}: probabilities agree with PyTorch's to {SAME_PROBABILITY:g}; after"
        if model == "deep":
            result.remarks.append(
                f"{agree} a step of SGD without dropout, the changes of all weights agree with PyTorch's to "
                f"{difference:.1e} (root mean square, relative), after a step of AdamW, which is timed, to "
                f"{SAME_ADAMW:g} (median).")
        else:
            result.remarks.append(
                f"{agree} {network.CHECKED_STEPS} steps without dropout, the changes of all weights agree with "
                f"PyTorch's to {difference:.1e} of the tensor's largest change.")
        return result

    return run


def inference(model: str, work: str, batch: int, least: float):
    def run(bench: Bench) -> Result:
        with ExitStack() as stack:
            path = Path(stack.enter_context(tempfile.TemporaryDirectory())) / "network.safetensors"
            write(path, model, BATCH)
            ours = stack.enter_context(bench.duotone("network", path))
            peers = {name: stack.enter_context(peer(module, bench.threads, path)) for name, module in
                     [("ONNX Runtime", "onnx_runtime"), ("OpenVINO", "open_vino"), ("PyTorch", "pytorch")]}
            mine = ours.check()["probabilities"]
            for name, other in peers.items():
                hold(f"probabilities of {name}", mine, other.check()["probabilities"], SAME_PROBABILITY)
            works = {"duotone": (ours, work)}
            works |= {name: (peers[name], work) for name in ["ONNX Runtime", "OpenVINO"]}
            works |= {f"PyTorch {mode}": (peers["PyTorch"], f"{work}-{mode}") for mode in MODES}
            found = alternate(works, *bench.turns)
        result = Result()
        for name in list(works)[1:]:
            result.lines.append(Line(
                f"inference, {model}, batch {batch}", rate(found["duotone"], batch), name, rate(found[name], batch),
                **speed_up(found["duotone"], found[name]), goal=Goal(at_least=least) if name == "ONNX Runtime" else None,
            ))
        forward, _ = multiply_adds(model)
        result.stages.append(Stage(
            f"inference, {model}, batch {batch}", "multiply_adds", bench.threads, forward * batch / median(found["duotone"])))
        if model != "deep" and batch == 1:
            bytes_read = 4 * network.DENSE * network.features(model)
            result.stages.append(Stage(
                f"inference, {model}, batch 1, reading the dense weights", "read_cache", bench.threads,
                bytes_read / median(found["duotone"])))
        return result

    return run


ROWS = [
    Row("train-model2", "networks", training("model2")),
    Row("train-model1", "networks", training("model1")),
    Row("train-model3", "networks", training("model3")),
    Row("train-deep", "networks", training("deep")),
    Row("infer-40", "networks", inference("model2", "inference", 40, 3)),
    Row("infer-1", "networks", inference("model2", "single", 1, 2.5)),
    Row("infer-deep-40", "networks", inference("deep", "inference", 40, 1.5)),
    Row("infer-deep-1", "networks", inference("deep", "single", 1, 1.5)),
]
