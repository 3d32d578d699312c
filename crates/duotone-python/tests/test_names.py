"""Files whose names are not UTF-8: named as they are given, and as text where text is needed."""

import os
import shutil
import sys
from pathlib import Path

import duotone
import pytest
from conftest import QUICK
from duotone import AudioError, Classifier, Collection

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="names there are text")


@pytest.fixture
def named(sounds, tmp_path):
    """A good and a broken file with such names."""
    good, broken = (os.fsdecode(os.fsencode(tmp_path / name)) for name in ("caf\udce9", "x\udce9"))
    shutil.copy(sounds.paths[0], good)
    shutil.copy(sounds.broken, broken)
    return good, broken


def test_they_are_decided_on(fitted, sounds, named):
    events = []
    decisions = fitted.model_.classify([*named, sounds.paths[1]], progress=events.append)
    assert decisions["path"].tolist() == [*named, sounds.paths[1]]
    assert decisions["label"].tolist() == [sounds.labels[0], None, sounds.labels[1]]
    assert decisions["error"].notna().tolist() == [False, True, False]
    shown = {os.path.basename(event["path"]) for event in events if event["kind"] == "file"}
    assert {r"caf\xe9", r"x\xe9"} < shown


def test_errors_name_them_as_given_and_can_be_printed(fitted, named):
    good, broken = named
    takers = [
        fitted.model_.timeline,
        fitted.model_.front_end.transform,
        lambda path: fitted.model_.front_end.transform([path]),
        lambda path: fitted.predict([path]),
    ]
    for take in takers:
        with pytest.raises(AudioError) as caught:
            take(broken)
        assert [one.path for one in caught.value.skipped_files] == [broken]
        assert r"x\xe9: " in str(caught.value)
        str(caught.value).encode()


def test_names_in_results_are_read_back(fitted, sounds, named):
    good, _ = named
    written = str(Path(good).parent / r"caf\xe9")
    with open(good, "rb") as file:
        assert file.read(4) == b"RIFF" and not Path(written).exists()
    model = fitted.model_
    assert model.classify(written)["label"][0] == sounds.labels[0]
    assert fitted.predict([written])[0] == sounds.labels[0]
    assert model.front_end.transform(written).shape == model.front_end.transform(good).shape
    assert model.embed(written).shape == model.embed(good).shape
    assert not model.timeline(written).empty
    table = {"path": [r"caf\xe9", *sounds.paths[1:]], "label": sounds.labels}
    collection = Collection.from_table(table, root=Path(good).parent)
    assert collection.paths == [good, *sounds.paths[1:]]


def test_they_are_learnt_from(sounds, named):
    good, broken = named
    paths, labels = [good, broken, *sounds.paths[1:]], ["high", *sounds.labels]
    with pytest.warns(duotone.DuotoneWarning, match=r"x\\xe9"):
        fitted = Classifier(**{**QUICK, "epochs": 1}).fit(paths, labels)
    assert [one.path for one in fitted.skipped_files_] == [broken]
    table = {"path": [good, *sounds.paths[1:]], "label": sounds.labels}
    table["artist"] = [None, *sounds.artists[1:]]
    with pytest.warns(duotone.DuotoneWarning, match="no artist for 1 file"):
        collection = Collection.from_table(table, group="artist")
    frame = collection.to_frame()
    assert frame["path"].tolist() == collection.paths and good in collection.paths
    assert any(group.endswith(r"caf\xe9") for group in frame["group"])


def test_they_are_rows_of_a_large_output(fitted, sounds, named, tmp_path):
    scale = pytest.importorskip("duotone.scale")
    model, output = str(tmp_path / "m.safetensors"), str(tmp_path / "out")
    fitted.model_.save(model)
    paths = [*named, sounds.paths[1]]
    (part,) = scale.parts(paths, output)
    assert scale.classify_part(model, part, output)["errors"] == 1
    found = {os.path.basename(path) for path in scale.read(output)["path"]}
    assert found == {r"caf\xe9", r"x\xe9", "01.wav"}
    assert scale.parts(paths, output) == []
