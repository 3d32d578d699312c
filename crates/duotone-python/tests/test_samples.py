"""Arrays of samples: which shapes and types are taken, and what is said of the others."""

import io

import duotone
import numpy as np
import pytest
from conftest import RATE, tone
from duotone import AudioError, Classifier, Collection, FrontEnd, SettingsError


def of(samples):
    return FrontEnd(RATE).transform(samples, RATE)


def test_samples_by_channels_are_refused_with_the_cure():
    left, right = tone(300, 1), tone(1000, 2)
    as_soundfile_gives_them = np.stack([left, right], axis=1)
    shape = rf"\({left.size}, 2\)"
    with pytest.raises(SettingsError, match=rf"{shape}.*transpose.*samples\.T"):
        of(as_soundfile_gives_them)
    np.testing.assert_array_equal(of(as_soundfile_gives_them.T), of(np.stack([left, right])))
    assert of(np.stack([left] * 8)).shape == of(left).shape
    with pytest.raises(SettingsError, match="9 channels"):
        of(np.stack([left] * 9))


@pytest.mark.parametrize(
    ("dtype", "scale", "silence"),
    [("int16", 2**15, 0), ("int32", 2**31, 0), ("uint8", 2**7, 2**7)],
)
def test_pcm_is_scaled(dtype, scale, silence):
    floats = tone(300, 1).astype(np.float64)
    pcm = np.round(floats * (scale - 1) + silence).astype(dtype)
    expected = of((pcm.astype(np.float64) - silence) / scale)
    np.testing.assert_allclose(of(pcm), expected, atol=1e-6)
    np.testing.assert_allclose(of(np.stack([pcm, pcm])), expected, atol=1e-5)
    # Near the float samples themselves: full scale is 1.
    assert np.abs(of(pcm) - of(floats)).mean() < 0.2
    assert of(np.full(9000, silence, dtype)).max() == -10


def test_every_width_of_floats_is_taken():
    samples = tone(300, 1)
    np.testing.assert_array_equal(of(samples.astype(np.float64)), of(samples))
    assert np.abs(of(samples.astype(np.float16)) - of(samples)).mean() < 0.1


@pytest.mark.parametrize("dtype", ["int64", "uint16", "bool", "complex64"])
def test_other_numbers_are_refused(dtype):
    with pytest.raises(TypeError, match=f"{dtype}.*floating-point.*int16, int32, uint8"):
        of(tone(300, 1).astype(dtype))


class ArrayLike:
    """An array of another library."""

    def __init__(self, values):
        self.values = values

    def __array__(self, dtype=None, copy=None):
        return np.asarray(self.values, dtype=dtype)


def test_arrays_of_other_libraries_are_taken():
    np.testing.assert_array_equal(of(ArrayLike(tone(300, 1))), of(tone(300, 1)))


@pytest.mark.parametrize("audio", [b"RIFF....WAVE", bytearray(b"RIFF"), io.BytesIO(b"RIFF")])
def test_audio_in_memory_is_refused_by_what_is_taken(audio, fitted):
    takers = [
        FrontEnd(RATE).transform,
        lambda x: FrontEnd(RATE).transform([x]),
        fitted.predict,
        lambda x: fitted.predict([x]),
        fitted.model_.classify,
        lambda x: fitted.model_.classify([x]),
        fitted.model_.timeline,
        fitted.model_.embed,
        lambda x: Classifier().fit([x], ["a"]),
        lambda x: Collection.from_table({"path": [x, x], "label": ["a", "b"]}),
    ]
    for take in takers:
        with pytest.raises(TypeError, match=r"is not an audio file: give a path \(str or os"):
            take(audio)


@pytest.mark.parametrize("bad", [5, [0.1, 0.2], None, [None]])
def test_what_is_no_audio_is_refused(bad):
    with pytest.raises(TypeError, match="is not audio: give a path"):
        of(bad)


def test_pcm_that_became_floats_unscaled_gives_a_warning(fitted):
    pcm = np.round(tone(3000, 1) * 32767)
    found = of(pcm).notes["warnings"]
    assert len(found) == 1 and "full scale is 1" in found[0]
    for scaled in (tone(3000, 1), 10 * tone(3000, 1), pcm.astype(np.int16)):
        assert of(scaled).notes["warnings"] == []
    spectrogram = fitted.model_.front_end.transform(pcm)
    with pytest.warns(duotone.DuotoneWarning, match="full scale is 1"):
        fitted.predict([spectrogram])


def test_a_rate_is_never_taken_for_another():
    samples = tone(300, 1)
    for rate in (0, -1, 22_050.5, "11025"):
        with pytest.raises(duotone.DuotoneError, match="rate"):
            FrontEnd(RATE).transform(samples, rate)
    np.testing.assert_array_equal(FrontEnd(RATE).transform(samples, float(RATE)), of(samples))


def test_what_holds_no_samples_is_refused():
    for empty in (np.zeros(0, np.float32), np.zeros((2, 0))):
        with pytest.raises(AudioError, match="no samples"):
            of(empty)
    with pytest.raises(TypeError, match="float32 is not audio"):
        of(np.float32(1))


def test_a_bad_array_of_a_batch_is_named_or_skipped(sounds):
    bad = tone(300, 1)
    bad[20] = np.nan
    batch = [tone(300, 1), bad, sounds.paths[0]]
    with pytest.raises(AudioError, match="clip 1: .*NaN"):
        of(batch)
    with pytest.warns(duotone.DuotoneWarning, match="clip 1: .*NaN"):
        one, none, two = FrontEnd(RATE, on_error="none").transform(batch, RATE)
    assert none is None and one.shape[0] == two.shape[0] == 40
