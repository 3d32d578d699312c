//! Labelled collections and their evaluation.

use std::path::PathBuf;

use duotone::Error;
use duotone::data::{CollectionOptions, Column, Folds, Row};
use duotone::evaluate::{Deformation, EvaluateJob, NetworkSystem, System, read_results};
use duotone::features::{FeatureStore, extract_collection};
use duotone::io::{SkippedFile, refuse_inputs};
use duotone::model::ModelSpec;
use pyo3::prelude::*;

use crate::convert::GivenSettings;
use crate::model::parse_vote;
use crate::state::State;
use crate::{convert, errors, watch};

/// A row of a table: path, label, group, fold, part of a split.
type TableRow = (PathBuf, String, Option<String>, Option<String>, Option<String>);

/// Labelled clips.
#[pyclass(frozen, module = "duotone._duotone")]
pub(crate) struct Collection {
    /// Without its warnings: they are issued once, when the collection is made.
    inner: duotone::data::Collection,
    warnings: Vec<String>,
}

impl Collection {
    fn new(mut inner: duotone::data::Collection) -> Self {
        let warnings = std::mem::take(&mut inner.warnings);
        Self { inner, warnings }
    }
}

#[pymethods]
impl Collection {
    /// Reads a folder, a CSV or a list.
    #[staticmethod]
    #[pyo3(signature = (path, label=None, group=None, min_per_label=None))]
    fn open(
        py: Python<'_>,
        path: PathBuf,
        label: Option<String>,
        group: Option<String>,
        min_per_label: Option<usize>,
    ) -> PyResult<Self> {
        let options = CollectionOptions { label, group };
        let inner = py.detach(|| {
            without_rare(duotone::data::Collection::open(&path, &options)?, min_per_label)
        });
        inner.map(Self::new).map_err(|e| errors::raise(py, &e))
    }

    /// Takes rows of (path, label, group, fold, split), and warnings about them.
    #[staticmethod]
    #[pyo3(signature = (name, rows, label=None, group=None, warnings=Vec::new(), min_per_label=None))]
    fn from_rows(
        py: Python<'_>,
        name: PathBuf,
        rows: Vec<TableRow>,
        label: Option<String>,
        group: Option<String>,
        warnings: Vec<String>,
        min_per_label: Option<usize>,
    ) -> PyResult<Self> {
        let row =
            |(path, label, group, fold, split): TableRow| Row { path, label, group, fold, split };
        let options = CollectionOptions { label, group };
        let rows = rows.into_iter().map(row);
        let inner = py.detach(|| {
            let all = duotone::data::Collection::from_rows(&name, rows, &options)?;
            without_rare(all, min_per_label)
        });
        let mut collection = inner.map(Self::new).map_err(|e| errors::raise(py, &e))?;
        collection.warnings.extend(warnings);
        Ok(collection)
    }

    /// The same without the labels that have fewer files (or groups) than this; its only warning
    /// names them.
    fn without_rare(&self, py: Python<'_>, min_per_label: usize) -> PyResult<Self> {
        let kept = self.inner.without_rare(min_per_label);
        kept.map(Self::new).map_err(|e| errors::raise(py, &e))
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

    /// Rows of (path, label, group, fold, split), in the collection's order.
    fn rows(&self) -> Vec<TableRow> {
        let inner = &self.inner;
        let row = |item: &duotone::data::Item| {
            let group = item.group.map(|group| inner.groups[group].clone());
            let label = inner.labels[item.label].clone();
            (item.path.clone(), label, group, item.fold.clone(), item.split.clone())
        };
        inner.items.iter().map(row).collect()
    }

    /// A `SkippedFile` for each line and file that cannot be used.
    #[getter]
    fn skipped_files<'py>(&self, py: Python<'py>) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let skipped = |file: &SkippedFile| convert::skipped(py, file);
        self.inner.skipped_files.iter().map(skipped).collect()
    }

    /// Warnings about the collection.
    #[getter]
    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    /// Everything in it, as `from_state` takes it.
    fn state(&self) -> State {
        State::of(&self.inner, &self.warnings)
    }

    /// The collection with a state. It issues no warnings.
    #[staticmethod]
    fn from_state(py: Python<'_>, state: State) -> PyResult<Self> {
        let collection = state.into_collection().map_err(|e| errors::settings(py, e))?;
        Ok(Self::new(collection))
    }

    /// The fold (0 to k − 1) of each clip.
    fn folds(&self, py: Python<'_>, k: usize, seed: u64) -> PyResult<Vec<usize>> {
        py.detach(|| self.inner.folds(k, seed)).map_err(|e| errors::raise(py, &e))
    }
}

/// Leaves out labels with fewer files (or groups) than a number, if one is given.
fn without_rare(
    collection: duotone::data::Collection,
    least: Option<usize>,
) -> Result<duotone::data::Collection, Error> {
    match least {
        Some(least) => collection.without_rare(least),
        None => Ok(collection),
    }
}

/// Finds what would make the scores of an evaluation too high; the report as JSON.
#[pyfunction]
#[pyo3(signature = (collection, folds, seed=0, n_jobs=None, progress=None))]
pub(crate) fn check<'py>(
    py: Python<'py>,
    collection: PyRef<'py, Collection>,
    folds: (String, Bound<'py, PyAny>),
    seed: u64,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<String> {
    let (collection, folds) = (&collection.inner, parse_folds(py, folds)?);
    let report = watch::watched(py, n_jobs, progress, |observer| {
        duotone::leaks::check(collection, &folds, seed, observer)
    })?;
    convert::text(py, &report)
}

/// Computes the features of a collection that a store lacks, and returns a `SkippedFile` for each file
/// that cannot be used.
#[pyfunction]
#[pyo3(signature = (collection, front_end, store, n_jobs=None, progress=None))]
pub(crate) fn fill_store<'py>(
    py: Python<'py>,
    collection: PyRef<'py, Collection>,
    front_end: &str,
    store: PathBuf,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Vec<Bound<'py, PyAny>>> {
    let front_end = convert::front_end(py, front_end)?;
    let collection = &collection.inner;
    let results = watch::watched(py, n_jobs, progress, |observer| {
        refuse_inputs(&store, collection.source())?;
        let store = FeatureStore::open(&store)?;
        extract_collection(collection, &front_end, Some(&store), observer, |_| ())
    })?;
    let skipped = results.iter().filter_map(|result| result.as_ref().err());
    skipped.map(|file| convert::skipped(py, file)).collect()
}

/// How the clips are divided: the kind, and the number or file that goes with it.
fn parse_folds(py: Python<'_>, (kind, value): (String, Bound<'_, PyAny>)) -> PyResult<Folds> {
    Ok(match kind.as_str() {
        "auto" => Folds::Automatic,
        "count" => Folds::Count(value.extract()?),
        "column" => Folds::Column(Column::Fold),
        "split" => Folds::Column(Column::Split),
        "file" => Folds::File(value.extract()?),
        _ => return Err(errors::settings(py, format!("no kind of folds: {kind}"))),
    })
}

/// Trains and tests networks in every fold; the results as JSON. Where there is an output folder,
/// the report is written there, too. Without `recipe_rate`, `sample_rate` replaces the rates of the
/// recipes; `None` chooses it by the files.
#[pyfunction]
#[pyo3(signature = (collection, architectures, settings, folds, select=false, vote="mean",
    sample_rate=None, recipe_rate=true, deformations="", repeats=1, store=None, output=None, resume=false,
    command="", n_jobs=None,
    progress=None))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn evaluate<'py>(
    py: Python<'py>,
    collection: PyRef<'py, Collection>,
    architectures: Vec<String>,
    settings: &str,
    folds: (String, Bound<'py, PyAny>),
    select: bool,
    vote: &str,
    sample_rate: Option<u32>,
    recipe_rate: bool,
    deformations: &str,
    repeats: usize,
    store: Option<PathBuf>,
    output: Option<PathBuf>,
    resume: bool,
    command: &str,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<String> {
    let given: GivenSettings = convert::parse(py, settings, "settings")?;
    let mut recipes = Vec::new();
    for name in &architectures {
        let mut recipe = ModelSpec::load(name).map_err(|e| errors::raise(py, &e))?;
        recipe.training = given.applied_to(py, &recipe.training)?;
        recipes.push(recipe);
    }
    let networks = NetworkSystem::alike(recipes, select);
    let mut networks = networks.map_err(|e| errors::raise(py, &e))?;
    let vote = parse_vote(py, vote)?;
    for network in &mut networks {
        if !recipe_rate {
            network.sample_rate = sample_rate;
        }
        network.vote = vote;
    }
    let systems = networks.into_iter().map(|network| System::Network(Box::new(network))).collect();
    let mut job = EvaluateJob::new(&collection.inner, systems);
    job.folds = parse_folds(py, folds)?;
    job.seed = given.seed;
    job.repeats = repeats;
    if !deformations.is_empty() {
        let list = Deformation::list(deformations);
        job.deformations = list.map_err(|e| errors::settings(py, e))?;
    }
    job.store = store;
    job.output = output;
    job.resume = resume;
    job.command = command.into();
    let results = watch::watched(py, n_jobs, progress, |observer| {
        let results = duotone::evaluate::evaluate(&job, observer)?;
        if let Some(folder) = &job.output {
            duotone_report::write(folder, &results, job.collection)?;
        }
        Ok(results)
    })?;
    convert::text(py, &results)
}

/// Compares the systems of several evaluations; the results of all of them as JSON.
#[pyfunction]
pub(crate) fn compare(py: Python<'_>, reports: Vec<PathBuf>) -> PyResult<String> {
    let compared = py.detach(|| {
        let evaluations: Result<Vec<_>, Error> =
            reports.into_iter().map(|path| Ok((path.clone(), read_results(&path)?))).collect();
        duotone::evaluate::compare(evaluations?)
    });
    convert::text(py, &compared.map_err(|e| errors::raise(py, &e))?)
}
