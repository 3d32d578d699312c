"""Collections from files and tables, and their evaluation."""

import copy
import pickle
import warnings
from types import SimpleNamespace

import duotone
import matplotlib
import numpy as np
import pandas as pd
import pytest
from conftest import QUICK
from duotone import Collection, CollectionError, DuotoneWarning, SettingsError, plot

matplotlib.use("Agg")


@pytest.fixture
def columns(sounds):
    return {
        "path": sounds.paths,
        "genre": sounds.labels,
        "artist": sounds.artists,
        "number": list(range(18)),
    }


def check(collection, sounds):
    assert collection.paths == sounds.paths
    assert list(collection.labels) == sounds.labels
    assert list(collection.groups) == sounds.artists


def test_from_tables(columns, sounds):
    pa, pl = pytest.importorskip("pyarrow"), pytest.importorskip("polars")
    for table in (columns, pd.DataFrame(columns), pa.table(columns), pl.DataFrame(columns)):
        check(Collection.from_table(table, label="genre", group="artist"), sounds)
        with pytest.raises(CollectionError, match="no column 'mood': use one of path, genre"):
            Collection.from_table(table, label="mood")


def test_empty_cells_are_no_labels(columns):
    frame = pd.DataFrame(columns)
    frame.loc[0, "genre"] = None
    frame.loc[1, "genre"] = np.nan
    frame.loc[2, "genre"] = " "
    frame.loc[3, "artist"] = pd.NA
    with pytest.warns(DuotoneWarning) as caught:
        collection = Collection.from_table(frame, label="genre", group="artist")
    words = [str(one.message) for one in caught]
    assert words == collection.warnings and len(words) == 2
    assert "no artist for 1 file" in words[0] and "ignored 3 of 18 rows" in words[1]
    assert len(collection) == 15 and collection.groups[0] == collection.paths[0]


def test_from_a_list_and_a_folder(columns, sounds, tmp_path):
    pd.DataFrame(columns).to_csv(tmp_path / "list.csv", index=False)
    check(Collection.open(tmp_path / "list.csv", label="genre", group="artist"), sounds)
    with pytest.raises(CollectionError, match="mood"):
        Collection.open(tmp_path / "list.csv", label="mood")
    with pytest.raises(FileNotFoundError):
        Collection.open(tmp_path / "absent.csv")


def test_pickles_are_the_same_collection(columns, sounds):
    columns = {**columns, "fold": [str(i // 3 % 3) for i in range(18)]}
    columns["path"] = [*sounds.paths[:17], sounds.paths[0]]
    columns["artist"] = [*sounds.artists[:5], None, *sounds.artists[6:]]
    with pytest.warns(DuotoneWarning, match="no artist for 1 file"):
        collection = Collection.from_table(columns, label="genre", group="artist", fold="fold")
    assert collection.skipped_files and collection.warnings
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        read, copied = pickle.loads(pickle.dumps(collection)), copy.deepcopy(collection)
    for same in (read, copied):
        assert same.paths == collection.paths and same.warnings == collection.warnings
        assert same.skipped_files == collection.skipped_files and repr(same) == repr(collection)
        assert same.to_frame().equals(collection.to_frame())
        assert same._native.state() == collection._native.state()
    damaged = collection.__getstate__()
    damaged["_native"]["labels"] = []
    with pytest.raises(SettingsError, match="damaged"):
        Collection.__new__(Collection).__setstate__(damaged)


def test_from_mirdata(sounds):
    rows = zip(sounds.paths, sounds.labels, sounds.artists, strict=True)
    tracks = {
        str(i): SimpleNamespace(audio_path=path, genre=genre, artist=artist)
        for i, (path, genre, artist) in enumerate(rows)
    }
    # What a track without audio or annotation looks like.
    tracks["x"] = SimpleNamespace(audio_path=None, genre="low", artist=None)
    dataset = SimpleNamespace(name="toy", load_tracks=lambda: tracks)
    with pytest.warns(DuotoneWarning, match="ignored 1 of 19 rows"):
        check(Collection.from_mirdata(dataset, group="artist"), sounds)
    with pytest.raises(CollectionError, match="no attribute 'mood': use one of .*genre"):
        Collection.from_mirdata(dataset, label="mood")
    with pytest.raises(CollectionError, match="no attribute 'composer'"):
        Collection.from_mirdata(dataset, group="composer")


def test_groups_that_are_empty_are_an_error(sounds):
    rows = zip(sounds.paths, sounds.labels, strict=True)
    tracks = {
        str(i): SimpleNamespace(audio_path=path, genre=genre, artist=None, mood="")
        for i, (path, genre) in enumerate(rows)
    }
    dataset = SimpleNamespace(name="toy", load_tracks=lambda: tracks)
    with pytest.raises(CollectionError, match="'artist' is empty.*omit `group`"):
        Collection.from_mirdata(dataset, group="artist")
    with pytest.raises(CollectionError, match="'mood' is empty in all 18 rows"):
        Collection.from_mirdata(dataset, label="mood")
    assert Collection.from_mirdata(dataset).groups is None


def test_folds_keep_groups_together(columns):
    collection = Collection.from_table(columns, label="genre", group="artist")
    folds = collection.folds(3)
    of_artist = pd.DataFrame({"artist": collection.groups, "fold": folds}).groupby("artist")
    assert (of_artist["fold"].nunique() == 1).all() and set(folds) == {1, 2, 3}


def test_it_shows_itself(columns):
    collection = Collection.from_table(columns, label="genre", group="artist", name="<b>")
    assert "&lt;b&gt;" in collection._repr_html_() and "18 files" in repr(collection)
    assert collection.counts().loc["low"].to_dict() == {"files": 6, "groups": 3}
    assert len(collection.plot().patches) == 3


@pytest.fixture(scope="module")
def evaluation(sounds):
    table = {"path": [*sounds.paths, sounds.broken], "label": [*sounds.labels, "low"]}
    table["artist"] = [*sounds.artists, "low 0"]
    quick = {k: v for k, v in QUICK.items() if k != "architecture"}
    return duotone.evaluate(table, ["model1", "model3"], group="artist", folds=3, **quick)


def test_evaluation_tables(evaluation, sounds):
    assert list(evaluation.scores.index) == ["model1", "model3"]
    predictions = evaluation.predictions.query("architecture == 'model1'")
    assert list(predictions["path"]) == sounds.paths
    right = (predictions["label"] == predictions["predicted"]).mean()
    assert evaluation.scores.loc["model1", "accuracy"] == pytest.approx(right)
    assert right > 0.8
    low, high = evaluation.scores.loc["model1", ["low", "high"]]
    assert low <= right <= high
    confusion = evaluation.confusion("model3")
    assert confusion.to_numpy().sum() == 18
    with pytest.raises(SettingsError, match="architecture='model9': use one of .*model3"):
        evaluation.confusion("model9")
    diagonal = np.trace(confusion.to_numpy()) / 18
    assert evaluation.scores.loc["model3", "accuracy"] == pytest.approx(diagonal)
    assert len(evaluation.folds) == 6 and len(evaluation.history) == 6 * QUICK["epochs"]
    assert evaluation.classes.groupby("architecture")["support"].sum().tolist() == [18, 18]
    assert [path for path, _ in evaluation.skipped_files] == [sounds.broken]
    assert evaluation.protocol["group"] == "artist"


def test_evaluation_is_kept_and_shown(evaluation, tmp_path):
    pytest.importorskip("pyarrow")
    evaluation.to_parquet(tmp_path)
    read = pd.read_parquet(tmp_path / "predictions.parquet")
    pd.testing.assert_frame_equal(read, evaluation.predictions, check_dtype=False)
    assert "no artist in two folds" in evaluation._repr_html_()
    assert evaluation.plot("model1").get_xlabel() == "decision"


def test_evaluation_refuses_impossible_folds(columns):
    del columns["artist"]
    with pytest.raises(CollectionError, match="folds"):
        duotone.evaluate(pd.DataFrame(columns), label="genre", folds=7, epochs=1)
    with pytest.raises(SettingsError):
        duotone.evaluate(pd.DataFrame(columns), [], label="genre", epochs=1)


def test_pictures(fitted, sounds):
    front_end = fitted.model_.front_end
    drawn = plot.spectrogram(front_end.transform(sounds.paths[0]), front_end)
    assert drawn.get_xlim()[1] == pytest.approx(3.0, abs=0.2)
    timeline = plot.timeline(fitted.model_.timeline(sounds.paths[0]))
    assert [text.get_text() for text in timeline.get_legend().get_texts()] == fitted.model_.labels
    above, below = fitted.model_.plot(sounds.paths[0])
    assert above.get_xlim() == below.get_xlim() and below.get_ylabel() == "probability"


def test_what_is_no_table_is_refused_by_what_is_taken(sounds):
    rows = [{"path": p, "label": x} for p, x in zip(sounds.paths, sounds.labels, strict=True)]
    for data in ((sounds.paths, sounds.labels), rows, np.array(sounds.paths), None, 5):
        for take in (Collection.from_table, duotone.evaluate, duotone.check):
            with pytest.raises(TypeError, match="is not a collection: give .*'label': labels"):
                take(data)


def test_columns_of_different_lengths_are_refused(sounds):
    table = {"path": sounds.paths, "label": sounds.labels[:-1]}
    with pytest.raises(duotone.CollectionError, match=r"'path' \(18\), 'label' \(17\)"):
        Collection.from_table(table)


def test_folds_are_whole_numbers(sounds):
    collection = Collection.from_table({"path": sounds.paths, "label": sounds.labels})
    for wrong in ({"k": -1}, {"k": 2.5}, {"k": 3, "seed": -1}):
        with pytest.raises(duotone.SettingsError, match="it must be a whole number"):
            collection.folds(**wrong)
