//! Embeddings and tags of files.

use std::path::PathBuf;

use duotone::embed::{EmbedOptions, EmbeddedFile, Embedder};
use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::{convert, errors, watch};

/// Computes the embeddings of files. Returns the names of the values, if they are tags, and for each file
/// what is known about it, the start and end of each row, and the rows (rows, values), or a `SkippedFile`.
#[pyfunction]
#[pyo3(signature = (network, paths, segments=false, tags=false, n_jobs=None, progress=None))]
#[allow(clippy::type_complexity, reason = "what Python gets: two lists")]
pub(crate) fn embed<'py>(
    py: Python<'py>,
    network: PathBuf,
    paths: Vec<PathBuf>,
    segments: bool,
    tags: bool,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<(Option<Vec<String>>, Bound<'py, PyList>)> {
    let options = EmbedOptions::default().with_segments(segments).with_tags(tags);
    let embedder = py.detach(|| Embedder::open(&network, &options));
    let embedder = embedder.map_err(|e| errors::raise(py, &e))?;
    let results = watch::watched(py, n_jobs, progress, |observer| {
        let mut results = Vec::with_capacity(paths.len());
        embedder.embed_many(&paths, observer, |one| results.push(one))?;
        Ok(results)
    })?;
    let list = PyList::empty(py);
    for result in results {
        match result {
            Ok(file) => list.append(of_file(py, file, embedder.width())?)?,
            Err(skipped) => list.append(convert::skipped(py, &skipped)?)?,
        }
    }
    Ok((embedder.tags().map(<[String]>::to_vec), list))
}

fn of_file(py: Python<'_>, file: EmbeddedFile, width: usize) -> PyResult<Bound<'_, PyAny>> {
    let about = convert::to_python(py, &file.notes)?;
    let spans: Vec<(f64, f64)> =
        file.rows.iter().map(|row| (row.start_seconds, row.end_seconds)).collect();
    let values: Vec<f32> = file.rows.into_iter().flat_map(|row| row.values).collect();
    let rows = convert::matrix(py, values, [spans.len(), width])?;
    Ok((about, file.seconds, spans, rows).into_pyobject(py)?.into_any())
}
