#!/usr/bin/env python3
"""Writes what musicnn's own program computes from a made-up segment, for the test of the backbones.

    pip install musicnn==0.1.0 --no-deps; pip install tensorflow tf_keras
    python3 scripts/musicnn_fixture.py

The file holds outputs of the network and no weights.
"""

import json
import os
from pathlib import Path

import numpy as np

# musicnn needs features that Keras 3 has removed.
os.environ["TF_USE_LEGACY_KERAS"] = "1"
OUT = Path(__file__).parents[1] / "crates/duotone/tests/fixtures/musicnn_outputs.json"
BANDS, FRAMES, TAGS = 96, 187, 50


def segment() -> np.ndarray:
    """Compressed powers of some size, (frame, band); the test computes the same."""
    band, frame = np.arange(BANDS)[None], np.arange(FRAMES)[:, None]
    return (1.5 + np.sin(0.37 * band + 0.011 * frame * frame / 16) + 0.5 * np.cos(0.2 * frame)).astype(np.float32)


def outputs(name: str) -> dict:
    import tensorflow as tf

    tf.compat.v1.disable_eager_execution()
    import musicnn
    from musicnn import models

    tf.compat.v1.reset_default_graph()
    with tf.name_scope("model"):
        x = tf.compat.v1.placeholder(tf.float32, [None, FRAMES, BANDS])
        training = tf.compat.v1.placeholder(tf.bool)
        tags, *_, mean, maximum, penultimate = models.define_model(x, training, name, TAGS)
    with tf.compat.v1.Session() as session:
        tf.compat.v1.train.Saver().restore(session, f"{Path(musicnn.__file__).parent}/{name}/")
        wanted = {"tags": tags, "maximum": maximum, "mean": mean, "penultimate": penultimate}
        found = session.run(wanted, {x: segment()[None], training: False})
    return {key: [float(f"{value:.6g}") for value in np.ravel(values)] for key, values in found.items()}


def main():
    both = {"musicnn-msd": outputs("MSD_musicnn"), "musicnn-mtt": outputs("MTT_musicnn")}
    OUT.write_text(json.dumps(both) + "\n")
    print({name: {key: len(values) for key, values in found.items()} for name, found in both.items()})


if __name__ == "__main__":
    main()
