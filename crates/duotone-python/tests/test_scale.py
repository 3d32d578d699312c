"""A thousand files, five of them broken, on every engine: each good file once, whatever dies."""

import os
import signal
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from conftest import TONES, tone, write_wav

fsspec = pytest.importorskip("fsspec")
pytest.importorskip("pyarrow")

from duotone import scale  # noqa: E402

FILES, PART = 1000, 50


@pytest.fixture(scope="module")
def archive(tmp_path_factory, fitted):
    """A thousand files, the labels of the good ones, and a model."""
    folder = tmp_path_factory.mktemp("archive")
    labels = sorted(TONES)
    sounds = [tone(TONES[labels[i % 3]], i, 0.5) for i in range(30)]
    expected = {}
    for number in range(FILES):
        path = folder / f"{number:04}.wav"
        if number % 200 == 77:
            path.write_bytes(b"RIFF but nothing else")
            expected[str(path)] = None
        else:
            write_wav(path, sounds[number % 30])
            expected[str(path)] = labels[number % 3]
    model = folder / "tones.safetensors"
    fitted.model_.save(model)
    return expected, str(model)


def check(output, expected):
    """Every file is there exactly once, classified correctly or with an error."""
    rows = scale.read(output)
    assert sorted(rows["path"]) == sorted(expected)
    broken = {path for path, label in expected.items() if label is None}
    assert set(rows.loc[rows["error"].notna(), "path"]) == broken and len(broken) == 5
    good = rows[rows["error"].isna()]
    right = [
        expected[path] == label for path, label in zip(good["path"], good["label"], strict=True)
    ]
    assert np.mean(right) > 0.99
    left = [name for name in os.listdir(output) if not name.endswith((".parquet", ".crc"))]
    assert [name for name in left if name.startswith("part")] == []


def part_files(output):
    return sorted(Path(output).glob("part-*.parquet")) if Path(output).exists() else []


def my_workers(title):
    """Processes of this test's own that call themselves so."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if title not in (process / "cmdline").read_text():
                continue
            parent = int(process.name)
            while parent > 1 and parent != os.getpid():
                parent = int(
                    (Path("/proc") / str(parent) / "stat").read_text().split(")")[1].split()[1]
                )
            if parent == os.getpid():
                found.append(int(process.name))
        except (OSError, ValueError):
            continue
    return found


@contextmanager
def one_killed(title, output):
    """Kills one of such workers once a part is there; says which."""
    killed = []
    over = threading.Event()

    def kill():
        while not killed and not over.is_set():
            workers = my_workers(title)
            if part_files(output) and workers:
                os.kill(max(workers), signal.SIGKILL)
                killed.append(max(workers))
            time.sleep(0.01)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        yield killed
    finally:
        over.set()
        killer.join()


in_proc = pytest.mark.skipif(not Path("/proc").exists(), reason="finds the worker in /proc")


@in_proc
def test_ray_with_a_worker_killed(archive, tmp_path, monkeypatch):
    monkeypatch.setenv("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    ray = pytest.importorskip("ray")
    expected, model = archive
    output = str(tmp_path / "out")
    # One of its own, whatever else runs here.
    ray.init(
        address="local",
        num_cpus=2,
        include_dashboard=False,
        log_to_driver=False,
        configure_logging=False,
    )
    try:
        with one_killed("ray::MapWorker", output) as killed:
            summary = scale.with_ray(model, list(expected), output, part=PART, workers=2)
        assert killed
        assert summary["files"].sum() == FILES and summary["errors"].sum() == 5
        check(output, expected)
        # A rerun does only what is missing.
        part_files(output)[3].unlink()
        assert scale.with_ray(model, list(expected), output, part=PART)["files"].sum() == PART
        check(output, expected)
    finally:
        ray.shutdown()


@in_proc
def test_spark_with_a_worker_killed(archive, tmp_path, monkeypatch):
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    sql = pytest.importorskip("pyspark.sql")
    expected, model = archive
    output = str(tmp_path / "out")
    session = (
        sql.SparkSession.builder.master("local[2,4]")
        .config("spark.ui.enabled", "false")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.driver.host", "127.0.0.1")
        .getOrCreate()
    )
    try:
        frame = session.createDataFrame(pd.DataFrame({"path": list(expected)}))
        # The newest is one that works, not the one that they are forked from.
        with one_killed("pyspark.daemon", output) as killed:
            summary = scale.with_spark(model, frame, output, part=PART, partitions=4)
        assert killed
        assert summary["files"].sum() == FILES and summary["errors"].sum() == 5
        check(output, expected)
        gone = pd.read_parquet(part_files(output)[0], columns=["path"])
        part_files(output)[0].unlink()
        again = scale.with_spark(model, frame, output, part=PART, partitions=4)
        assert again["files"].sum() == len(gone)
        check(output, expected)
    finally:
        session.stop()


def test_dask(archive, tmp_path):
    pytest.importorskip("dask")
    expected, model = archive
    output = str(tmp_path / "out")
    table = pd.DataFrame({"path": list(expected)})
    scale.with_dask(model, table.head(500), output, part=PART)
    summary = scale.with_dask(model, table, output, part=PART)
    assert summary["files"].sum() == 500
    check(output, expected)
    assert scale.with_dask(model, table, output).empty


def test_a_part_done_twice_replaces_itself(archive, tmp_path):
    expected, model = archive
    paths = list(expected)[:5]
    first = scale.classify_part(model, paths, str(tmp_path))
    assert scale.classify_part(model, paths, str(tmp_path)) == first
    assert len(scale.read(str(tmp_path))) == 5


def test_remote_audio_and_output(archive):
    expected, model = archive
    fs = fsspec.filesystem("memory")
    for path in list(expected)[:3]:
        fs.pipe_file(f"/audio/{Path(path).name}", Path(path).read_bytes())
    fs.pipe_file("/model.safetensors", Path(model).read_bytes())
    paths = [f"memory://audio/{Path(path).name}" for path in list(expected)[:3]]
    paths.append("memory://audio/absent.wav")
    summary = scale.classify_part("memory://model.safetensors", paths, "memory://out")
    assert (summary["files"], summary["errors"]) == (4, 1)
    rows = scale.read("memory://out").set_index("path")
    assert list(rows.loc[paths[:3], "label"]) == [expected[path] for path in list(expected)[:3]]
    assert "FileNotFoundError" in rows.loc[paths[3], "error"]
    assert scale.parts(paths, "memory://out") == []
