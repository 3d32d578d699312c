"""Calibration, decisions that are left open, and how unfamiliar a recording is."""

import pickle

import duotone
import numpy as np
import pytest
from conftest import QUICK, RATE, check_schema, tone, write_wav
from duotone import SettingsError

FAST = {k: v for k, v in QUICK.items() if k != "architecture"}


def threshold(model, risk):
    """The smallest probability that keeps the risk, by the rule of `docs/evaluation.md`."""
    kept = [
        point["threshold"]
        for point in model.card["confidence"]["risk"]
        if (point["errors"] + 1) / (point["accepted"] + 1) <= risk
    ]
    return min(kept, default=np.inf)


def test_the_card_has_what_was_measured(calibrated, fitted):
    confidence = calibrated.card["confidence"]
    assert (confidence["folds"], confidence["files"], confidence["groups"]) == (3, 18, 9)
    assert confidence["file_temperature"] > 0 and confidence["segment_temperature"] > 0
    assert confidence["risk"][-1]["accepted"] == 18
    assert set(confidence["before"]) == {"calibration_error", "log_loss", "brier_score"}
    assert "on 18 files in 3 inner folds" in calibrated._repr_html_()
    assert "confidence" not in fitted.model_.card and "weight_decay" not in fitted.model_.card
    assert calibrated.card["settings"]["calibrate"] == 3


def test_the_weight_decay_that_inner_folds_chose_is_in_the_card():
    random = np.random.default_rng(5)
    clips = [random.normal(-4, 1.5, (96, 256)).astype(np.float32) for _ in range(9)]
    settings = {"calibrate": 0, "weight_decays": [0.02, 0.5]}
    classifier = duotone.Classifier("mfcc", settings=settings, n_jobs=1)
    card = classifier.fit(clips, ["high", "low", "mid"] * 3).model_.card
    assert card["weight_decay"] in (0.02, 0.5) and "confidence" not in card


def test_decisions_are_open_above_a_risk(calibrated, sounds):
    plain = calibrated.classify(sounds.paths)
    assert plain["best_guess"].isna().all()
    probability = plain[["p_high", "p_low", "p_mid"]].max(axis=1)
    seen = set()
    for risk in (0.03, 0.06, 0.1, 0.5):
        decisions = calibrated.classify(sounds.paths, unknown_above_risk=risk)
        unsure = probability < threshold(calibrated, risk)
        assert ((decisions["label"] == "unknown") == unsure).all()
        assert (decisions["best_guess"].dropna() == plain["label"][unsure]).all()
        assert (decisions["label"][~unsure] == plain["label"][~unsure]).all()
        seen.update(unsure)
    # Of 18 files, no number without an error keeps a risk of 3 %.
    assert seen == {True, False}


def test_decisions_are_open_below_a_probability(calibrated, fitted, sounds):
    for model in (calibrated, fitted.model_):
        probability = model.classify(sounds.paths)[["p_high", "p_low", "p_mid"]].max(axis=1)
        middle = float(probability.median())
        decisions = model.classify(sounds.paths, min_probability=middle)
        assert ((decisions["label"] == "unknown") == (probability < middle)).all()
        spectrogram = model.front_end.transform(sounds.paths[0])
        (label,) = model.classify(spectrogram, min_probability=1.0)["label"]
        assert label == "unknown"


def test_predictions_are_open(sounds):
    numbers = [sorted(set(sounds.labels)).index(label) for label in sounds.labels]
    for labels in (sounds.labels, numbers):
        classifier = duotone.Classifier(**QUICK).fit(sounds.paths, labels)
        plain = classifier.predict(sounds.paths)
        probability = classifier.predict_proba(sounds.paths).max(axis=1)
        middle = float(np.median(probability))
        found = classifier.predict(sounds.paths, min_probability=middle)
        assert found.dtype == object
        expected = [
            "unknown" if p < middle else label for p, label in zip(probability, plain, strict=True)
        ]
        assert list(found) == expected and "unknown" in expected
        everything = classifier.predict(sounds.paths, min_probability=0.0)
        assert list(everything) == list(plain)


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"min_probability": 2}, "min_probability=2: it must be a share from 0 to 1, or None"),
        ({"min_probability": "0.5"}, "min_probability='0.5'"),
        ({"unknown_above_risk": 10}, "unknown_above_risk=10"),
        ({"unknown_above_risk": 0}, "choose a number between 0 and 1, such as 0.1"),
        ({"unknown_above_risk": 0.1, "vote": "max"}, "the vote `mean`"),
    ],
)
def test_what_cannot_be_kept_is_refused(calibrated, sounds, parameters, words):
    spectrogram = calibrated.front_end.transform(sounds.paths[0])
    for clips in (sounds.paths[:1], spectrogram):
        with pytest.raises(SettingsError, match=words):
            calibrated.classify(clips, **parameters)


def test_a_risk_needs_a_calibrated_model(fitted, sounds):
    for take in (fitted.model_.classify, fitted.predict):
        with pytest.raises(SettingsError, match="`calibrate` set to 3"):
            take(sounds.paths, unknown_above_risk=0.1)
    with pytest.raises(SettingsError, match="calibrate"):
        duotone.Classifier(**QUICK, settings={"calibrate": 1}).fit(sounds.paths, sounds.labels)


def test_noise_is_unfamiliar(calibrated, fitted, sounds, tmp_path):
    usual = calibrated.classify(sounds.paths)["unfamiliar"]
    assert usual.between(0, 100).all() and usual.dtype == "float64"
    noise = np.random.default_rng(1).uniform(-0.9, 0.9, 12 * RATE)
    write_wav(tmp_path / "noise.wav", noise)
    assert calibrated.classify(tmp_path / "noise.wav")["unfamiliar"][0] > usual.median()
    assert fitted.model_.classify(sounds.paths)["unfamiliar"].isna().all()
    copy = pickle.loads(pickle.dumps(calibrated))
    assert copy.classify(sounds.paths)["unfamiliar"].equals(usual)


def test_rows_of_many_files_have_the_same_columns(calibrated, sounds, tmp_path):
    pytest.importorskip("pyarrow")
    pytest.importorskip("fsspec")
    from duotone import scale

    calibrated.save(tmp_path / "m.safetensors")
    paths = [*sounds.paths[:2], sounds.broken]
    scale.classify_part(str(tmp_path / "m.safetensors"), paths, str(tmp_path / "out"))
    rows = scale.read(str(tmp_path / "out"))
    assert list(rows.columns) == calibrated.columns
    assert rows["unfamiliar"].dtype == "float64" and rows["unfamiliar"].isna().sum() == 1


def test_segments_have_the_probabilities_of_the_timeline(calibrated):
    spectrogram = calibrated.front_end.transform(tone(700, 1, 3.1))
    frames = calibrated.card["architecture"]["frames"]
    (row,) = calibrated.segment_probabilities(spectrogram[None, :, :frames])
    expected = calibrated.timeline(spectrogram)[["p_high", "p_low", "p_mid"]].iloc[0]
    np.testing.assert_allclose(row, expected.astype(float), atol=1e-5)
    without = {key: value for key, value in calibrated.card.items() if key != "confidence"}
    weights = {k: v for k, v in calibrated.tensors().items() if not k.startswith("familiarity.")}
    (raw,) = duotone.Model.from_tensors(without, weights).segment_probabilities(
        spectrogram[None, :, :frames]
    )
    powers = raw.astype(float) ** (1 / calibrated.card["confidence"]["segment_temperature"])
    np.testing.assert_allclose(row, powers / powers.sum(), atol=1e-5)
    assert np.abs(row - raw).max() > 1e-4


def test_evaluations_have_calibration_risk_and_promises(sounds):
    table = {"path": sounds.paths, "label": sounds.labels, "artist": sounds.artists}
    settings = {**FAST, "epochs": 2}
    evaluation = duotone.evaluate(table, "model1", group="artist", folds=3, **settings)
    check_schema(evaluation)
    (row,) = evaluation.calibration.to_dict("records")
    assert row["architecture"] == "model1" and len(row["temperatures"]) == 3
    files = evaluation.results["systems"][0]["files"]
    assert row["log_loss_before"] == pytest.approx(files["probabilities"]["log_loss"])
    assert row["calibration_error_after"] >= 0 and row["brier_score_after"] >= 0
    risk = evaluation.risk
    assert risk["coverage"].is_monotonic_increasing and risk["coverage"].iloc[-1] == 1
    assert risk["risk"].iloc[-1] == pytest.approx(1 - files["accuracy"])
    assert ((risk["low"] <= risk["risk"]) & (risk["risk"] <= risk["high"])).all()
    promises = evaluation.promises
    assert list(promises["promised"]) == [0.05, 0.1, 0.2]
    assert (promises["risk"].isna() == (promises["accepted"] == 0)).all()
    assert (promises["coverage"] == promises["accepted"] / 18).all()
    split = {**table, "split": ["train"] * 12 + ["test"] * 6}
    collection = duotone.Collection.from_table(split, group="artist", split="split")
    once = duotone.evaluate(collection, "model1", folds="split", **settings)
    assert once.calibration.empty and once.risk.empty and once.promises.empty
