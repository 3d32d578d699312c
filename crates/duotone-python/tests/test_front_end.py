"""The front end gives librosa's numbers."""

import json
import multiprocessing
import pickle
import typing
from pathlib import Path

import duotone
import numpy as np
import pytest
from conftest import RATE, TONES, tone, write_wav
from duotone import AudioError, FrontEnd, SettingsError, Spectrogram
from sklearn.base import clone

FIXTURES = Path(__file__).parents[2] / "duotone-audio/tests/fixtures/librosa_log_mel.json"
BOUND, RELEVANT = 1e-4, 1e-6


def signal(rate: int, length: int) -> np.ndarray:
    """The formula of `signal` in scripts/librosa_fixtures.py."""
    state, noise = 1, np.empty(length)
    for i in range(length):
        state = (state * 1_664_525 + 1_013_904_223) % 2**32
        noise[i] = state / 2**31 - 1
    i = np.arange(length)
    x = 0.3 * np.sin(2 * np.pi * 440 * i / rate) + 0.1 * np.sin(2 * np.pi * 3000 * i / rate)
    x = x + 0.2 * noise + np.where(i % 5000 == 0, 0.5, 0.0)
    return np.where(i < length // 2, x, x * 0.01).astype(np.float32)


@pytest.mark.parametrize("case", json.loads(FIXTURES.read_text()), ids=lambda c: str(c["rate"]))
def test_librosas_numbers(case):
    samples = signal(case["rate"], case["samples"])
    front_end = FrontEnd(
        case["rate"], window=case["window"], bands=case["bands"], centered=case["centered"]
    )
    got = front_end.transform(samples, case["rate"])
    expected = np.array(case["log_mel"])
    assert got.shape == expected.shape and got.dtype == np.float32
    loud = expected > expected.max() + np.log10(RELEVANT)
    assert loud.mean() > 0.5
    assert np.abs(got - expected)[loud].max() <= BOUND


def test_files_and_samples_agree(tmp_path):
    samples = np.round(tone(440, 1) * 32767) / 32767
    write_wav(tmp_path / "a.wav", samples)
    front_end = FrontEnd(RATE)
    of_file = front_end.transform(tmp_path / "a.wav")
    of_samples = front_end.transform((samples * 32767 / 32768).astype(np.float32), RATE)
    np.testing.assert_allclose(of_file, of_samples, atol=1e-3)


def test_channels_are_averaged_and_rates_changed():
    left, right = tone(300, 1), tone(1000, 2)
    front_end = FrontEnd(RATE)
    both = front_end.transform(np.stack([left, right]), RATE)
    np.testing.assert_allclose(both, front_end.transform((left + right) / 2, RATE), atol=1e-5)
    other = FrontEnd(22_050).transform(left, RATE)
    assert other.shape == FrontEnd(22_050).transform(np.repeat(left, 2), 22_050).shape


def test_batches_keep_order_and_can_keep_going(sounds):
    paths = [sounds.paths[0], sounds.broken, sounds.paths[1]]
    with pytest.raises(AudioError, match="broken.mp3") as caught:
        FrontEnd(RATE).transform(paths)
    assert [path for path, _ in caught.value.skipped_files] == [sounds.broken]
    with pytest.warns(UserWarning, match="broken.mp3"):
        found = FrontEnd(RATE, on_error="none").transform(paths)
    assert found[1] is None
    for got, path in zip(found[::2], paths[::2], strict=True):
        np.testing.assert_array_equal(got, FrontEnd(RATE).transform(path))


def test_short_sounds_are_filled_on_request_only():
    short = tone(300, 1, seconds=1)
    assert FrontEnd(RATE).transform(short).shape == (40, 27)
    assert FrontEnd(RATE, fill=True).transform(short).shape == (40, 80)


def test_the_array_owns_what_rust_computed():
    spectrogram = FrontEnd(RATE).transform(tone(300, 1))
    assert spectrogram.flags.c_contiguous and spectrogram.flags.writeable
    # The base is the vector itself: nothing was copied on the way out.
    assert spectrogram.base is not None and not spectrogram.flags.owndata


@pytest.mark.parametrize(
    ("parameters", "words"),
    [
        ({"window": 3071}, "even"),
        ({"hop": 0, "window": 512}, "hop"),
        ({"bands": 1000}, "fewer bands"),
        ({"on_error": "skip"}, "on_error"),
    ],
)
def test_impossible_parameters(parameters, words):
    with pytest.raises(SettingsError, match=words):
        FrontEnd(44_100, **parameters).transform(tone(300, 1))


def test_librosas_names():
    ours = FrontEnd(RATE, window=1024, hop=256, bands=20, centered=True)
    librosas = FrontEnd(RATE, n_fft=1024, hop_length=256, n_mels=20, center=True)
    assert librosas.spec() == ours.spec()
    assert FrontEnd(RATE, n_fft=1024).spec()["hop"] == 512
    with pytest.raises(SettingsError, match="hop=128 and hop_length=256"):
        FrontEnd(RATE, hop=128, hop_length=256).spec()


@pytest.mark.parametrize("bad", [np.full(9000, np.nan), np.array([]), np.full(9000, np.inf)])
def test_impossible_samples(bad):
    with pytest.raises(AudioError):
        FrontEnd(RATE).transform(bad.astype(np.float32), RATE)


def test_too_few_samples():
    with pytest.raises(AudioError, match="the samples are empty, or too few to be resampled"):
        FrontEnd(8_000).transform(np.zeros(1, np.float32), 192_000)


def test_one_recording_and_a_batch_have_their_types():
    one, batch = typing.get_overloads(FrontEnd.transform)
    assert typing.get_type_hints(one)["return"] is Spectrogram
    assert typing.get_type_hints(batch)["return"] == list[Spectrogram | None]


def test_missing_files_are_errors(tmp_path):
    with pytest.raises(AudioError, match="absent.wav"):
        FrontEnd().transform(tmp_path / "absent.wav")
    with pytest.raises(AudioError):
        FrontEnd().transform(tmp_path)


def test_errors_and_front_ends_survive_pickling():
    front_end = FrontEnd(RATE, bands=30)
    assert clone(front_end).get_params() == front_end.get_params()
    assert pickle.loads(pickle.dumps(front_end)).spec() == front_end.spec()
    error = pickle.loads(pickle.dumps(AudioError.of_file("a.mp3", "why")))
    assert error.skipped_files == [("a.mp3", "why")] and str(error) == "a.mp3: why"


def test_progress_is_told_and_may_stop_the_work(sounds):
    events = []
    FrontEnd(RATE, progress=events.append).transform(sounds.paths)
    assert {event["total"] for event in events} == {18}
    assert sorted(event["done"] for event in events) == list(range(1, 19))

    def stop(event):
        raise RuntimeError("enough")

    with pytest.raises(RuntimeError, match="enough"):
        FrontEnd(RATE, progress=stop).transform(sounds.paths)


def _in_child(paths, queue):
    queue.put([s.shape for s in FrontEnd(RATE).transform(paths)])


def test_a_forked_process_can_work_too(sounds):
    FrontEnd(RATE).transform(sounds.paths[:2])
    context = multiprocessing.get_context("fork")
    queue = context.Queue()
    child = context.Process(target=_in_child, args=(sounds.paths[:2], queue))
    child.start()
    assert queue.get(timeout=60) == [s.shape for s in FrontEnd(RATE).transform(sounds.paths[:2])]
    child.join()


def test_version_and_presets():
    assert duotone.__version__.count(".") == 2
    assert set(duotone.PRESETS) == {
        *("model1", "model2", "model2-figure", "model3"),
        *("mfcc", "deep", "musicnn", "musicnn-mtt"),
    }
    assert len(TONES) == 3
