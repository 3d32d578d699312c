"""ONNX Runtime's CPU provider."""

import onnxruntime
from safetensors import safe_open

from harness.network import onnx_model


def works(threads: int, path: str):
    with safe_open(path, "np") as file:
        tensors = {name: file.get_tensor(name) for name in file.keys()}
        model = onnx_model(tensors, file.metadata()["model"])
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    inputs = tensors["inputs"][:, None]

    def infer(batch):
        return session.run(None, {"inputs": batch})[0]

    run = {"inference": lambda: infer(inputs), "single": lambda: infer(inputs[:1])}
    return lambda: {"probabilities": infer(inputs).ravel()}, run
