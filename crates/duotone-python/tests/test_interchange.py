"""Other programs compute the same from the same weights."""

import os

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
BOUND = 1e-5


def softmax(logits):
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def assert_near(got, expected):
    assert got.shape == expected.shape
    # Rows that differ, or equality would say nothing.
    assert np.ptp(expected, axis=0).max() > 1e-3
    np.testing.assert_allclose(got, expected, rtol=0, atol=BOUND)


def test_onnx(preset, segments, tmp_path):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    graph = preset.to_onnx(tmp_path / "m.onnx")
    onnx.checker.check_model(onnx.load(tmp_path / "m.onnx"), full_check=True)
    session = onnxruntime.InferenceSession(graph)
    (got,) = session.run(["probabilities"], {"segments": segments})
    assert_near(got, preset.segment_probabilities(segments))
    labels = session.get_modelmeta().custom_metadata_map["labels"]
    assert labels == '["high","low","mid"]'


@pytest.mark.parametrize("seconds", [3.0, 9.0])
def test_onnx_with_the_front_end(preset, seconds):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    from conftest import RATE, tone

    graph = preset.to_onnx(front_end=True)
    onnx.checker.check_model(onnx.load_model_from_string(graph), full_check=True)
    song = tone(700, 1, seconds)
    song[: song.size // 2] *= 0.1
    session = onnxruntime.InferenceSession(graph)
    (got,) = session.run(["probabilities"], {"samples": song})
    spectrogram = preset.front_end.transform(song, RATE)
    frames = preset.card["architecture"]["frames"]
    starts = range(0, spectrogram.shape[1] - frames + 1, 81)
    cut = np.stack([spectrogram[:, start : start + frames] for start in starts])
    expected = preset.segment_probabilities(cut)
    assert got.shape == expected.shape == (int(seconds / 2.82), 3)
    np.testing.assert_allclose(got, expected, rtol=0, atol=BOUND)


def test_pytorch_and_back(preset, segments):
    torch = pytest.importorskip("torch")
    module = preset.to_torch()
    with torch.no_grad():
        got = softmax(module(torch.from_numpy(segments)).numpy().astype(float))
    assert_near(got, preset.segment_probabilities(segments))
    with torch.no_grad():
        module.pipeline0.weight *= 1.1
    changed = preset.from_torch(module)
    with torch.no_grad():
        got = softmax(module(torch.from_numpy(segments)).numpy().astype(float))
    expected = changed.segment_probabilities(segments)
    assert_near(got, expected)
    assert np.abs(expected - preset.segment_probabilities(segments)).max() > 1e-4


def test_keras_and_back(preset, segments):
    pytest.importorskip("keras")
    network = preset.to_keras()
    assert_near(np.asarray(network(segments)), preset.segment_probabilities(segments))
    kernel, bias = network.get_layer("pipeline0").get_weights()
    network.get_layer("pipeline0").set_weights([kernel * 1.1, bias + 0.1])
    changed = preset.from_keras(network)
    expected = changed.segment_probabilities(segments)
    assert_near(np.asarray(network(segments)), expected)
    assert np.abs(expected - preset.segment_probabilities(segments)).max() > 1e-4


@pytest.mark.parametrize("standardize", [None, "global", "pixel"])
def test_every_scaler_goes_along(sounds, standardize):
    onnxruntime = pytest.importorskip("onnxruntime")
    import duotone
    from conftest import QUICK

    quick = {**QUICK, "epochs": 1, "standardize": standardize}
    model = duotone.Classifier(**quick).fit(sounds.paths[:6], sounds.labels[:6]).model_
    values = np.random.default_rng(0).normal(-4, 2, (5, 40, 80)).astype(np.float32)
    expected = model.segment_probabilities(values)
    session = onnxruntime.InferenceSession(model.to_onnx())
    (got,) = session.run(None, {"segments": values})
    np.testing.assert_allclose(got, expected, rtol=0, atol=BOUND)
    keras = pytest.importorskip("keras")
    assert keras.__version__
    np.testing.assert_allclose(model.to_keras()(values), expected, rtol=0, atol=BOUND)
