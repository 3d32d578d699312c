"""What the user named or made is never overwritten by something else."""

import shutil

import duotone
import pandas as pd
import pytest
from conftest import QUICK
from duotone import DuotoneError, ModelFileError

FAST = {k: v for k, v in QUICK.items() if k != "architecture"} | {"epochs": 1}


@pytest.fixture
def precious(sounds, tmp_path):
    """A list and a recording."""
    pd.DataFrame({"path": sounds.paths, "label": sounds.labels}).to_csv(
        tmp_path / "list.csv", index=False
    )
    shutil.copy(sounds.paths[0], tmp_path / "song.wav")
    return [tmp_path / "list.csv", tmp_path / "song.wav"]


def test_models_replace_only_models(fitted, precious):
    for path in precious:
        before = path.read_bytes()
        for write in (fitted.model_.save, fitted.model_.to_onnx):
            with pytest.raises(ModelFileError, match=f"{path.name}.*another kind"):
                write(path)
        assert path.read_bytes() == before


def test_a_model_is_not_replaced_by_its_own_graph(fitted, tmp_path):
    path, link = tmp_path / "m.safetensors", tmp_path / "link"
    fitted.model_.save(path)
    link.symlink_to(path)
    before = path.read_bytes()
    for output in (path, link):
        with pytest.raises(ModelFileError, match="input"):
            duotone.load(path).to_onnx(output)
    assert path.read_bytes() == before


def test_an_evaluation_spares_its_list_and_what_is_no_result(sounds, tmp_path, precious):
    shutil.copy(precious[0], tmp_path / "predictions.csv")
    before = (tmp_path / "predictions.csv").read_bytes()
    with pytest.raises(ModelFileError, match="also an input"):
        duotone.evaluate(tmp_path / "predictions.csv", "model1", output=tmp_path, **FAST)
    with pytest.raises(ModelFileError, match="predictions.csv.*another kind"):
        duotone.evaluate(precious[0], "model1", output=tmp_path, **FAST)
    assert (tmp_path / "predictions.csv").read_bytes() == before
    for store in precious:
        with pytest.raises(ModelFileError, match="is a file|input"):
            duotone.evaluate(precious[0], "model1", store=store, **FAST)
        with pytest.raises(ModelFileError, match="is a file|input"):
            duotone.Classifier(**QUICK, store=store).fit(sounds.paths, sounds.labels)
        with pytest.raises(ModelFileError, match="is a file|input"):
            duotone.features(precious[0], store)
        assert store.stat().st_size > 0


def test_tables_replace_only_tables(sounds, tmp_path, precious):
    pytest.importorskip("pyarrow")
    table = {"path": sounds.paths, "label": sounds.labels}
    evaluation = duotone.evaluate(table, "model1", folds=2, **FAST)
    for _ in range(2):
        evaluation.to_parquet(tmp_path / "tables")
    names = {path.name for path in (tmp_path / "tables").iterdir()}
    kinds = ("scores", "predictions", "folds", "classes", "history")
    assert names == {f"{kind}.parquet" for kind in kinds}
    shutil.copy(precious[1], tmp_path / "history.parquet")
    with pytest.raises(DuotoneError, match="history.parquet.*another kind"):
        evaluation.to_parquet(tmp_path)
    assert not (tmp_path / "scores.parquet").exists()
    assert (tmp_path / "history.parquet").read_bytes() == precious[1].read_bytes()
