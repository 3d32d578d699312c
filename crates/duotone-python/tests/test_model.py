"""Models load, decide, explain themselves and refuse what is damaged."""

import pickle
from pathlib import Path

import duotone
import numpy as np
import pandas as pd
import pytest
from conftest import RATE, tone, write_wav
from duotone import AudioError, ModelFileError, SettingsError

FIXTURES = Path(__file__).parents[2] / "duotone-audio/tests/fixtures/audio"


def test_a_saved_model_decides_the_same(fitted, sounds, tmp_path):
    path = tmp_path / "tones.safetensors"
    fitted.model_.save(path)
    model = duotone.load(path)
    assert model.labels == ["high", "low", "mid"]
    assert model.card == fitted.model_.card
    decisions = model.classify(sounds.paths)
    assert list(decisions["label"]) == sounds.labels
    np.testing.assert_allclose(
        decisions[["p_high", "p_low", "p_mid"]], fitted.predict_proba(sounds.paths), atol=1e-12
    )
    assert list(decisions.columns) == model.columns
    pickled = pickle.loads(pickle.dumps(model))
    assert pickled.classify(sounds.paths[0])["label"][0] == sounds.labels[0]


def test_saving_replaces_only_models(fitted, tmp_path):
    path = tmp_path / "tones.safetensors"
    fitted.model_.save(path)
    fitted.model_.save(path)
    path.write_text("years of work")
    with pytest.raises(ModelFileError, match="another kind"):
        fitted.model_.save(path)
    assert path.read_text() == "years of work"


def test_bad_files_are_rows(fitted, sounds, tmp_path):
    absent = str(tmp_path / "absent.wav")
    decisions = fitted.model_.classify([sounds.broken, sounds.paths[0], absent])
    assert list(decisions["error"].notna()) == [True, False, True]
    assert decisions["label"].isna().tolist() == [True, False, True]
    assert list(decisions["path"]) == [sounds.broken, sounds.paths[0], absent]
    for look in (fitted.model_.timeline, fitted.model_.embed):
        with pytest.raises(AudioError, match="broken.mp3"):
            look(sounds.broken)


@pytest.mark.parametrize("vote", ["mean", "majority", "max"])
def test_votes(fitted, sounds, vote):
    decisions = fitted.model_.classify(sounds.paths[:3], vote=vote)
    sums = decisions[["p_high", "p_low", "p_mid"]].sum(axis=1)
    np.testing.assert_allclose(sums, 1)
    with pytest.raises(SettingsError):
        fitted.model_.classify(sounds.paths[:1], vote='m"edian')


def test_timeline(fitted, tmp_path):
    song = np.concatenate([tone(300, 1, 2.83), tone(3000, 2, 2.83)])
    write_wav(tmp_path / "song.wav", song)
    timeline = fitted.model_.timeline(tmp_path / "song.wav")
    assert list(timeline["label"]) == ["low", "high"]
    assert timeline["start"].iloc[0] == 0 and timeline["end"].iloc[1] == pytest.approx(
        5.64, abs=0.1
    )


def test_embeddings_lead_to_the_decision(fitted, sounds):
    model = fitted.model_
    tensors, path = model.tensors(), sounds.paths[1]
    maps, units = model.embed(path, layer="maps"), model.embed(path)
    sums = maps @ tensors["dense.weight"].T + tensors["dense.bias"]
    np.testing.assert_allclose(units, 1 / (1 + np.exp(-sums)), atol=1e-5)
    logits = units @ tensors["output.weight"].T + tensors["output.bias"]
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    expected = model.timeline(path)[["p_high", "p_low", "p_mid"]]
    np.testing.assert_allclose(shares, expected, atol=1e-5)
    spectrogram = model.front_end.transform(path)
    np.testing.assert_array_equal(model.embed(spectrogram), units)
    with pytest.raises(ValueError, match="layer"):
        model.embed(path, layer="last")


def test_damaged_files_are_refused(fitted, tmp_path):
    path = tmp_path / "m.safetensors"
    with pytest.raises(FileNotFoundError, match="m.safetensors"):
        duotone.load(path)
    fitted.model_.save(path)
    whole = path.read_bytes()
    for bad in (b"", whole[:100], whole[:-5], whole[:-4] + b"abcd", b"\xff" * 64):
        path.write_bytes(bad)
        with pytest.raises(ModelFileError, match="m.safetensors"):
            duotone.load(path)


def test_parts_that_do_not_fit_are_refused(fitted):
    model = fitted.model_
    tensors = model.tensors()
    for change, words in [
        ({"dense.bias": np.zeros(3)}, "dense.bias"),
        ({"extra": np.zeros(3)}, "extra"),
        ({"dense.bias": np.full_like(tensors["dense.bias"], np.nan)}, "finite"),
    ]:
        with pytest.raises(SettingsError, match=words):
            duotone.Model.from_tensors(model.card, {**tensors, **change})
    with pytest.raises(SettingsError):
        duotone.Model.from_tensors({}, tensors)
    with pytest.raises(SettingsError):
        model.segment_probabilities(np.zeros((2, 3, 4)))


def test_it_shows_itself(fitted):
    page = fitted.model_._repr_html_()
    assert "model1" in page and f"{RATE} Hz" in page and "high (6)" in page
    assert "tones" not in repr(fitted.model_) and "high, low, mid" in repr(fitted.model_)


def test_a_word_that_is_no_vote(fitted, sounds):
    with pytest.raises(ValueError, match="vote='meen': it must be 'mean', 'majority' or 'max'"):
        fitted.model_.classify(sounds.paths[:1], vote="meen")
    with pytest.raises(ValueError, match="layer='last': it must be 'dense' or 'maps'"):
        fitted.model_.embed(sounds.paths[0], layer="last")


def test_excerpts(fitted, tmp_path):
    song = np.concatenate([tone(300, 1, 30), tone(3000, 2, 60)])
    write_wav(tmp_path / "song.wav", song)
    classify = fitted.model_.classify
    (parts,) = classify(tmp_path / "song.wav", excerpts=(3, 10))["excerpts"]
    np.testing.assert_allclose(parts, [[10, 20], [40, 50], [70, 80]], atol=0.5)
    decision = classify(tmp_path / "song.wav", excerpts=(1, 20)).iloc[0]
    assert decision["label"] == "high" and decision["seconds"] == pytest.approx(90, abs=0.1)
    assert classify(tmp_path / "song.wav")["excerpts"].isna().all()
    for excerpts in ((0, 10), (3, 0), (3, 2.5), 3, "3x10", (1, 2, 3)):
        with pytest.raises(SettingsError, match=r"excerpts=.* such as \(3, 10\)"):
            classify(tmp_path / "song.wav", excerpts=excerpts)


def test_decisions_carry_what_is_to_know_of_a_file(fitted, tmp_path):
    write_wav(tmp_path / "silent.wav", np.zeros(RATE * 4))
    write_wav(tmp_path / "short.wav", tone(300, 1, 1))
    write_wav(tmp_path / "whole.wav", tone(300, 1, 5))
    names = ["silent.wav", "short.wav", "whole.wav"]
    decisions = fitted.model_.classify([tmp_path / name for name in names])
    assert decisions["silent"].tolist() == [True, False, False]
    assert decisions["repeated"].tolist() == [False, True, False]
    assert decisions["decode_errors"].isna().all()
    assert [list(words) for words in decisions["warnings"]] == [[], [], []]
    assert decisions.dtypes[["silent", "repeated"]].tolist() == ["boolean", "boolean"]


def test_decode_errors_are_in_the_decision(fitted, tmp_path):
    whole = (FIXTURES / "mp3_44k.mp3").read_bytes()
    (tmp_path / "short.mp3").write_bytes(whole[: len(whole) * 2 // 3])
    decisions = fitted.model_.classify([tmp_path / "short.mp3", FIXTURES / "mp3_44k.mp3"])
    assert "breaks off" in decisions["decode_errors"][0] and pd.isna(decisions["decode_errors"][1])


def test_types_do_not_depend_on_what_is_missing(fitted, sounds):
    classify = fitted.model_.classify
    good, bad = classify(sounds.paths[0]), classify(sounds.broken)
    mixed = classify([sounds.broken, sounds.paths[0]])
    same = [*good.filter(like="p_").columns, "seconds", "silent", "repeated", "excerpts"]
    for decisions in (bad, mixed):
        assert decisions.dtypes[same].tolist() == good.dtypes[same].tolist()
    assert bad["warnings"][0] is None and good["warnings"][0] == []


def test_samples_in_memory_are_decided_on_as_their_file(fitted, tmp_path):
    model, samples = fitted.model_, tone(3000, 1, 12)
    write_wav(tmp_path / "song.wav", samples)
    pcm = (samples * 32767).astype(np.int16)
    spectrogram = model.front_end.transform(pcm, RATE)
    of_file = model.classify(tmp_path / "song.wav")
    for clips in (spectrogram, [spectrogram], iter([spectrogram])):
        decision = model.classify(clips)
        assert list(decision.columns) == model.columns and decision["path"].tolist() == [None]
        numbers = ["p_high", "p_low", "p_mid"]
        np.testing.assert_allclose(decision[numbers], of_file[numbers], atol=1e-6)
    two = model.classify([spectrogram, model.front_end.transform(np.zeros(RATE))], vote="max")
    assert two["label"][0] == "high" and two["silent"].tolist() == [False, True]
    pd.testing.assert_frame_equal(
        model.timeline(spectrogram), model.timeline(tmp_path / "song.wav"), atol=1e-6
    )


def test_what_is_no_spectrogram_of_the_model_is_refused(fitted, sounds):
    model, samples = fitted.model_, tone(300, 1)
    spectrogram = model.front_end.transform(samples)
    for take in (model.classify, lambda x: model.classify([x]), model.timeline, model.embed):
        with pytest.raises(SettingsError, match=r"not a spectrogram.*transform\(samples"):
            take(samples)
    other = duotone.FrontEnd(44_100).transform(samples, RATE)
    with pytest.raises(SettingsError, match="44100"):
        model.classify([other])
    with pytest.raises(SettingsError, match="paths only, or spectrograms only"):
        model.classify([sounds.paths[0], spectrogram])
    with pytest.raises(SettingsError, match="excerpts are taken of files"):
        model.classify(spectrogram, excerpts=(3, 10))
    for table in (pd.DataFrame({"path": sounds.paths}), pd.DataFrame({"path": []})):
        with pytest.raises(SettingsError, match=r"is a table: .*table\['path'\]"):
            model.classify(table)


def test_missing_text_is_none_whatever_else_is_there(fitted, sounds):
    good, bad = sounds.paths[0], sounds.broken
    for paths in ([good], [bad], [good, bad]):
        decisions = fitted.model_.classify(paths)
        texts = ["path", "label", "decode_errors", "error"]
        assert set(decisions.dtypes[texts]) == {np.dtype(object)}
        for path, label, error in zip(paths, decisions["label"], decisions["error"], strict=True):
            assert (label is None, error is None) == (path == bad, path == good)


def test_errors_of_the_system_are_pythons_own(fitted, tmp_path):
    with pytest.raises(FileNotFoundError) as caught:
        fitted.model_.save(tmp_path / "absent/m.safetensors")
    assert caught.value.errno == 2 and "absent" in str(caught.value)
    for audio in (b"m.safetensors", open):
        with pytest.raises(TypeError, match="a file is named by a path"):
            duotone.load(audio)


@pytest.mark.parametrize("n_jobs", [0, -2, 1025, 1 << 40])
def test_impossible_numbers_of_threads_are_refused(fitted, sounds, n_jobs):
    with pytest.raises(SettingsError, match=f"n_jobs={n_jobs}: .*1 to 1024, or -1 or None"):
        fitted.model_.classify(sounds.paths[0], n_jobs=n_jobs)


def test_minus_one_is_all_cores_as_in_scikit_learn(fitted, sounds):
    decision = fitted.model_.classify(sounds.paths[0], n_jobs=-1)
    assert decision["label"][0] == sounds.labels[0]
