"""The preset `deep`, shared by all sides: weights and a batch in one file."""

import tomllib

import numpy as np
from safetensors.numpy import save_file

from harness.candidate import BENCH

CLASSES = 10
# Of training.
BATCH = 32
# Without `classes`, which depends on the collection; what follows the architecture is not the network's.
TEXT = (BENCH.parent / "examples/networks/deep.toml").read_text().split("[front_end]")[0]
TABLE = tomllib.loads(TEXT)
BANDS, FRAMES, SLOPE, DROPOUT = (TABLE[key] for key in ["bands", "frames", "negative_slope", "dropout"])
TOWER, STATISTICS = TABLE["pipeline"]
BLOCKS = [(block["filters"], tuple(block["pool"])) for block in TOWER["block"]]
# Filters of the cepstral pipeline, over all bands and this many frames.
CEPSTRAL, WIDTH = STATISTICS["block"][0]["filters"], STATISTICS["block"][0]["kernel"][1]
FEATURES = 2 * BLOCKS[-1][0] + 2 * CEPSTRAL
EPSILON = 1e-5
LEARNING_RATE, WEIGHT_DECAY = 0.004, 0.01
# Rounding decides some maxima, and more of them after each step.
CHECKED_STEPS = 1


def multiply_adds() -> tuple[int, int]:
    """Multiply-adds per segment for (inference, a training step) with the direct method. The backward pass
    needs as many for the gradient of the filters, and for that of the maps, which the first block does not
    need. Cepstral filters need neither."""
    forward, first, channels, cells = 0, 0, 1, BANDS * FRAMES
    for filters, pool in BLOCKS:
        block = 9 * channels * filters * cells
        first = first or block
        forward += block
        channels, cells = filters, cells // (pool[0] * pool[1])
    output = FEATURES * CLASSES
    cepstral = CEPSTRAL * WIDTH * BANDS * (FRAMES - WIDTH + 1)
    return forward + output + cepstral, 3 * (forward + output) - first + cepstral


def cepstrum() -> np.ndarray:
    """Half as many coefficients of the orthonormal DCT-II as filters, then the slope of each over the frames."""
    coefficients = CEPSTRAL // 2
    angles = np.outer(np.arange(coefficients), np.arange(BANDS) + 0.5) * np.pi / BANDS
    dct = np.cos(angles) * (2 / BANDS) ** 0.5
    dct[0] /= 2**0.5
    filters = np.zeros((CEPSTRAL, 1, BANDS, WIDTH))
    filters[:coefficients, 0, :, WIDTH // 2] = dct
    filters[coefficients:, 0, :, 0], filters[coefficients:, 0, :, -1] = -dct / 2, dct / 2
    return filters


def write(path, batch: int, seed: int = 1) -> None:
    """Glorot-uniform weights, running statistics unlike the batch's, a batch of standard normal segments."""
    random = np.random.default_rng(seed)
    tensors, channels = {}, 1
    for i, (filters, _) in enumerate(BLOCKS):
        name = f"pipeline0.block{i}"
        limit = (6 / (9 * (channels + filters))) ** 0.5
        tensors[f"{name}.weight"] = random.uniform(-limit, limit, (filters, channels, 3, 3))
        tensors[f"{name}.norm.weight"] = random.uniform(0.5, 1.5, filters)
        tensors[f"{name}.norm.bias"] = random.normal(0, 0.1, filters)
        tensors[f"{name}.norm.mean"] = random.normal(0, 0.1, filters)
        tensors[f"{name}.norm.variance"] = random.uniform(0.5, 1.5, filters)
        channels = filters
    tensors["pipeline1.block0.weight"], tensors["pipeline1.block0.bias"] = cepstrum(), np.zeros(CEPSTRAL)
    limit = (6 / (FEATURES + CLASSES)) ** 0.5
    tensors["output.weight"] = random.uniform(-limit, limit, (CLASSES, FEATURES))
    tensors["output.bias"] = random.normal(0, 0.05, CLASSES)
    tensors["inputs"] = random.normal(0, 1, (batch, BANDS, FRAMES))
    tensors["labels"] = np.arange(batch) % CLASSES
    architecture = f"classes = {CLASSES}\n{TEXT}"
    tensors = {name: tensor.astype(np.float32) for name, tensor in tensors.items()}
    save_file(tensors, path, {"architecture": architecture, "model": "deep", "optimizer": "adamw"})


def onnx_model(tensors: dict) -> bytes:
    """The network as ONNX, probabilities of any number of segments."""
    from onnx import TensorProto, checker, helper, numpy_helper

    constants, nodes, last = [], [], "inputs"

    def constant(name):
        constants.append(numpy_helper.from_array(tensors[name], name))
        return name

    for i, (_, pool) in enumerate(BLOCKS):
        name = f"pipeline0.block{i}"
        norm = [constant(f"{name}.norm.{what}") for what in ["weight", "bias", "mean", "variance"]]
        nodes += [
            helper.make_node("Conv", [last, constant(f"{name}.weight")], [f"c{i}"], kernel_shape=(3, 3), pads=[1] * 4),
            helper.make_node("BatchNormalization", [f"c{i}", *norm], [f"n{i}"], epsilon=EPSILON),
            helper.make_node("LeakyRelu", [f"n{i}"], [f"a{i}"], alpha=SLOPE),
            helper.make_node("MaxPool", [f"a{i}"], [f"p{i}"], kernel_shape=pool, strides=pool),
        ]
        last = f"p{i}"
    nodes += [
        helper.make_node("ReduceMean", [last], ["bands"], axes=[2], keepdims=1),
        helper.make_node("ReduceMean", ["bands"], ["mean"], axes=[3], keepdims=1),
        helper.make_node("ReduceMax", ["bands"], ["max"], axes=[3], keepdims=1),
        helper.make_node("Concat", ["mean", "max"], ["both"], axis=3),
        helper.make_node("Flatten", ["both"], ["tower"]),
        helper.make_node(
            "Conv", ["inputs", *map(constant, ["pipeline1.block0.weight", "pipeline1.block0.bias"])], ["coefficients"],
            kernel_shape=(BANDS, WIDTH)),
        helper.make_node("LeakyRelu", ["coefficients"], ["y"], alpha=SLOPE),
        helper.make_node("ReduceMean", ["y"], ["average"], axes=[2, 3], keepdims=1),
        helper.make_node("Sub", ["y", "average"], ["centred"]),
        helper.make_node("Mul", ["centred", "centred"], ["squares"]),
        helper.make_node("ReduceMean", ["squares"], ["variance"], axes=[2, 3], keepdims=1),
        helper.make_node("Sqrt", ["variance"], ["deviation"]),
        helper.make_node("Concat", ["average", "deviation"], ["statistics"], axis=3),
        helper.make_node("Flatten", ["statistics"], ["cepstral"]),
        helper.make_node("Concat", ["tower", "cepstral"], ["features"], axis=1),
        helper.make_node("Gemm", ["features", constant("output.weight"), constant("output.bias")], ["logits"], transB=1),
        helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
    ]
    graph = helper.make_graph(
        nodes, "deep",
        [helper.make_tensor_value_info("inputs", TensorProto.FLOAT, ["n", 1, BANDS, FRAMES])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", CLASSES])],
        constants,
    )
    built = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=9)
    checker.check_model(built)
    return built.SerializeToString()
