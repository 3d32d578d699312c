"""Spectrograms state the front end that made them."""

import copy
import pickle

import numpy as np
import pytest
from conftest import QUICK, RATE, tone
from duotone import Classifier, FrontEnd, SettingsError, Spectrogram


@pytest.fixture(scope="module")
def made():
    return FrontEnd(RATE, fill=True).transform([tone(300, i) for i in range(3)])


def test_they_are_arrays_that_state_their_front_end(made):
    one = made[0]
    assert isinstance(one, Spectrogram) and one.front_end.sample_rate == RATE
    keep = [one.copy(), one[:, 5:90], one + 1, np.stack(made), pickle.loads(pickle.dumps(one))]
    keep += [copy.deepcopy(one), np.concatenate([one, one], axis=1), np.stack(made)[1]]
    for kept in keep:
        assert kept.front_end.sample_rate == RATE, kept.shape
    lose = [one[:20], one[::-1], one.T, one[:, ::2], one.mean(axis=1), one[0], one[:, [3, 1]]]
    for lost in lose:
        assert getattr(lost, "front_end", None) is None, lost.shape
    assert isinstance(one.mean(), np.floating)


def test_another_front_end_is_an_error(sounds, fitted):
    high = FrontEnd(22_050).transform(sounds.paths[:6])
    labels = sounds.labels[:6]
    words = "made with sample_rate 22050.* sample_rate 44100.* needed"
    with pytest.raises(SettingsError, match=words):
        Classifier(**QUICK, sample_rate=44_100).fit(high, labels)
    with pytest.raises(SettingsError, match=words):
        Classifier(**QUICK, sample_rate=44_100).fit(np.stack([s[:, :80] for s in high]), labels)
    with pytest.raises(SettingsError, match="sample_rate 22050"):
        fitted.predict(high)
    with pytest.raises(SettingsError, match="sample_rate 22050"):
        fitted.model_.embed(high[0])
    centred = FrontEnd(RATE, centered=True).transform(sounds.paths[0])
    with pytest.raises(SettingsError, match="centered True"):
        fitted.predict([centred])


def test_the_rate_is_the_one_that_they_state(sounds):
    quick = {**QUICK, "epochs": 1}
    high = FrontEnd(22_050).transform(sounds.paths[:6])
    classifier = Classifier(**quick).fit(high, sounds.labels[:6])
    assert classifier.model_.card["front_end"]["sample_rate"] == 22_050
    plain = [np.asarray(s) for s in high]
    with pytest.raises(SettingsError, match="have none.*sample_rate in hertz"):
        Classifier(**quick).fit(plain, sounds.labels[:6])
    given = Classifier(**quick, sample_rate=22_050).fit(plain, sounds.labels[:6])
    np.testing.assert_array_equal(
        given.model_.tensors()["dense.weight"], classifier.model_.tensors()["dense.weight"]
    )
