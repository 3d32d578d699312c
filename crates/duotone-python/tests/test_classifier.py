"""The estimator does as scikit-learn's do."""

import os
import pickle
import signal
import subprocess
import sys
import textwrap

import numpy as np
import pandas as pd
import pytest
from conftest import QUICK, RATE
from duotone import AudioError, Classifier, DivergedError, FrontEnd, SettingsError
from sklearn.base import clone, is_classifier
from sklearn.exceptions import NotFittedError, SkipTestWarning
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_predict, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils import estimator_checks as checks
from sklearn.utils.estimator_checks import check_estimator


@pytest.mark.parametrize("estimator", [Classifier(**QUICK), FrontEnd()], ids=["fit", "transform"])
def test_scikit_learns_own_checks(estimator):
    # By the estimators' tags, checks that use a table of numbers are skipped with a warning.
    with pytest.warns(SkipTestWarning):
        check_estimator(estimator)
    # And with them some that feed nothing: these.
    name = type(estimator).__name__
    for check in [
        checks.check_estimator_tags_renamed,
        checks.check_valid_tag_types,
        checks.check_estimator_repr,
        checks.check_no_attributes_set_in_init,
        checks.check_mixin_order,
        checks.check_parameters_default_constructible,
        checks.check_get_params_invariance,
        checks.check_set_params,
    ]:
        check(name, estimator)


def test_scikit_learns_checks_of_classifiers():
    for check in [checks.check_estimators_unfitted, checks.check_requires_y_none]:
        check("Classifier", Classifier(**QUICK))


def test_learns_the_tones(fitted, sounds):
    assert is_classifier(fitted)
    assert list(fitted.classes_) == ["high", "low", "mid"]
    assert fitted.score(sounds.paths, sounds.labels) == 1.0
    probabilities = fitted.predict_proba(sounds.paths)
    assert probabilities.shape == (18, 3)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1)
    chosen = fitted.classes_[probabilities.argmax(axis=1)]
    np.testing.assert_array_equal(chosen, fitted.predict(sounds.paths))
    assert fitted.history_.index.name == "epoch" and len(fitted.history_) == QUICK["epochs"]
    assert fitted.history_["loss"].iloc[-1] < fitted.history_["loss"].iloc[0]


def test_spectrograms_give_the_same_as_files(fitted, sounds):
    front_end = FrontEnd(RATE, fill=True)
    spectrograms = front_end.transform(sounds.paths)
    np.testing.assert_allclose(
        fitted.predict_proba(spectrograms), fitted.predict_proba(sounds.paths), atol=1e-6
    )
    array = np.stack([s[:, :80] for s in spectrograms])
    again = Classifier(**QUICK).fit(array, sounds.labels)
    assert again.score(array, sounds.labels) == 1.0


def test_the_same_state_gives_the_same_weights(sounds):
    half = {**QUICK, "epochs": 2}
    one = Classifier(**half).fit(sounds.paths, sounds.labels)
    two = Classifier(**{**half, "n_jobs": 2}).fit(sounds.paths, sounds.labels)
    other = Classifier(**half, random_state=1).fit(sounds.paths, sounds.labels)
    weights = [c.model_.tensors()["dense.weight"] for c in (one, two, other)]
    np.testing.assert_array_equal(weights[0], weights[1])
    assert not np.array_equal(weights[0], weights[2])
    random = Classifier(**half, random_state=np.random.RandomState(5))
    random.fit(sounds.paths[:6], sounds.labels[:6])


def test_clones_and_pickles(fitted, sounds):
    twin = clone(fitted)
    assert twin.get_params() == fitted.get_params() and not hasattr(twin, "model_")
    read = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(
        read.predict_proba(sounds.paths), fitted.predict_proba(sounds.paths)
    )
    assert twin.set_params(epochs=3).epochs == 3


def test_in_a_pipeline_and_a_grid_search_by_group(sounds):
    pipeline = make_pipeline(FrontEnd(RATE), Classifier(**QUICK, sample_rate=RATE))
    scores = cross_val_score(
        pipeline, sounds.paths, sounds.labels, groups=sounds.artists, cv=GroupKFold(3)
    )
    assert scores.shape == (3,) and scores.mean() > 0.8
    search = GridSearchCV(
        Classifier(**QUICK), {"epochs": [1, 8]}, cv=GroupKFold(3), scoring="neg_log_loss"
    )
    search.fit(np.array(sounds.paths), sounds.labels, groups=sounds.artists)
    assert search.best_params_ == {"epochs": 8}
    assert search.best_estimator_.score(sounds.paths, sounds.labels) == 1.0


def test_over_processes(sounds):
    frame = pd.Series(sounds.paths)
    predicted = cross_val_predict(
        Classifier(**QUICK), frame, sounds.labels, groups=sounds.artists, cv=GroupKFold(2), n_jobs=2
    )
    assert (predicted == np.array(sounds.labels)).mean() > 0.8


@pytest.mark.parametrize("kind", [int, bool, str])
def test_labels_of_any_kind(sounds, kind):
    y = [kind(label == "low") for label in sounds.labels]
    classifier = Classifier(**{**QUICK, "epochs": 1}).fit(sounds.paths, y)
    assert classifier.classes_.dtype == np.asarray(y).dtype
    assert set(classifier.predict(sounds.paths[:3])) <= set(y)


def test_bad_files_are_skipped_in_fitting_and_named_in_prediction(fitted, sounds):
    X, y = [*sounds.paths, sounds.broken], [*sounds.labels, "low"]
    with pytest.warns(UserWarning, match="broken.mp3"):
        classifier = Classifier(**{**QUICK, "epochs": 1}).fit(X, y)
    assert [path for path, _ in classifier.skipped_files_] == [sounds.broken]
    with pytest.raises(AudioError, match="broken.mp3"):
        fitted.predict(X)
    with pytest.raises(AudioError):
        Classifier(**QUICK).fit([sounds.broken, sounds.broken], ["a", "b"])


def test_validation_keeps_groups_together(sounds):
    classifier = Classifier(**{**QUICK, "epochs": 2}, validation=0.3)
    classifier.fit(sounds.paths, sounds.labels, groups=sounds.artists)
    measured = classifier.model_.card["measured"]
    assert measured["clips"] == 6 and "no group on both sides" in measured["protocol"]
    assert classifier.history_["validation_loss"].notna().all()


def test_a_store_gives_the_same(sounds, fitted, tmp_path):
    stored = Classifier(**QUICK, store=tmp_path / "store")
    stored.fit(sounds.paths, sounds.labels)
    np.testing.assert_array_equal(
        stored.model_.tensors()["dense.weight"], fitted.model_.tensors()["dense.weight"]
    )
    assert any((tmp_path / "store").iterdir())
    np.testing.assert_allclose(
        stored.predict_proba(sounds.paths), fitted.predict_proba(sounds.paths), atol=1e-12
    )


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"architecture": "model9"}, "model2-figure"),
        ({"epochs": 0}, "epochs"),
        ({"segments": "some"}, "a number or 'consecutive'"),
        (
            {"standardize": "row"},
            "standardize='row': it must be 'band', 'global', 'pixel' or 'none'",
        ),
        ({"validation": 1.5}, "validation"),
        ({"vote": "meen"}, "vote='meen': it must be 'mean', 'majority' or 'max'"),
        ({"sample_rate": "own"}, "a number or 'auto'"),
    ],
)
def test_impossible_settings(sounds, parameters, words):
    with pytest.raises(SettingsError, match=words):
        Classifier(**{**QUICK, **parameters}).fit(sounds.paths, sounds.labels)


def test_impossible_data(sounds, fitted):
    with pytest.raises(NotFittedError):
        Classifier().predict(sounds.paths)
    for X in ([], "a.wav", [np.zeros(3)], [sounds.paths[0], np.zeros((40, 80))]):
        with pytest.raises(SettingsError):
            fitted.predict(X)
    with pytest.raises(SettingsError, match="40 bands"):
        fitted.predict([np.zeros((39, 80))])
    with pytest.raises(SettingsError, match="finite"):
        fitted.predict([np.full((40, 80), np.nan)])
    with pytest.raises(ValueError, match="inconsistent"):
        Classifier(**QUICK).fit(sounds.paths, sounds.labels[:3])
    with pytest.raises(SettingsError, match="two"):
        Classifier(**QUICK).fit(sounds.paths[:2], ["a", "a"])


def test_divergence_is_an_error(sounds):
    with pytest.raises(DivergedError, match="learning rate"):
        Classifier(**{**QUICK, "learning_rate": 1e30}).fit(sounds.paths, sounds.labels)


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_ctrl_c_stops_training(sounds):
    # A shell's background jobs ignore the signal, and what they start does, too, unless told.
    program = textwrap.dedent(f"""
        import duotone, signal
        signal.signal(signal.SIGINT, signal.default_int_handler)
        def tell(event):
            if event["kind"] == "epoch":
                print("epoch", flush=True)
        try:
            duotone.Classifier(epochs=50_000, progress=tell).fit(
                {sounds.paths!r}, {sounds.labels!r})
        except KeyboardInterrupt:
            print("stopped cleanly", flush=True)
    """)
    process = subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "epoch\n"
    process.send_signal(signal.SIGINT)
    rest, _ = process.communicate(timeout=60)
    assert rest.splitlines()[-1] == "stopped cleanly" and process.returncode == 0


@pytest.mark.parametrize(
    ("setting", "values"),
    [
        ("epochs", [2.7, "3", -1, float("nan")]),
        ("batch_size", [2.5, "10"]),
        ("segments", [2.5, -3]),
        ("sample_rate", [-1, 22_050.5]),
        ("random_state", [-1, 1 << 70]),
        ("learning_rate", [float("nan"), "0.1"]),
        ("validation", [float("inf"), "0.2"]),
        ("fresh_segments", ["False", 2]),
        ("standardize", [False]),
    ],
)
def test_settings_of_another_kind_are_refused_by_name(sounds, setting, values):
    for value in values:
        with pytest.raises(SettingsError, match=f"{setting}="):
            Classifier(**{**QUICK, setting: value}).fit(sounds.paths, sounds.labels)


def test_clips_without_a_label_are_refused(sounds):
    for missing in (None, float("nan"), pd.NA):
        labels = [missing, *sounds.labels[1:]]
        for y in (labels, pd.Series(labels, dtype=object)):
            with pytest.raises(ValueError, match="y contains NaN"):
                Classifier(**QUICK).fit(sounds.paths, y)


def test_a_table_of_paths_is_refused(sounds):
    with pytest.raises(SettingsError, match=r"is a table.*table\['path'\]"):
        Classifier(**QUICK).fit(pd.DataFrame({"path": sounds.paths}), sounds.labels)


def test_progress_that_cannot_be_called_is_refused_before_the_work(sounds):
    with pytest.raises(TypeError, match="progress='yes': it must be True"):
        Classifier(**QUICK, progress="yes").fit(sounds.paths, sounds.labels)
