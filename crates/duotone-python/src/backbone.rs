//! Backbones: adding, listing and removing them.

use std::path::PathBuf;

use duotone::Error;
use duotone::backbone;
use pyo3::prelude::*;

use crate::{convert, errors};

/// Adds the backbones of a wheel or folder; the stored backbones as JSON.
#[pyfunction]
#[pyo3(signature = (source, folder=None))]
pub(crate) fn add_backbones(
    py: Python<'_>,
    source: PathBuf,
    folder: Option<PathBuf>,
) -> PyResult<String> {
    let added = py.detach(|| backbone::add(&source, &chosen(folder)?));
    convert::text(py, &added.map_err(|e| errors::raise(py, &e))?)
}

/// The stored backbones as JSON, with a warning for each file that cannot be used.
#[pyfunction]
#[pyo3(signature = (folder=None))]
pub(crate) fn list_backbones(py: Python<'_>, folder: Option<PathBuf>) -> PyResult<String> {
    let listed = py.detach(|| backbone::list(&chosen(folder)?));
    let (stored, skipped) = listed.map_err(|e| errors::raise(py, &e))?;
    for file in skipped {
        errors::warn(py, &format!("{}: {}", duotone::path_text(&file.path), file.error))?;
    }
    convert::text(py, &stored)
}

/// Removes a stored backbone.
#[pyfunction]
#[pyo3(signature = (name, folder=None))]
pub(crate) fn remove_backbone(py: Python<'_>, name: &str, folder: Option<PathBuf>) -> PyResult<()> {
    let removed = chosen(folder).and_then(|folder| backbone::remove(name, &folder));
    removed.map(drop).map_err(|e| errors::raise(py, &e))
}

/// The folder, or else the user's.
fn chosen(folder: Option<PathBuf>) -> Result<PathBuf, Error> {
    match folder {
        Some(folder) => Ok(folder),
        None => backbone::folder(),
    }
}
