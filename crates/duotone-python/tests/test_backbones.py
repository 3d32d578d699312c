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


def test_embeds_and_tags_files(wheel, sounds, tmp_path, monkeypatch):
    monkeypatch.setenv("DUOTONE_BACKBONES", str(tmp_path))
    paths = [*sounds.paths[:2], sounds.broken]
    with pytest.raises(ModelFileError, match="has not been added"):
        duotone.embed("musicnn-msd", paths)
    backbones.add(wheel)
    whole = duotone.embed("musicnn-msd", paths, n_jobs=1)
    assert list(whole.path) == paths
    assert whole.error[:2].isna().all()
    assert whole.error[2]
    assert whole.embedding[2] is None
    assert whole.embedding[0].shape == (1706,)
    assert whole.embedding[0].dtype == np.float32

    parts = duotone.embed("musicnn-msd", paths[0], segments=True)
    assert list(parts.start) == [0.0]
    assert parts.end[0] == pytest.approx(186 * 256 / 16_000)
    np.testing.assert_array_equal(parts.embedding[0], whole.embedding[0])

    tags = duotone.embed("musicnn-mtt", paths[:2], tags=True)
    assert list(tags.columns[-50:])[:2] == ["guitar", "classical"]
    assert tags.guitar.dtype == np.float32
    assert tags.iloc[:, -50:].to_numpy().min() >= 0
    assert tags.iloc[:, -50:].to_numpy().max() <= 1

    # A model on the same backbone has the same embeddings.
    model = duotone.Classifier("musicnn", n_jobs=1).fit(sounds.paths[:6], sounds.labels[:6]).model_
    model.save(tmp_path / "m.safetensors")
    same = duotone.embed(tmp_path / "m.safetensors", paths[:2])
    for path, row, other in zip(paths, same.embedding, whole.embedding, strict=False):
        np.testing.assert_array_equal(row, other)
        np.testing.assert_allclose(model.embed(path).mean(axis=0), row, rtol=1e-5, atol=1e-6)
    with pytest.raises(SettingsError, match="a model has no tags"):
        duotone.embed(tmp_path / "m.safetensors", paths, tags=True)
