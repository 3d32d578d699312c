//! Labelled collections and their evaluation.

use std::path::PathBuf;

use duotone::{CollectionOptions, Device, EvaluateJob, Folds, Recipe, Row, TrainSettings};
use pyo3::prelude::*;

use crate::model::parse_vote;
use crate::{convert, errors, watch};

/// A row of a table: path, label, group, fold.
type TableRow = (PathBuf, String, Option<String>, Option<String>);

/// Labelled clips.
#[pyclass(frozen, module = "duotone._duotone")]
pub(crate) struct Collection {
    inner: duotone::Collection,
}

#[pymethods]
impl Collection {
    /// Reads a folder, a CSV or a list.
    #[staticmethod]
    #[pyo3(signature = (path, label=None, group=None))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        label: Option<String>,
        group: Option<String>,
    ) -> PyResult<Self> {
        let options = CollectionOptions { label, group };
        let inner = py.detach(|| duotone::Collection::open(&path, &options));
        Ok(Self { inner: inner.map_err(|e| errors::raise(py, &e))? })
    }

    /// Takes rows of (path, label, group, fold).
    #[staticmethod]
    #[pyo3(signature = (name, rows, label=None, group=None))]
    fn from_rows(
        py: Python<'_>,
        name: PathBuf,
        rows: Vec<TableRow>,
        label: Option<String>,
        group: Option<String>,
    ) -> PyResult<Self> {
        let row = |(path, label, group, fold): TableRow| Row { path, label, group, fold };
        let options = CollectionOptions { label, group };
        let rows = rows.into_iter().map(row);
        let inner = py.detach(|| duotone::Collection::from_rows(&name, rows, &options));
        Ok(Self { inner: inner.map_err(|e| errors::raise(py, &e))? })
    }

    /// The collection's name.
    #[getter]
    fn name(&self) -> String {
        self.inner.path.display().to_string()
    }

    /// The label column's name.
    #[getter]
    fn label_column(&self) -> &str {
        &self.inner.label_column
    }

    /// The group column's name.
    #[getter]
    fn group_column(&self) -> Option<&str> {
        self.inner.group_column.as_deref()
    }

    /// Rows of (path, label, group, fold), in the collection's order.
    fn rows(&self) -> Vec<TableRow> {
        let inner = &self.inner;
        let row = |item: &duotone::Item| {
            let group = item.group.map(|group| inner.groups[group].clone());
            (item.path.clone(), inner.labels[item.label].clone(), group, item.fold.clone())
        };
        inner.items.iter().map(row).collect()
    }

    /// Pairs of file and reason.
    #[getter]
    fn left_out(&self) -> Vec<(String, String)> {
        let pair = |l: &duotone::LeftOut| (l.path.display().to_string(), l.reason.clone());
        self.inner.left_out.iter().map(pair).collect()
    }

    /// What the user should know.
    #[getter]
    fn notices(&self) -> Vec<String> {
        self.inner.notices.clone()
    }

    /// The fold (0 to k − 1) of each clip.
    fn folds(&self, py: Python<'_>, k: usize, seed: u64) -> PyResult<Vec<usize>> {
        py.detach(|| self.inner.folds(k, seed)).map_err(|e| errors::raise(py, &e))
    }
}

/// Trains and tests networks in every fold; the results as JSON.
#[pyfunction]
#[pyo3(signature = (collection, architectures, settings, folds=None, select=false, vote="mean", sample_rate=None,
    store=None, output=None, resume=false, command="", n_jobs=None, progress=None))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn evaluate<'py>(
    py: Python<'py>,
    collection: PyRef<'py, Collection>,
    architectures: Vec<String>,
    settings: &str,
    folds: Option<usize>,
    select: bool,
    vote: &str,
    sample_rate: Option<u32>,
    store: Option<PathBuf>,
    output: Option<PathBuf>,
    resume: bool,
    command: &str,
    n_jobs: Option<usize>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<String> {
    let settings: TrainSettings = convert::parse(py, settings, "settings")?;
    let recipes =
        architectures.iter().map(|name| Recipe::load(name)).collect::<Result<_, duotone::Error>>();
    let job = EvaluateJob {
        collection: &collection.inner,
        recipes: recipes.map_err(|e| errors::raise(py, &e))?,
        settings,
        folds: folds.map_or(Folds::Automatic, Folds::Count),
        select,
        sample_rate,
        store,
        output,
        device: Device::Cpu,
        resume,
        vote: parse_vote(py, vote)?,
        command: command.into(),
    };
    let results =
        watch::watched(py, n_jobs, progress, |observer| duotone::evaluate(&job, observer))?;
    serde_json::to_string(&results).map_err(|e| errors::settings(py, e.to_string()))
}
