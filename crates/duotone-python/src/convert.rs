//! Between Python's values and the toolkit's.

use std::ffi::OsString;
use std::path::PathBuf;

use duotone::audio::{FrontEnd, Spectrogram};
use duotone::io::SkippedFile;
use duotone::model::TrainSettings;
use numpy::{IntoPyArray, PyArray2, PyArrayMethods};
use pyo3::prelude::*;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::errors;

/// A setting or card from its JSON text.
pub(crate) fn parse<T: DeserializeOwned>(py: Python<'_>, text: &str, what: &str) -> PyResult<T> {
    serde_json::from_str(text).map_err(|e| errors::settings(py, format!("{what}: {e}")))
}

/// A valid front end, from its JSON text.
pub(crate) fn front_end(py: Python<'_>, text: &str) -> PyResult<FrontEnd> {
    let front_end: FrontEnd = parse(py, text, "front end")?;
    front_end.validate().map_err(|e| errors::settings(py, e.to_string()))?;
    Ok(front_end)
}

/// Training settings as Python gives them.
#[derive(Deserialize)]
pub(crate) struct GivenSettings {
    /// Not among the others, since TOML has no numbers that large.
    pub(crate) seed: u64,
    /// What differs from the recipe, by the names of the model file.
    changes: toml::Table,
}

impl GivenSettings {
    /// A recipe's settings with those that were given.
    pub(crate) fn applied_to(
        &self,
        py: Python<'_>,
        recipe: &TrainSettings,
    ) -> PyResult<TrainSettings> {
        let changed = recipe.changed(self.changes.clone());
        let changed =
            changed.map_err(|e| errors::settings(py, format!("settings: {}", e.trim())))?;
        Ok(TrainSettings { seed: self.seed, ..changed })
    }
}

/// A value as its JSON text.
pub(crate) fn text<T: Serialize>(py: Python<'_>, value: &T) -> PyResult<String> {
    serde_json::to_string(value).map_err(|e| errors::settings(py, e.to_string()))
}

/// A value as Python has it: dictionaries, lists, strings and numbers.
pub(crate) fn to_python<'py, T: Serialize>(
    py: Python<'py>,
    value: &T,
) -> PyResult<Bound<'py, PyAny>> {
    loads(py, &text(py, value)?)
}

/// A JSON text as a Python value.
pub(crate) fn loads<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyAny>> {
    py.import("json")?.call_method1("loads", (text,))
}

/// Rows of `columns` numbers as an array; nothing is copied.
pub(crate) fn matrix<'py>(
    py: Python<'py>,
    data: Vec<f32>,
    shape: [usize; 2],
) -> PyResult<Bound<'py, PyArray2<f32>>> {
    data.into_pyarray(py).reshape(shape)
}

/// A spectrogram as an array of bands × frames; nothing is copied.
pub(crate) fn array(
    py: Python<'_>,
    spectrogram: Spectrogram,
) -> PyResult<Bound<'_, PyArray2<f32>>> {
    let shape = [spectrogram.bands(), spectrogram.frames()];
    matrix(py, spectrogram.into_data(), shape)
}

/// A path as text: bytes that are not UTF-8 become `\xNN`.
#[pyfunction]
pub(crate) fn path_text(path: PathBuf) -> String {
    duotone::path_text(&path).into_owned()
}

/// The file that a path refers to, which may be in the form of `path_text`.
#[pyfunction]
pub(crate) fn on_disk(path: PathBuf) -> OsString {
    duotone::on_disk(&path).into_os_string()
}

/// A file that cannot be used as a `duotone.SkippedFile`.
pub(crate) fn skipped<'py>(py: Python<'py>, file: &SkippedFile) -> PyResult<Bound<'py, PyAny>> {
    let class = py.import("duotone.errors")?.getattr("SkippedFile")?;
    // The name as Python has it, whatever its bytes, so that it is equal to the one given.
    class.call1((file.path.as_os_str(), &file.error))
}
