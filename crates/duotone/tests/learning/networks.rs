//! Evaluations of networks that are all trained alike.

use std::path::PathBuf;

use duotone::backend::Device;
use duotone::classify::Vote;
use duotone::data::{Collection, Folds};
use duotone::evaluate::{EvaluateJob, NetworkSystem, Results, System};
use duotone::model::{ModelSpec, TrainSettings};
use duotone::{Error, Observer};

pub(crate) struct Networks<'a> {
    pub(crate) collection: &'a Collection,
    pub(crate) recipes: Vec<ModelSpec>,
    pub(crate) settings: TrainSettings,
    pub(crate) folds: Folds,
    pub(crate) select: bool,
    pub(crate) store: Option<PathBuf>,
    pub(crate) output: Option<PathBuf>,
    pub(crate) device: Device,
    pub(crate) resume: bool,
    pub(crate) vote: Vote,
    pub(crate) command: String,
}

pub(crate) fn evaluate(job: &Networks<'_>, observer: &dyn Observer) -> Result<Results, Error> {
    let recipes = job.recipes.clone();
    let networks = match job.select {
        true => vec![NetworkSystem::select(recipes, job.settings.clone())?],
        false => {
            let network = |recipe| NetworkSystem::new(recipe, job.settings.clone());
            recipes.into_iter().map(network).collect()
        }
    };
    let system = |network| System::Network(NetworkSystem { vote: job.vote, ..network });
    let job = EvaluateJob {
        folds: job.folds.clone(),
        seed: job.settings.seed,
        store: job.store.clone(),
        output: job.output.clone(),
        device: job.device.clone(),
        resume: job.resume,
        command: job.command.clone(),
        ..EvaluateJob::new(job.collection, networks.into_iter().map(system).collect())
    };
    duotone::evaluate::evaluate(&job, observer)
}
