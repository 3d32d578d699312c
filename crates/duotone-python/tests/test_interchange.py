"""Other programs compute the same from the same weights."""

import os
import pickle

import numpy as np
import pytest

os.environ.setdefault("KERAS_BACKEND", "jax")
BOUND = 1e-5


def softmax(logits, model):
    """Probabilities, calibrated if the model is."""
    confidence = model.card.get("confidence")
    if confidence is not None:
        logits = logits / confidence["segment_temperature"]
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
    metadata = session.get_modelmeta().custom_metadata_map
    assert metadata["labels"] == '["high","low","mid"]'
    assert ("segment_temperature" in metadata) == ("confidence" in preset.card)


def test_calibrated_segments_decide_on_a_file(calibrated, sounds):
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(calibrated.to_onnx())
    spectrogram = calibrated.front_end.transform(sounds.paths[0])
    frames = calibrated.card["architecture"]["frames"]
    timeline = calibrated.timeline(spectrogram)
    hop = calibrated.card["front_end"]["hop"] / calibrated.card["front_end"]["sample_rate"]
    starts = np.rint(timeline["start"] / hop).astype(int)
    cut = np.stack([spectrogram[:, start : start + frames] for start in starts])
    (got,) = session.run(None, {"segments": cut})
    columns = ["p_high", "p_low", "p_mid"]
    np.testing.assert_allclose(got, timeline[columns], rtol=0, atol=BOUND)
    metadata = session.get_modelmeta().custom_metadata_map
    powers = got.astype(float) ** float(metadata["segment_temperature"])
    mean = (powers / powers.sum(axis=1, keepdims=True)).mean(axis=0)
    file = mean ** (1 / float(metadata["file_temperature"]))
    expected = calibrated.classify(spectrogram)[columns].iloc[0]
    np.testing.assert_allclose(file / file.sum(), expected.astype(float), rtol=0, atol=1e-4)


@pytest.mark.parametrize(("seconds", "count"), [(3.1, 1), (9.2, 3)])
def test_onnx_with_the_front_end(preset, seconds, count):
    onnx = pytest.importorskip("onnx")
    onnxruntime = pytest.importorskip("onnxruntime")
    from conftest import RATE, tone

    graph = preset.to_onnx(front_end=True)
    onnx.checker.check_model(onnx.load_model_from_string(graph), full_check=True)
    song = tone(700, 1, seconds)
    song[: song.size // 2] *= 0.1
    session = onnxruntime.InferenceSession(graph)
    spec = preset.card["front_end"]
    # The graph takes samples at the model's rate.
    song = np.repeat(song, spec["sample_rate"] // RATE)
    (got,) = session.run(["probabilities"], {"samples": song})
    spectrogram = preset.front_end.transform(song, spec["sample_rate"])
    frames = preset.card["architecture"]["frames"]
    samples = (frames - 1) * spec["hop"] + (0 if spec["centered"] else spec["window"])
    starts = range(0, spectrogram.shape[1] - frames + 1, samples // spec["hop"])
    cut = np.stack([spectrogram[:, start : start + frames] for start in starts])
    expected = preset.segment_probabilities(cut)
    assert got.shape == expected.shape == (count, 3)
    np.testing.assert_allclose(got, expected, rtol=0, atol=BOUND)


def test_pytorch_and_back(preset, segments):
    torch = pytest.importorskip("torch")
    module = preset.to_torch()
    with torch.no_grad():
        got = softmax(module(torch.from_numpy(segments)).numpy().astype(float), preset)
    assert_near(got, preset.segment_probabilities(segments))
    with torch.no_grad():
        next(module.parameters()).mul_(1.1)
    changed = preset.from_torch(module)
    with torch.no_grad():
        got = softmax(module(torch.from_numpy(segments)).numpy().astype(float), preset)
    expected = changed.segment_probabilities(segments)
    assert_near(got, expected)
    assert np.abs(expected - preset.segment_probabilities(segments)).max() > 1e-4


def test_keras_and_back(preset, segments):
    keras = pytest.importorskip("keras")
    network = preset.to_keras()
    assert_near(np.asarray(network(segments)), preset.segment_probabilities(segments))
    network.compile(keras.optimizers.SGD(0.02), "sparse_categorical_crossentropy")
    for values, labels in batches(segments):
        network.fit(values, labels, verbose=0)
    changed = preset.from_keras(network)
    expected = changed.segment_probabilities(segments)
    assert_near(np.asarray(network(segments)), expected)
    assert np.abs(expected - preset.segment_probabilities(segments)).max() > 1e-4


def batches(segments):
    """Segments and labels to learn from, the same in every call."""
    random = np.random.default_rng(5)
    for _ in range(3):
        values = segments + random.normal(0, 1, segments.shape).astype(np.float32)
        yield values, random.integers(0, 3, len(segments))


def test_training_in_pytorch_and_back(preset, segments):
    torch = pytest.importorskip("torch")
    torch.manual_seed(0)
    module = preset.to_torch().train()
    optimizer = torch.optim.SGD(module.parameters(), lr=0.02)
    for values, labels in batches(segments):
        optimizer.zero_grad()
        logits = module(torch.from_numpy(values))
        torch.nn.functional.cross_entropy(logits, torch.from_numpy(labels)).backward()
        optimizer.step()
    changed = preset.from_torch(module)
    with torch.no_grad():
        got = softmax(module.eval()(torch.from_numpy(segments)).numpy().astype(float), preset)
    assert_near(got, changed.segment_probabilities(segments))
    before = preset.tensors()
    pipelines = preset.card["architecture"]["pipeline"]
    blocks = [(i, block) for i, table in enumerate(pipelines) for block in table.get("block", [])]
    kept = (
        "scaler.",
        "familiarity.",
        *(f"pipeline{i}." for i, block in blocks if "fixed" in block),
    )
    for name, tensor in changed.tensors().items():
        assert np.array_equal(tensor, before[name]) == name.startswith(kept), name


def test_pytorch_modules_are_pickled(deep):
    torch = pytest.importorskip("torch")
    module = deep.model_.to_torch()
    copy = pickle.loads(pickle.dumps(module))
    assert list(copy.state_dict()) == list(module.state_dict())
    assert {"pipeline0.block0.weight", "pipeline0.block3.norm.bias"} < set(copy.state_dict())
    assert all(
        torch.equal(a, b) for a, b in zip(copy.parameters(), module.parameters(), strict=True)
    )


@pytest.mark.parametrize("standardize", ["none", "global", "pixel"])
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
