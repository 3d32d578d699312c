"""ONNX Runtime's CPU provider on an exported model and its inputs."""

import onnxruntime
from safetensors.numpy import load_file


def works(threads: int, model: str, path: str):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
    name, inputs = session.get_inputs()[0].name, load_file(path)["inputs"]

    def infer():
        return session.run(None, {name: inputs})[0]

    return lambda: {"probabilities": infer().ravel()}, {"inference": infer}
