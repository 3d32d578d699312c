//! Evaluations of networks that are all trained with the same settings.

use std::path::PathBuf;

use duotone::classify::Vote;
use duotone::data::{Collection, Folds};
use duotone::evaluate::{EvaluateJob, NetworkSystem, Results, System};
use duotone::model::{ModelSpec, TrainSettings};
use duotone::{Error, Observer};

use crate::toy::settings;

pub(crate) struct Networks<'a> {
    pub(crate) collection: &'a Collection,
    pub(crate) recipes: Vec<ModelSpec>,
    pub(crate) settings: TrainSettings,
    pub(crate) folds: Folds,
    /// Seed of the folds; `None` takes that of the settings.
    pub(crate) folds_seed: Option<u64>,
    pub(crate) repeats: usize,
    pub(crate) select: bool,
    pub(crate) store: Option<PathBuf>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) resume: bool,
    pub(crate) vote: Vote,
}

impl<'a> Networks<'a> {
    /// An evaluation in three folds.
    pub(crate) fn new(collection: &'a Collection, recipes: Vec<ModelSpec>, epochs: usize) -> Self {
        Self {
            collection,
            recipes,
            settings: TrainSettings { epochs, ..settings() },
            folds: 3.into(),
            folds_seed: None,
            repeats: 1,
            select: false,
            store: None,
            output: None,
            resume: false,
            vote: Vote::Mean,
        }
    }
}

pub(crate) fn evaluate(job: &Networks<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    let mut recipes = job.recipes.clone();
    recipes.iter_mut().for_each(|recipe| recipe.training = job.settings.clone());
    let mut networks = NetworkSystem::alike(recipes, job.select)?;
    networks.iter_mut().for_each(|network| network.vote = job.vote);
    let systems = networks.into_iter().map(|network| System::Network(Box::new(network))).collect();
    let mut evaluation = EvaluateJob::new(job.collection, systems);
    evaluation.folds = job.folds.clone();
    evaluation.seed = job.folds_seed.unwrap_or(job.settings.seed);
    evaluation.repeats = job.repeats;
    evaluation.store = job.store.clone();
    evaluation.output = job.output.clone();
    evaluation.resume = job.resume;
    evaluation.command = "again".into();
    duotone::evaluate::evaluate(&evaluation, observer)
}
