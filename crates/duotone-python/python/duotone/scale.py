"""Apply a model to millions of files with Ray, Spark or Dask.

All engines do the same: the files are divided into parts, and a part is classified and written as
one Parquet file, first under another name; its final name follows from the paths in it. A part that
is done twice (its worker was lost, the engine repeats it) replaces itself. A rerun classifies only
the files that the output lacks. A file that cannot be used is a row with an `error`.

Paths and the output may be local or any URL that `fsspec` opens (``s3://…``, ``memory://…``).
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import tempfile
import uuid
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from typing import Any

import pandas as pd

from duotone import _duotone
from duotone.model import Model
from duotone.optional import needs
from duotone.paths import path_of

fsspec, pa, ds, pq = (
    needs(module, "duotone.scale", "duotone[scale]")
    for module in ("fsspec", "pyarrow", "pyarrow.dataset", "pyarrow.parquet")
)

__all__ = ["classify_part", "parts", "read", "with_dask", "with_ray", "with_spark"]

PART = 256
"""Files of a part: at 30 s each about ten seconds of work, and ten kilobytes of output."""


def with_ray(
    model: str, paths: Any, output: str, *, part: int = PART, workers: int = 2
) -> pd.DataFrame:
    """Classify with Ray Data: one actor per worker, each with the model.

    Parameters
    ----------
    model : str
        Model file, where every worker can read it.
    paths : sequence of str, or table with a column `path`
        Audio files.
    output : str
        Folder for the Parquet files.
    part : int
        Files of a part.
    workers : int
        Actors, of one processor each.

    Returns
    -------
    summary : DataFrame
        One row per part done in this run: `part`, `files`, `errors`.
    """
    data = needs("ray.data", "with_ray", "ray[data]")

    class Worker:
        def __call__(self, batch: dict[str, Any]) -> dict[str, list[Any]]:
            done = [classify_part(model, json.loads(one), output) for one in batch["paths"]]
            return {key: [row[key] for row in done] for key in SUMMARY}

    todo = [{"paths": json.dumps(one)} for one in parts(paths, output, part)]
    if not todo:
        return pd.DataFrame(columns=SUMMARY)
    # One block per part, so that losing a worker loses one part.
    dataset = data.from_items(todo, override_num_blocks=len(todo))
    actors = data.ActorPoolStrategy(size=min(workers, len(todo)))
    done = dataset.map_batches(Worker, batch_size=1, compute=actors, num_cpus=1)
    return pd.DataFrame(done.take_all(), columns=SUMMARY)


def with_spark(
    model: str, frame: Any, output: str, *, part: int = PART, partitions: int | None = None
) -> pd.DataFrame:
    """Classify with Spark's `mapInPandas`; the list does not pass through the driver.

    Parameters
    ----------
    model, output, part
        As for `with_ray`.
    frame : pyspark.sql.DataFrame
        With a column `path`.
    partitions : int, default=None
        Tasks; by default Spark's own number for a shuffle.

    Returns
    -------
    summary : DataFrame
        As for `with_ray`.
    """
    frame = frame.select("path").distinct()
    if _part_names(output):
        done = frame.sparkSession.read.parquet(output).select("path")
        frame = frame.join(done, "path", "left_anti")
    # By hash and sorted, so that a repeated task finds the same parts.
    dealt = (partitions,) if partitions else ()
    frame = frame.repartition(*dealt, "path").sortWithinPartitions("path")

    def work(batches: Iterator[pd.DataFrame]) -> Iterator[pd.DataFrame]:
        paths = (path for batch in batches for path in batch["path"])
        for one in _chunks(paths, part):
            yield pd.DataFrame([classify_part(model, one, output)])

    return frame.mapInPandas(work, "part string, files long, errors long").toPandas()


def with_dask(model: str, paths: Any, output: str, *, part: int = PART) -> pd.DataFrame:
    """Classify with Dask, on the current scheduler or cluster; otherwise like `with_ray`."""
    dask = needs("dask", "with_dask", "dask")
    one = dask.delayed(classify_part, pure=False)
    tasks = [one(model, some, output) for some in parts(paths, output, part)]
    return pd.DataFrame(dask.compute(*tasks), columns=SUMMARY)


SUMMARY = ["part", "files", "errors"]


def parts(paths: Any, output: str, size: int = PART) -> list[list[str]]:
    """The paths that `output` lacks, each once, divided into parts."""
    if not isinstance(paths, (list, tuple)):
        from duotone.collection import _column

        paths = _column(paths, "path")
    done = set(_done(output))
    missing = [
        path for path in dict.fromkeys(map(path_of, paths)) if _duotone.path_text(path) not in done
    ]
    return list(_chunks(missing, size))


def classify_part(model: str, paths: Sequence[str], output: str) -> dict[str, Any]:
    """Classify some files and write them as one Parquet file.

    Returns
    -------
    summary : dict
        `part` (the file's name), `files`, `errors`.
    """
    ready = _model(model)
    frames = [_one(ready, path) for path in paths]
    frame = pd.concat(frames, ignore_index=True)
    name = f"part-{hashlib.blake2b(json.dumps(list(paths)).encode(), digest_size=16).hexdigest()}"
    _write(pa.Table.from_pandas(frame, schema(ready), preserve_index=False), output, name)
    return {"part": name, "files": len(frame), "errors": int(frame["error"].notna().sum())}


def schema(model: Model) -> pa.Schema:
    """Columns of the output, the same in every part."""
    kinds = {
        "silent": pa.bool_(),
        "repeated": pa.bool_(),
        "seconds": pa.float64(),
        "unfamiliar": pa.float64(),
        "warnings": pa.list_(pa.string()),
        "excerpts": pa.list_(pa.list_(pa.float64())),
    }
    of = lambda name: pa.float64() if name.startswith("p_") else kinds.get(name, pa.string())  # noqa: E731
    return pa.schema([(name, of(name)) for name in model.columns])


def read(output: str, columns: list[str] | None = None) -> pd.DataFrame:
    """All rows of an output."""
    fs, root = fsspec.core.url_to_fs(output)
    return ds.dataset(root, filesystem=fs, format="parquet").to_table(columns=columns).to_pandas()


def _one(model: Model, path: str) -> pd.DataFrame:
    try:
        with _local(path) as file:
            # The engine has one process per processor, so each uses one thread.
            return model.classify(file, n_jobs=1).assign(path=_duotone.path_text(path))
    except Exception as e:  # whatever a file system raises about one file is a row
        row = {"path": _duotone.path_text(path), "error": f"{type(e).__name__}: {e}"}
        return model.frame([row])


@contextmanager
def _local(path: str) -> Iterator[str]:
    """The file on a local disk: itself, or a copy that is removed afterwards."""
    if "://" not in path:
        yield path
        return
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "audio")
        fs, remote = fsspec.core.url_to_fs(path)
        fs.get_file(remote, copy)
        yield copy


@lru_cache(maxsize=2)
def _model(path: str) -> Model:
    with _local(path) as file:
        return Model.load(file)


def _write(table: pa.Table, output: str, name: str) -> None:
    fs, root = fsspec.core.url_to_fs(output)
    buffer = io.BytesIO()
    pq.write_table(table, buffer)
    target = f"{root}/{name}.parquet"
    if "file" not in (fs.protocol if isinstance(fs.protocol, tuple) else (fs.protocol,)):
        # An object store shows an object once it is whole.
        fs.pipe_file(target, buffer.getvalue())
        return
    os.makedirs(root, exist_ok=True)
    # Readers of folders of Parquet files ignore names that begin with a dot.
    partial = f"{root}/.{name}.{uuid.uuid4().hex}.partial"
    with open(partial, "wb") as file:
        file.write(buffer.getvalue())
    os.replace(partial, target)


def _part_names(output: str) -> list[str]:
    fs, root = fsspec.core.url_to_fs(output)
    return list(fs.glob(f"{root}/part-*.parquet"))


def _done(output: str) -> list[str]:
    return read(output, ["path"])["path"].tolist() if _part_names(output) else []


def _chunks(items: Iterable[str], size: int) -> Iterator[list[str]]:
    chunk: list[str] = []
    for item in items:
        chunk.append(item)
        if len(chunk) == size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
