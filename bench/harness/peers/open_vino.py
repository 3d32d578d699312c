"""OpenVINO's CPU plugin, in 32 bits like all others."""

import io

import numpy as np
import openvino
from safetensors import safe_open

from harness.network import onnx_model


def works(threads: int, path: str):
    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        model = onnx_model(tensors, file.metadata()["model"])
    core = openvino.Core()
    settings = {
        "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY", "INFERENCE_PRECISION_HINT": "f32",
    }
    inputs = tensors["inputs"][:, None]

    def compiled(batch):
        network = core.read_model(io.BytesIO(model))
        # It is fastest with fixed shapes.
        network.reshape(list(batch.shape))
        request = core.compile_model(network, "CPU", settings).create_infer_request()
        return lambda: request.infer([batch], share_inputs=True)[0]

    run = {"inference": compiled(inputs), "single": compiled(inputs[:1])}
    return lambda: {"probabilities": np.ravel(run["inference"]())}, run
