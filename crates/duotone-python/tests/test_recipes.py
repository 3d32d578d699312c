"""An architecture comes with training settings, which parameters change."""

import json
from typing import get_args

import duotone
import numpy as np
import pytest
from conftest import QUICK, check_schema
from duotone import Classifier, SettingsError
from duotone.options import Preset
from duotone.settings import to_json

PARAMETERS = (
    "networks",
    "epochs",
    "learning_rate",
    "batch_size",
    "segments",
    "fresh_segments",
    "sampling",
    "standardize",
    "validation",
)


def changes(settings=None, **given):
    parameters = {**dict.fromkeys(PARAMETERS), "seed": 0, **given}
    return json.loads(to_json(settings, **parameters))["changes"]


def test_only_what_is_given_changes_the_recipe():
    assert changes() == {}
    assert changes(epochs=3, segments=2) == {"epochs": 3, "segments": {"random": 2}}
    given = {"augmentation.mixup": np.float32(0.5), "augmentation.gain": 3, "schedule": "cosine"}
    expected = {"augmentation": {"mixup": 0.5, "gain": 3}, "schedule": "cosine"}
    assert changes(given) == expected
    assert changes({"augmentation": {"mixup": 0.5, "gain": 3}, "schedule": "cosine"}) == expected


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"epochs": 3}, "'epochs' has a parameter of its own: use epochs"),
        ({"seed": 3}, "use random_state or seed"),
        ({"augmentation.mixup": 1, "augmentation": {}}, "'augmentation' is given twice"),
        ({"augmentation": 1, "augmentation.mixup": 1}, "'augmentation' is given twice"),
        (3, "settings=3: it must be a mapping"),
        ({"schedule": object()}, "not a number, text, list or mapping"),
        ({"schedul": "cosine"}, "settings: .*schedul"),
        ({"schedule": "linear"}, "settings: .*linear"),
        ({"label_smoothing": 2}, "label smoothing 2"),
        ({"augmentation.band_mask": 200}, "band_mask 200: choose fewer than a segment's 40 bands"),
    ],
)
def test_impossible_settings(sounds, settings, words):
    with pytest.raises(SettingsError, match=words):
        Classifier(**QUICK, settings=settings).fit(sounds.paths, sounds.labels)


def test_the_paper_settings_are_the_recipe(fitted):
    settings = fitted.model_.card["settings"]
    assert settings["standardize"] == "band" and settings["sampling"] == "uniform"
    assert settings["validation"] == 0 and not settings["fresh_segments"]
    assert fitted.model_.card["front_end"]["sample_rate"] == 11_025


def test_deep(deep, sounds):
    card = deep.model_.card
    assert card["recipe"] == "deep" and card["front_end"]["sample_rate"] == 22_050
    settings = card["settings"]
    assert (settings["epochs"], settings["batch_size"], settings["validation"]) == (6, 8, 0)
    assert settings["segments"] == {"random": 6} and settings["fresh_segments"]
    assert settings["optimizer"]["name"] == "adamw" and settings["schedule"] == "one-cycle"
    assert settings["augmentation"]["frame_mask"] == 10
    assert settings["augmentation"]["band_mask"] == 16
    assert settings["label_smoothing"] == pytest.approx(0.1)
    assert deep.score(sounds.paths, sounds.labels) == 1
    maps = deep.model_.embed(sounds.paths[0], layer="maps")
    assert maps.shape == (1, 248)
    np.testing.assert_array_equal(deep.model_.embed(sounds.paths[0]), maps)


def test_networks_are_averaged(sounds):
    quick = {**QUICK, "epochs": 1, "standardize": "none"}
    values = np.random.default_rng(1).normal(-4, 2, (5, 40, 80)).astype(np.float32)

    def log_probabilities(seed, networks=None):
        classifier = Classifier(**quick, random_state=seed, networks=networks)
        model = classifier.fit(sounds.paths, sounds.labels).model_
        return np.log(model.segment_probabilities(values))

    mean = (log_probabilities(3) + log_probabilities(4)) / 2
    mean -= np.log(np.exp(mean).sum(1, keepdims=True))
    np.testing.assert_allclose(log_probabilities(3, networks=2), mean, atol=1e-4)


def test_mfcc_learns_the_tones(sounds):
    classifier = Classifier("mfcc", n_jobs=1).fit(sounds.paths, sounds.labels)
    assert classifier.score(sounds.paths, sounds.labels) == 1
    assert classifier.model_.card["settings"]["optimizer"]["name"] == "lbfgs"
    with pytest.raises(SettingsError, match="omit `schedule`"):
        Classifier("mfcc", settings={"schedule": "cosine"}).fit(sounds.paths, sounds.labels)
    with pytest.raises(SettingsError, match="use `sgd` or `adamw`"):
        settings = {"optimizer.name": "lbfgs"}
        Classifier("model1", settings=settings).fit(sounds.paths, sounds.labels)


def test_deep_is_evaluated_as_the_recipe_says(sounds, tmp_path):
    table = {"path": sounds.paths, "label": sounds.labels}
    store = tmp_path / "store"
    assert duotone.features(table, store, architecture="deep", n_jobs=1) == []
    entries = sorted(store.rglob("*"))
    evaluation = duotone.evaluate(
        table, "deep", folds=2, epochs=1, segments=1, store=store, n_jobs=1
    )
    settings = evaluation.protocol["settings"]
    assert settings["epochs"] == 1 and settings["optimizer"]["name"] == "adamw"
    network = evaluation.results["systems"][0]["networks"][0]
    assert network["front_end"]["sample_rate"] == 22_050
    assert sorted(store.rglob("*")) == entries
    own = duotone.evaluate(
        table, "deep", folds=2, epochs=1, segments=1, sample_rate="auto", n_jobs=1
    )
    network = own.results["systems"][0]["networks"][0]
    assert network["front_end"]["sample_rate"] == 11_025
    check_schema(evaluation)


def test_presets():
    assert list(get_args(Preset)) == duotone.PRESETS
