"""What is to be known of a recording reaches whoever decides on it or learns from it."""

import pickle
import warnings

import numpy as np
import pytest
from conftest import QUICK, RATE, tone, write_wav
from duotone import Classifier, DuotoneWarning, FrontEnd

QUICKER = {**QUICK, "epochs": 1}


@pytest.fixture
def odd(tmp_path):
    """Files that say nothing: silent, constant, with channels that cancel each other."""
    sound = tone(300, 1)
    sounds = {
        "silent": np.zeros(4 * RATE),
        "constant": np.full(4 * RATE, 0.25),
        "cancelled": np.stack([sound, -0.98 * sound]),
    }
    for name, samples in sounds.items():
        write_wav(tmp_path / f"{name}.wav", samples)
    return {name: str(tmp_path / f"{name}.wav") for name in sounds}


def test_decisions_on_files_and_spectrograms_say_the_same(fitted, odd):
    model = fitted.model_
    decisions = model.classify(odd.values()).set_axis(odd.keys())
    assert decisions["silent"].tolist() == [True, True, False]
    assert "cancel" in decisions["warnings"]["cancelled"][0]
    for name, path in odd.items():
        spectrogram = model.front_end.transform(path)
        for same in (spectrogram, spectrogram[:, 1:], pickle.loads(pickle.dumps(spectrogram))):
            assert same.notes["silent"] == decisions["silent"][name]
            assert same.notes["warnings"] == decisions["warnings"][name]
        assert (spectrogram + 1).notes is None and np.stack([spectrogram]).notes is None


def test_samples_in_memory_say_it_too():
    sound = tone(300, 1)
    transform = FrontEnd(RATE).transform
    assert transform(np.full(4 * RATE, 0.25)).notes["silent"]
    assert transform(sound).notes == {"silent": False, "repeated": False, "warnings": []}
    stereo = np.stack([sound, -0.98 * sound])
    for samples in (stereo, (stereo * 32767).astype(np.int16)):
        (words,) = transform(samples).notes["warnings"]
        assert "cancel" in words
    assert transform(np.stack([sound, 0.9 * sound])).notes["warnings"] == []
    assert transform(np.stack([np.zeros(RATE), np.zeros(RATE)])).notes["warnings"] == []


@pytest.mark.parametrize("by", ["path", "spectrogram"])
def test_fitting_leaves_out_what_is_silent(sounds, odd, by):
    files = [*sounds.paths, odd["silent"], odd["constant"]]
    labels = [*sounds.labels, "low", "low"]
    made = FrontEnd(RATE, fill=True).transform(files) if by == "spectrogram" else files
    with pytest.warns(DuotoneWarning, match="2 clips: silent, so skipped"):
        more = Classifier(**QUICKER).fit(made, labels)
    less = Classifier(**QUICKER).fit(made[:-2], labels[:-2])
    for name, tensor in less.model_.tensors().items():
        np.testing.assert_array_equal(tensor, more.model_.tensors()[name])


def test_fitting_warns_of_doubtful_files(sounds, odd):
    with pytest.warns(DuotoneWarning) as caught:
        Classifier(**QUICKER).fit([*sounds.paths, odd["cancelled"]], [*sounds.labels, "low"])
    words = [str(one.message) for one in caught]
    assert any("cancelled.wav: the channels cancel" in one for one in words)


def test_prediction_warns_of_what_decides_nothing(fitted, sounds, odd, tmp_path):
    files = [sounds.paths[0], odd["silent"], odd["constant"], odd["cancelled"]]
    with pytest.warns(DuotoneWarning) as caught:
        fitted.predict(files)
    words = [str(one.message) for one in caught]
    assert any("2 clips" in w and "constant.wav" in w and w.endswith(": silent") for w in words)
    assert any("cancelled.wav: the channels cancel" in w for w in words)
    made = fitted.model_.front_end.transform(files)
    stored = pickle.loads(pickle.dumps(fitted)).set_params(store=tmp_path / "store")
    for classifier, X in ((fitted, made), (stored, files)):
        with pytest.warns(DuotoneWarning, match="2 clips .*: silent"):
            classifier.predict_proba(X)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        fitted.predict(sounds.paths)


def test_a_lower_rate_is_said(sounds, tmp_path):
    paths = [str(tmp_path / f"{number}.wav") for number in range(4)]
    for number, path in enumerate(paths):
        write_wav(path, tone([300, 3000][number % 2], number, 16), rate=48_000)
    with pytest.warns(DuotoneWarning, match="22,?050") as caught:
        classifier = Classifier(**QUICKER).fit(paths, ["a", "b", "a", "b"])
    assert any("sample_rate" in str(one.message) for one in caught)
    assert all("--" not in str(one.message) for one in caught)
    assert classifier.model_.card["front_end"]["sample_rate"] == 22_050
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        Classifier(**QUICKER, sample_rate=22_050).fit(paths, ["a", "b", "a", "b"])
        Classifier(**QUICKER).fit(sounds.paths, sounds.labels)
