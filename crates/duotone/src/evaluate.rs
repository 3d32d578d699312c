use std::path::PathBuf;

use crate::{Collection, Error, Observer, Recipe, Results, TrainSettings, Vote};

/// One evaluation: several networks on the same folds of one collection.
#[derive(Clone, Debug)]
pub struct EvaluateJob<'a> {
    /// What to learn from and to test on; clips of one group are kept in one fold.
    pub collection: &'a Collection,
    /// The networks, under distinct names.
    pub recipes: Vec<Recipe>,
    /// How they are trained.
    pub settings: TrainSettings,
    /// Number of folds.
    pub folds: usize,
    /// Sample rate in hertz; chosen by the collection's own where not given.
    pub sample_rate: Option<u32>,
    /// Folder of a feature store, to extract each file once only.
    pub store: Option<PathBuf>,
    /// Folder for `results.json`, `predictions.csv` and, under `runs/`, the finished folds and
    /// the present one's checkpoint.
    pub output: Option<PathBuf>,
    /// Keep the finished folds of an earlier run in the same folder and go on from its checkpoint.
    pub resume: bool,
    /// How a file's segments decide.
    pub vote: Vote,
    /// The command that repeats this evaluation, for the record.
    pub command: String,
}

/// Trains and tests every network in every fold.
///
/// # Errors
/// As [`train`](crate::train()), and [`Error::Settings`] or [`Error::Collection`] for folds that
/// cannot be made.
pub fn evaluate(job: &EvaluateJob<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    let _ = (job, observer);
    Err(Error::Interrupted)
}
