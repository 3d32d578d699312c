"""Python has the command line's options, by the same names."""

import inspect
import json
import shutil
import typing
import warnings

import duotone
import numpy as np
import pandas as pd
import pytest
from conftest import QUICK, tone, write_wav
from duotone import Classifier, Collection, DuotoneWarning, SettingsError, options

FAST = {k: v for k, v in QUICK.items() if k != "architecture"} | {"epochs": 1}


@pytest.fixture
def rare(sounds):
    """Two files bear a rare label, by one artist."""
    labels = list(sounds.labels)
    labels[:2] = ["odd", "odd"]
    artists = ["x", "x", *sounds.artists[2:]]
    return {"path": sounds.paths, "label": labels, "artist": artists}


def test_balanced_drawing(sounds):
    few = [i for i, label in enumerate(sounds.labels) if label != "low" or i < 8]
    X, y = [sounds.paths[i] for i in few], [sounds.labels[i] for i in few]
    models = {
        kind: Classifier(**{**QUICK, "epochs": 2}, sampling=kind).fit(X, y).model_
        for kind in ("uniform", "balanced")
    }
    for kind, model in models.items():
        assert model.card["settings"]["sampling"] == kind
    weights = [model.tensors()["dense.weight"] for model in models.values()]
    assert not np.array_equal(*weights)
    table = {"path": X, "label": y}
    evaluation = duotone.evaluate(table, "model1", folds=2, sampling="balanced", **FAST)
    assert evaluation.protocol["settings"]["sampling"] == "balanced"
    words = "sampling='even': it must be 'uniform' or 'balanced'"
    with pytest.raises(SettingsError, match=words):
        Classifier(**QUICK, sampling="even").fit(X, y)
    with pytest.raises(SettingsError, match=words):
        duotone.evaluate(table, sampling="even", **FAST)


def test_rare_labels_are_left_out(rare, tmp_path):
    pd.DataFrame(rare).to_csv(tmp_path / "list.csv", index=False)
    kept = ["high", "low", "mid"]
    for make, source in ((Collection.from_table, rare), (Collection.open, tmp_path / "list.csv")):
        with pytest.warns(DuotoneWarning) as caught:
            collection = make(source, min_per_label=3)
        assert any("fewer than 3 files: `odd` (2)" in str(one.message) for one in caught)
        assert sorted(set(collection.labels)) == kept and len(collection) == 16
        assert any("`odd`" in warning for warning in collection.warnings)
        with pytest.warns(DuotoneWarning, match="fewer than 2 artists: `odd` .1."):
            make(source, group="artist", min_per_label=2)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            make(source, group="artist", min_per_label=1)
        for wrong in (0, -1, 2.5, "3", 1 << 70):
            with pytest.raises(SettingsError, match="min_per_label=.*1 or more"):
                make(source, min_per_label=wrong)


def test_rare_labels_are_left_out_of_evaluations_and_checks(rare):
    with pytest.raises(duotone.CollectionError, match="min_per_label=3"):
        duotone.evaluate(rare, "model1", folds=3, group="artist", **FAST)
    made = Collection.from_table(rare, group="artist")
    for source, group in ((rare, "artist"), (made, None)):
        with pytest.warns(DuotoneWarning, match="`odd` .1.") as caught:
            evaluation = duotone.evaluate(
                source, "model1", folds=2, group=group, min_per_label=2, **FAST
            )
        assert sum("fewer than 2 artists" in str(one.message) for one in caught) == 1
        assert [label["name"] for label in evaluation.protocol["labels"]] == ["high", "low", "mid"]
        with pytest.warns(DuotoneWarning, match="`odd`"):
            findings = duotone.check(source, folds=2, group=group, min_per_label=2)
        assert findings.report["clips"] == 16 and not len(findings.rare_labels)
    with pytest.raises(SettingsError, match="min_per_label"):
        duotone.check(made, min_per_label=0)


def test_an_empty_group_column_groups_nothing(sounds, tmp_path):
    table = {"path": sounds.paths, "label": sounds.labels, "artist": [""] * 18}
    pd.DataFrame(table).to_csv(tmp_path / "list.csv", index=False)
    with pytest.warns(DuotoneWarning, match="`artist` is empty"):
        collection = Collection.open(tmp_path / "list.csv", group="artist")
    assert collection.groups is None and "group" not in collection.to_frame()
    evaluation = duotone.evaluate(collection, "model1", folds=2, **FAST)
    assert evaluation.protocol["group"] is None and "not grouped" in evaluation._repr_html_()


def _rename_to_earlier_keys(results):
    results["protocol"].pop("skipped_files")
    results["protocol"]["left_out"] = [{"path": "broken.wav", "reason": "empty"}]
    results["systems"][0]["predictions"][0]["damage"] = "1 packet"
    architecture = results["systems"][0]["networks"][0]["architecture"]
    architecture["slope"] = architecture.pop("negative_slope")
    architecture["dense"] = architecture.pop("hidden_units")


def test_folds_are_counted_from_one_in_every_version(sounds, tmp_path):
    table = {"path": sounds.paths, "label": sounds.labels}
    now = duotone.evaluate(table, "model1", folds=2, output=tmp_path, **FAST)
    assert now.results["format"] == 4
    for frame in (now.predictions, now.folds, now.history):
        assert set(frame["fold"]) == {1, 2}
    for name in ("folds.csv", "predictions.csv"):
        assert set(pd.read_csv(tmp_path / name)["fold"]) == {1, 2}
    # As the version before wrote it.
    old = json.loads((tmp_path / "results.json").read_text())
    old["format"] = 2
    for system in old["systems"]:
        for one in (*system["folds"], *system["predictions"]):
            one["fold"] -= 1
        for one in system["predictions"]:
            for note in ("silent", "repeated", "decode_errors", "warnings"):
                one.pop(note, None)
    _rename_to_earlier_keys(old)
    (tmp_path / "old.json").write_text(json.dumps(old))
    then = duotone.Evaluation.load(tmp_path / "old.json")
    same = ["path", "label", "predicted", "fold"]
    pd.testing.assert_frame_equal(then.predictions[same], now.predictions[same])
    assert list(then.predictions.columns) == list(now.predictions.columns)
    pd.testing.assert_frame_equal(then.folds, now.folds)
    assert then.skipped_files == [("broken.wav", "empty")]
    assert then.predictions["decode_errors"][0] == "1 packet"
    assert then.results["systems"][0]["networks"] == now.results["systems"][0]["networks"]
    # A list of folds that counts from 0 divides alike.
    folds = pd.read_csv(tmp_path / "folds.csv").assign(fold=lambda frame: frame["fold"] - 1)
    folds.to_csv(tmp_path / "old.csv", index=False)
    again = duotone.evaluate(table, "model1", folds=tmp_path / "old.csv", **FAST)
    pd.testing.assert_frame_equal(again.predictions[same], now.predictions[same])


def test_predictions_carry_notes(sounds, tmp_path):
    write_wav(tmp_path / "short.wav", tone(300, 1, 1))
    write_wav(tmp_path / "silent.wav", np.zeros(40_000))
    more = [str(tmp_path / "short.wav"), str(tmp_path / "silent.wav")]
    table = {"path": [*sounds.paths, *more], "label": [*sounds.labels, "low", "low"]}
    with pytest.warns(DuotoneWarning) as caught:
        predictions = duotone.evaluate(table, "model1", folds=2, **FAST).predictions
    words = [str(one.message) for one in caught]
    assert any("silent: tested, but not trained on" in one for one in words)
    predictions = predictions.set_index("path")
    assert predictions["silent"].loc[more].tolist() == [False, True]
    assert predictions["repeated"].loc[more].tolist() == [True, False]
    assert predictions["decode_errors"].isna().all() and predictions["silent"].sum() == 1


def test_features_are_computed_ahead(sounds, tmp_path):
    events = []
    table = {"path": [*sounds.paths, sounds.broken], "label": [*sounds.labels, "low"]}
    store = tmp_path / "store"
    (skipped,) = duotone.features(table, store, architecture="model1", progress=events.append)
    assert skipped.path == sounds.broken and skipped.error
    assert sum(event["kind"] == "file" for event in events) == 19
    entries = {path: path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    assert len(entries) >= 18
    Classifier(**{**QUICK, "epochs": 1}, store=store).fit(sounds.paths, sounds.labels)
    after = {path: path.stat().st_mtime_ns for path in store.rglob("*") if path.is_file()}
    assert after == entries
    for number in (0, 1):
        (tmp_path / f"music/{number}").mkdir(parents=True)
        shutil.copy(sounds.paths[number], tmp_path / f"music/{number}")
    with pytest.raises(duotone.ModelFileError, match="input"):
        duotone.features(tmp_path / "music", tmp_path / "music")


def test_audio_files(sounds, tmp_path):
    (tmp_path / "album").mkdir()
    for path in sounds.paths[:2]:
        shutil.copy(path, tmp_path / "album")
    (tmp_path / "album/cover.jpg").write_bytes(b"a picture")
    files, skipped_files = duotone.audio_files(tmp_path)
    assert files == [str(tmp_path / name) for name in ("album/00.wav", "album/01.wav")]
    assert skipped_files == []
    with pytest.raises(FileNotFoundError):
        duotone.audio_files(tmp_path / "absent")


def test_a_timeline_of_excerpts(fitted, tmp_path):
    write_wav(tmp_path / "song.wav", np.concatenate([tone(300, 1, 30), tone(3000, 2, 60)]))
    whole = fitted.model_.timeline(tmp_path / "song.wav")
    parts = fitted.model_.timeline(tmp_path / "song.wav", excerpts=(3, 10))
    assert 0 < len(parts) < len(whole) and parts["start"].iloc[0] == pytest.approx(10, abs=0.5)


@pytest.mark.parametrize("function", [duotone.evaluate, duotone.check, Classifier, Collection.open])
def test_words_are_literals(function):
    hints = typing.get_type_hints(getattr(function, "__init__", function))
    hints |= {} if inspect.isclass(function) else typing.get_type_hints(function)
    for name, words in [("sampling", options.Sampling | None), ("vote", options.Vote)]:
        if name in inspect.signature(function).parameters:
            assert hints[name] == words
    if function is not Classifier:
        assert hints["min_per_label"] == int | None
