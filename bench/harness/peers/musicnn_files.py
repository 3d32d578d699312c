"""musicnn's own extractor, file by file as it is meant to be called; a process a thread. It decides by
another network on 16 kHz audio: what it computes is not the same, what it is for is."""

import multiprocessing
import os

import numpy as np

# It needs what Keras 3 has no more.
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
