//! Files that Python itself writes are checked like those that the toolkit writes.

use std::path::PathBuf;

use pyo3::prelude::*;

use crate::errors;

/// Refuses to replace a file that does not begin with these bytes; an empty or absent one may be.
#[pyfunction]
pub(crate) fn refuse_other_kind(
    py: Python<'_>,
    path: PathBuf,
    kind: &str,
    start: &[u8],
) -> PyResult<()> {
    duotone::io::refuse_other_kind(&path, kind, |found| found.starts_with(start))
        .map_err(|e| errors::raise(py, &e))
}
