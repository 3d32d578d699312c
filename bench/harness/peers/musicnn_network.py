"""musicnn's own graph in TensorFlow, on segments that are already conditioned."""

import os
from pathlib import Path

import numpy as np
from safetensors.numpy import load_file

# It needs features that Keras 3 has removed.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
os.environ["CUDA_VISIBLE_DEVICES"] = ""


def works(threads: int, path: str):
    import musicnn
    import tensorflow as tf
    from musicnn import models

    inputs = np.ascontiguousarray(load_file(path)["inputs"].transpose(0, 2, 1))
    tf.compat.v1.disable_eager_execution()
    with tf.name_scope("model"):
        x = tf.compat.v1.placeholder(tf.float32, [None, *inputs.shape[1:]])
        training = tf.compat.v1.placeholder(tf.bool)
        *_, mean, maximum, penultimate = models.define_model(x, training, "MSD_musicnn", 50)
    limits = {"intra_op_parallelism_threads": threads, "inter_op_parallelism_threads": 1}
    session = tf.compat.v1.Session(config=tf.compat.v1.ConfigProto(**limits))
    tf.compat.v1.train.Saver().restore(session, f"{Path(musicnn.__file__).parent}/MSD_musicnn/")
    wanted = {"maximum": maximum, "mean": mean, "penultimate": penultimate}

    def infer():
        return session.run(wanted, {x: inputs, training: False})

    def units():
        found = {name: values.reshape(len(inputs), -1) for name, values in infer().items()}
        pooled = np.stack([found["maximum"], found["mean"]], axis=2).reshape(len(inputs), -1)
        return {"units": np.concatenate([pooled, found["penultimate"]], axis=1).ravel()}

    return units, {"inference": infer}
