"""The paper's networks, shared by all sides: weights and a batch in one file."""

import numpy as np
from safetensors.numpy import save_file

from harness import deep

CLASSES, DENSE, SLOPE, DROPOUT = 10, 200, 0.3, 0.2
BANDS, FRAMES = 40, 80
LEARNING_RATE = 0.02
CHECKED_STEPS = 3
TORCH_MODES = ["eager", "channels_last", "compiled"]
# Filters, kernel and pooling window of each pipeline, bands × frames.
PIPELINES = {
    "model1": [(30, (10, 12), (1, 20))],
    "model2": [(32, (14, 15), (1, 17)), (32, (4, 8), (15, 1))],
    "model3": [(30, (10, 12), (1, 20)), (30, (10, 34), (1, 20))],
}


def pooled(kernel, pool) -> tuple[int, int]:
    return (BANDS + 1 - kernel[0]) // pool[0], (FRAMES + 1 - kernel[1]) // pool[1]


def features(model: str) -> int:
    return sum(f * int(np.prod(pooled(k, p))) for f, k, p in PIPELINES[model])


def multiply_adds(model: str) -> tuple[int, int]:
    """Multiply-adds per segment for (inference, a training step) with the direct method: all positions
    that a pooling window keeps, and the backward pass from the maximum of each window. Faster methods
    need fewer, so a share of the peak that is computed from these can exceed 100 %."""
    forward = backward = 0
    for filters, kernel, pool in PIPELINES[model]:
        windows = int(np.prod(pooled(kernel, pool)))
        forward += filters * windows * int(np.prod(pool)) * int(np.prod(kernel))
        backward += filters * windows * int(np.prod(kernel))
    dense = DENSE * (features(model) + CLASSES)
    return forward + dense, forward + backward + 3 * dense


def toml(model: str) -> str:
    lines = [f"bands = {BANDS}", f"frames = {FRAMES}", f"classes = {CLASSES}"]
    for filters, kernel, pool in PIPELINES[model]:
        lines += ["[[pipeline]]", f"filters = {filters}", f"kernel = {list(kernel)}", f"pool = {list(pool)}"]
    return "\n".join(lines)


def write(path, model: str, batch: int, seed: int = 1) -> None:
    """Glorot-uniform weights and a batch of standard normal segments."""
    random = np.random.default_rng(seed)
    tensors = {}

    def add(name, shape, fan_in, fan_out):
        limit = (6 / (fan_in + fan_out)) ** 0.5
        tensors[f"{name}.weight"] = random.uniform(-limit, limit, shape).astype(np.float32)
        tensors[f"{name}.bias"] = random.normal(0, 0.05, shape[0]).astype(np.float32)

    for i, (filters, kernel, _) in enumerate(PIPELINES[model]):
        taps = int(np.prod(kernel))
        add(f"pipeline{i}", (filters, *kernel), taps, taps * filters)
    add("dense", (DENSE, features(model)), features(model), DENSE)
    add("output", (CLASSES, DENSE), DENSE, CLASSES)
    tensors["inputs"] = random.normal(0, 1, (batch, BANDS, FRAMES)).astype(np.float32)
    tensors["labels"] = (np.arange(batch) % CLASSES).astype(np.float32)
    save_file(tensors, path, {"architecture": toml(model), "model": model})


def onnx_model(tensors: dict, model: str) -> bytes:
    """The network as ONNX, probabilities of any number of segments."""
    if model == "deep":
        return deep.onnx_model(tensors)
    from onnx import TensorProto, checker, helper, numpy_helper

    constants, nodes, maps = [], [], []

    def constant(name, value):
        constants.append(numpy_helper.from_array(value, name))
        return name

    for i, (filters, kernel, pool) in enumerate(PIPELINES[model]):
        weight = constant(f"w{i}", tensors[f"pipeline{i}.weight"].reshape(filters, 1, *kernel))
        bias = constant(f"b{i}", tensors[f"pipeline{i}.bias"])
        nodes += [
            helper.make_node("Conv", ["inputs", weight, bias], [f"c{i}"], kernel_shape=kernel),
            helper.make_node("LeakyRelu", [f"c{i}"], [f"a{i}"], alpha=SLOPE),
            helper.make_node("MaxPool", [f"a{i}"], [f"p{i}"], kernel_shape=pool, strides=pool),
            helper.make_node("Flatten", [f"p{i}"], [f"f{i}"]),
        ]
        maps.append(f"f{i}")

    def dense(name, source, target):
        weight, bias = constant(f"{name}w", tensors[f"{name}.weight"]), constant(f"{name}b", tensors[f"{name}.bias"])
        return helper.make_node("Gemm", [source, weight, bias], [target], transB=1)

    nodes += [
        helper.make_node("Concat", maps, ["all"], axis=1),
        dense("dense", "all", "h"),
        helper.make_node("Sigmoid", ["h"], ["s"]),
        dense("output", "s", "logits"),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    classes = tensors["output.bias"].shape[0]
    graph = helper.make_graph(
        nodes, "parallel",
        [helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["n", 1, BANDS, FRAMES])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", classes])],
        constants,
    )
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(built)
    return built.SerializeToString()
