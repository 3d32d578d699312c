"""Files classified in the usual way in Python: decoding and log-mel spectrogram by a library (``librosa`` or
``essentia``), then ONNX Runtime, with one process per thread."""

import importlib
import multiprocessing

import numpy as np
import onnxruntime

from harness.model import segments, tensors
from harness.network import onnx_model

_kept = {}


def start(library, path):
    model = tensors(path)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    network = onnx_model(model, "model2")
    _kept["session"] = onnxruntime.InferenceSession(network, options, providers=["CPUExecutionProvider"])
    _kept["model"] = model
    _kept["sound"] = importlib.import_module(f"harness.peers.{library}_sound")


def classify(path: str):
    inputs = segments(_kept["sound"].file_log_mel(path), _kept["model"])
    return _kept["session"].run(None, {"inputs": inputs})[0].mean(axis=0)


def works(threads: int, library: str, model: str, *paths: str):
    pool = multiprocessing.get_context("spawn").Pool(threads, start, [library, model])

    def all_files():
        return pool.map(classify, paths, chunksize=1)

    pool.map(classify, paths[:threads], chunksize=1)
    return lambda: dict(zip(paths, map(np.ravel, all_files()))), {"classify": all_files}
