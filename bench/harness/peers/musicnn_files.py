"""musicnn's own extractor, called file by file as intended, with one process per thread. It uses a
different network on 16 kHz audio, so its results differ, but it serves the same purpose."""

import multiprocessing
import os

import numpy as np

# It needs features that Keras 3 has removed.
os.environ["TF_USE_LEGACY_KERAS"] = "1"


def start():
    import tensorflow

    tensorflow.config.threading.set_intra_op_parallelism_threads(1)
    tensorflow.config.threading.set_inter_op_parallelism_threads(1)


def tag(path: str):
    from musicnn.extractor import extractor

    return extractor(path, model="MTT_musicnn", extract_features=False)[0].mean(axis=0)


def works(threads: int, *paths: str):
    pool = multiprocessing.get_context("spawn").Pool(threads, start)
    pool.map(tag, paths[:threads], chunksize=1)
    run = {"classify": lambda: pool.map(tag, paths, chunksize=1)}
    return lambda: {"first": np.asarray(tag(paths[0]), np.float32)}, run
