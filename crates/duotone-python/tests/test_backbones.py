"""Backbones are added without importing the package that they are from."""

import os
import sys
import zipfile
from pathlib import Path

import duotone
import numpy as np
import pytest
from conftest import check_schema
from duotone import DuotoneError, DuotoneWarning, ModelFileError, SettingsError, backbones, layers

WHEEL = "musicnn-0.1.0-py3-none-any.whl"


@pytest.fixture
def wheel():
    """The wheel that `scripts/test` downloads."""
    target = os.environ.get("CARGO_TARGET_DIR", Path(__file__).parents[3] / "target")
    path = Path(target) / "musicnn" / WHEEL
    if not path.is_file():
        pytest.skip(f"no {path}")
    return path


def test_adds_lists_and_removes(wheel, tmp_path, monkeypatch):
    monkeypatch.setenv("DUOTONE_BACKBONES", str(tmp_path / "own"))
    assert backbones.list() == []
    added = backbones.add(wheel)
    assert [one.name for one in added] == ["musicnn-msd", "musicnn-mtt"]
    assert backbones.list() == added
    first = added[0]
    assert Path(first.path).stat().st_size == first.bytes
    assert (first.licence, first.source) == ("ISC", "musicnn 0.1.0 from PyPI")
    backbones.remove("musicnn-msd")
    assert backbones.list() == added[1:]
    with pytest.raises(ModelFileError, match="no such backbone"):
        backbones.remove("musicnn-msd")


def test_an_installed_package_is_found_but_not_imported(wheel, tmp_path, monkeypatch):
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    (tmp_path / "site/musicnn/__init__.py").write_text("raise RuntimeError('imported')")
    monkeypatch.syspath_prepend(tmp_path / "site")
    added = backbones.add("musicnn", folder=tmp_path / "own")
    assert backbones.list(folder=tmp_path / "own") == added
    assert "musicnn" not in sys.modules


def test_without_the_package_the_error_says_how_to_get_it():
    with pytest.raises(SettingsError, match="pip download musicnn==0.1.0 --no-deps"):
        backbones.add()


def test_other_files_are_refused(tmp_path):
    path = tmp_path / WHEEL
    path.write_bytes(b"PK")
    with pytest.raises(ModelFileError, match="its SHA-256 is .*pip download"):
        backbones.add(path, folder=tmp_path / "own")
    assert not (tmp_path / "own").exists()
    with pytest.raises(SettingsError, match="choose one of musicnn-msd, musicnn-mtt"):
        backbones.remove("../x", folder=tmp_path)
    (tmp_path / "musicnn-msd.safetensors").write_bytes(b"x")
    with pytest.warns(DuotoneWarning, match="not a duotone backbone"):
        assert duotone.backbones.list(folder=tmp_path) == []


def test_a_classifier_learns_from_a_backbone(wheel, sounds, tmp_path, monkeypatch):
    monkeypatch.setenv("DUOTONE_BACKBONES", str(tmp_path))
    random = np.random.default_rng(5)
    clips = [random.normal(-4, 1.5, (96, 400)).astype(np.float32) for _ in range(6)]
    for clip in clips[::2]:
        clip[40:60] += 2
    with pytest.raises(ModelFileError, match="has not been added"):
        duotone.Classifier("musicnn", n_jobs=1).fit(clips, ["band", "noise"] * 3)
    backbones.add(wheel)
    model = duotone.Classifier("musicnn", n_jobs=1).fit(clips, ["band", "noise"] * 3).model_
    assert model.card["backbones"][0]["licence"] == "ISC"
    segments = np.stack([clip[:, :187] for clip in clips])
    expected = model.segment_probabilities(segments)
    assert (expected.argmax(1) == [0, 1] * 3).all()
    assert model.embed(clips[0]).shape == (2, 1706)
    with pytest.raises(DuotoneError, match="export the model to ONNX"):
        layers.pipelines(model)  # What `to_torch` and `to_keras` build.
    table = {"path": sounds.paths, "label": sounds.labels}
    check_schema(duotone.evaluate(table, "musicnn", folds=2, n_jobs=1))
    onnxruntime = pytest.importorskip("onnxruntime")
    session = onnxruntime.InferenceSession(model.to_onnx())
    (got,) = session.run(["probabilities"], {"segments": segments})
    np.testing.assert_allclose(got, expected, rtol=0, atol=1e-5)
