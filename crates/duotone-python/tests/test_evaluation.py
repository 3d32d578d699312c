"""Evaluations have what the command line's have: every kind of folds, votes, the report, checks."""

import pickle
import shutil
import warnings
from pathlib import Path

import duotone
import pandas as pd
import pytest
from conftest import QUICK, tone, write_wav
from duotone import CollectionError, DuotoneWarning, SettingsError, SkippedFile

FAST = {k: v for k, v in QUICK.items() if k != "architecture"} | {"epochs": 1}


@pytest.fixture
def table(sounds):
    return {"path": sounds.paths, "label": sounds.labels}


def folds_of(evaluation):
    return evaluation.predictions.set_index("path")["fold"].to_dict()


def test_the_output_holds_a_report_and_folds_to_come_back_to(table, tmp_path):
    first = duotone.evaluate(table, "model1", folds=3, seed=7, output=tmp_path, **FAST)
    for name in ("results.json", "predictions.csv", "folds.csv", "report.html"):
        assert (tmp_path / name).stat().st_size > 0
    assert "<html" in (tmp_path / "report.html").read_text()
    loaded = duotone.Evaluation.load(tmp_path / "results.json")
    assert loaded.results == first.results
    for file in (tmp_path / "folds.csv", str(tmp_path / "folds.csv")):
        again = duotone.evaluate(table, "model1", folds=file, seed=8, **FAST)
        assert folds_of(again) == folds_of(first)
    drawn = duotone.evaluate(table, "model1", folds=3, seed=8, **FAST)
    assert folds_of(drawn) != folds_of(first)


def test_repeats_pool_the_decisions_of_several_seeds(table):
    evaluation = duotone.evaluate(table, "model1", folds=2, repeats=2, seed=4, **FAST)
    once = duotone.evaluate(table, "model1", folds=2, seed=4, **FAST)
    files = len(once.predictions)
    assert len(evaluation.predictions) == 2 * files
    assert list(evaluation.repeats["seed"]) == [4, 5]
    assert evaluation.repeats["accuracy"][0] == once.scores["accuracy"].iloc[0]
    mean = evaluation.repeats["accuracy"].mean()
    assert evaluation.scores["accuracy"].iloc[0] == pytest.approx(mean)
    assert set(evaluation.history["seed"]) == {4, 5}
    assert once.repeats.empty and "seed" not in once.predictions
    for repeats in (0, 1.5):
        with pytest.raises(SettingsError, match="repeats"):
            duotone.evaluate(table, "model1", folds=2, repeats=repeats, **FAST)


def test_evaluations_are_compared_on_equal_folds(table, sounds, tmp_path):
    grouped = {**table, "artist": sounds.artists}
    run = {**FAST, "group": "artist"}
    first = duotone.evaluate(grouped, "model1", folds=3, output=tmp_path / "a", **run)
    assert "group" in first.predictions and first.differences.empty
    folds = tmp_path / "a" / "folds.csv"
    duotone.evaluate(grouped, "model3", folds=folds, output=tmp_path / "b", **run)
    both = duotone.compare(tmp_path / "a", tmp_path / "b" / "results.json")
    assert list(both.scores.index) == ["model1", "model3"]
    (pair,) = both.differences.to_dict("records")
    accuracy = both.scores["accuracy"]
    assert pair["difference"] == pytest.approx(accuracy["model1"] - accuracy["model3"])
    assert pair["low"] <= pair["difference"] <= pair["high"] and 0 < pair["p_value"] <= 1
    duotone.evaluate(grouped, "model1", folds=2, output=tmp_path / "c", **run)
    with pytest.raises(ValueError, match="numbers of folds differ: 3 and 2"):
        duotone.compare(tmp_path / "a", tmp_path / "c")
    with pytest.raises(FileNotFoundError):
        duotone.compare(tmp_path / "a", tmp_path / "absent")


def test_deformed_test_clips(table):
    names = ["gain-6", "noise-40"]
    evaluation = duotone.evaluate(table, "model1", folds=2, deformations=names, **FAST)
    rows = evaluation.deformations
    assert list(rows["deformation"]) == names and set(rows["architecture"]) == {"model1"}
    assert list(rows["files"]) == [18, 18]
    assert (rows["loss"] == rows["undeformed_accuracy"] - rows["accuracy"]).all()
    assert ((rows["low"] <= rows["loss"]) & (rows["loss"] <= rows["high"])).all()
    plain = duotone.evaluate(table, "model1", folds=2, **FAST)
    assert plain.deformations.empty
    assert plain.predictions.equals(evaluation.predictions)


def test_a_column_of_folds(table, sounds, tmp_path):
    columns = {**table, "fold": ["a" if i < 9 else "b" for i in range(18)]}
    pd.DataFrame(columns).to_csv(tmp_path / "list.csv", index=False)
    collection = duotone.Collection.from_table(columns, fold="fold")
    for source in (collection, tmp_path / "list.csv"):
        evaluation = duotone.evaluate(source, "model1", folds="column", **FAST)
        assert evaluation.protocol["folds"] == 2
        assert "column `fold`" in evaluation.protocol["folds_source"]
    with pytest.raises(CollectionError, match="fold"):
        duotone.evaluate(table, "model1", folds="column", **FAST)


def test_a_split(table, tmp_path):
    columns = {**table, "split": ["train"] * 9 + ["valid"] * 3 + ["test"] * 6}
    pd.DataFrame(columns).to_csv(tmp_path / "list.csv", index=False)
    collection = duotone.Collection.from_table(columns, split="split")
    for source in (collection, tmp_path / "list.csv"):
        evaluation = duotone.evaluate(source, "model1", folds="split", **FAST)
        assert evaluation.protocol["folds"] == 1 and len(evaluation.predictions) == 6
    with pytest.warns(DuotoneWarning, match="split by the list's column `split`"):
        duotone.evaluate(collection, "model1", **FAST)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"folds": None}, "folds=None: it must be a number, 'auto', 'column' or 'split'"),
        ({"vote": "meen"}, "vote='meen': it must be 'mean', 'majority' or 'max'"),
        (
            {"deformations": "echo"},
            "no deformation is called `echo`: use `all`, or some of gain-20",
        ),
        ({"sample_rate": "own"}, "sample_rate='own': it must be a number or 'auto'"),
        ({"segments": "all"}, "segments='all': it must be a number or 'consecutive'"),
        ({"standardize": "row"}, "standardize='row': it must be 'band'"),
    ],
)
def test_words_that_mean_nothing(table, parameters, words):
    with pytest.raises(ValueError, match=words):
        duotone.evaluate(table, "model1", **{**FAST, **parameters})


def test_the_vote_is_taken(table):
    majority = duotone.evaluate(table, "model1", folds=2, vote="majority", **FAST)
    assert majority.protocol["vote"] == "majority"


def test_warnings_are_issued_at_the_users_line(sounds, tmp_path):
    artists = {"path": sounds.paths, "label": sounds.labels, "artist": sounds.artists}
    with pytest.warns(DuotoneWarning, match="group='artist' keeps them apart") as caught:
        collection = duotone.Collection.from_table(artists)
    assert [Path(one.filename).name for one in caught] == ["test_evaluation.py"]
    # Said once: not again when it is used.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        duotone.evaluate(collection, "model1", folds=2, **FAST)
        duotone.Collection.from_table(artists, group="artist")
    twice = {k: [*v, v[0]] for k, v in artists.items()}
    with pytest.warns(DuotoneWarning, match="1 duplicate entry"):
        duotone.Collection.from_table(twice, group="artist")
    same = tmp_path / "same.wav"
    same.write_bytes(Path(sounds.paths[0]).read_bytes())
    more = {"path": [*sounds.paths, str(same)], "label": [*sounds.labels, "low"]}
    with pytest.warns(DuotoneWarning, match="same") as caught:
        duotone.evaluate(more, "model1", folds=2, **FAST)
    assert {Path(one.filename).name for one in caught} == {"test_evaluation.py"}
    with warnings.catch_warnings(), pytest.raises(DuotoneWarning, match="same"):
        warnings.simplefilter("error")
        duotone.evaluate(more, "model1", folds=2, **FAST)


def test_check_finds_a_recording_under_two_names(sounds, tmp_path):
    song = tone(700, 5, 20) * 0.3 + tone(1800, 6, 20) * 0.3
    write_wav(tmp_path / "one.wav", song)
    write_wav(tmp_path / "two.wav", song * 0.8)
    names = ["one.wav", "two.wav"]
    table = {
        "path": [*sounds.paths, sounds.broken, *(str(tmp_path / name) for name in names)],
        "label": [*sounds.labels, "low", "low", "Low"],
        "by": [*sounds.artists, "x", "me", "me"],
    }
    findings = duotone.check(table, group="by")
    pairs = {(Path(r.first).name, Path(r.second).name) for r in findings.recordings.itertuples()}
    assert ("one.wav", "two.wav") in pairs
    assert ["Low", "low"] in [sorted(names) for names in findings.alike_labels["names"]]
    assert findings and len(findings) == sum(findings.counts().values())
    assert "recordings" in repr(findings) and "one.wav" in findings._repr_html_()
    (skipped,) = findings.skipped_files
    assert isinstance(skipped, SkippedFile) and skipped.path == sounds.broken and skipped.error
    clean = duotone.check({"path": sounds.paths[:6], "label": sounds.labels[:6]})
    assert not len(clean.confounds) and list(clean.confounds.columns)[1] == "accuracy"
    assert not len(clean.split_groups) and list(clean.rare_labels.columns)[0] == "name"


def test_check_finds_labels_that_depend_on_the_level(tmp_path):
    table = {"path": [], "label": []}
    for i in range(40):
        label = ("loud", "quiet")[i % 2]
        gain = {"loud": 0.5, "quiet": 0.1}[label] * (1 + i / 100)
        write_wav(tmp_path / f"{i}.wav", tone(300 + 20 * i, i, 2) * gain)
        table["path"].append(str(tmp_path / f"{i}.wav"))
        table["label"].append(label)
    findings = duotone.check(table)
    best = findings.confounds.iloc[0]
    assert best.properties == ["level"] and best.accuracy > 0.9 and best.chance == 0.5
    assert findings.counts()["confounds"] == len(findings.confounds)
    assert "confounds" in findings._repr_html_()


def test_check_takes_folds(table):
    by_fold = {**table, "fold": [str(i % 2) for i in range(18)]}
    collection = duotone.Collection.from_table(by_fold, fold="fold")
    assert duotone.check(collection, folds="column").report["folds"] == 2
    assert duotone.check(table, folds=3).report["folds"] == 3
    assert duotone.check(table).report["folds"] is None


def test_check_draws_the_folds_of_a_seed(table, sounds, tmp_path):
    # The fold of each copy is reported.
    shutil.copy(sounds.paths[0], tmp_path / "copy.wav")
    twice = {
        "path": [*sounds.paths, str(tmp_path / "copy.wav")],
        "label": [*sounds.labels, sounds.labels[0]],
    }

    def folds(**seed):
        (pair,) = duotone.check(twice, folds=4, **seed).report["findings"]["recordings"]
        return pair["first"]["fold"], pair["second"]["fold"]

    assert folds() == folds(seed=0)
    assert {folds(seed=seed) for seed in range(1, 6)} != {folds()}
    with pytest.raises(SettingsError, match="seed='one'"):
        duotone.check(table, folds=3, seed="one")


def test_skipped_files_are_objects(sounds):
    table = {"path": [*sounds.paths, sounds.broken], "label": [*sounds.labels, "low"]}
    events = []
    evaluation = duotone.evaluate(table, "model1", folds=2, progress=events.append, **FAST)
    (skipped,) = evaluation.skipped_files
    assert skipped.path == sounds.broken and skipped.error
    assert pickle.loads(pickle.dumps(evaluation)).skipped_files == evaluation.skipped_files
    told = [event for event in events if event["kind"] == "skipped_file"]
    assert told and {event["error"] for event in told} == {skipped.error}


@pytest.mark.parametrize("content", ["not JSON", "{}", "[]", '{"format": 3}'])
def test_what_is_no_evaluation_is_refused(content, tmp_path):
    (tmp_path / "results.json").write_text(content)
    with pytest.raises(duotone.ModelFileError, match="results.json: not the results"):
        duotone.Evaluation.load(tmp_path / "results.json")
