use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use crate::backbone::parts;
use crate::backend::Device;
use crate::data::Collection;
use crate::error::Error;
use crate::features::dataset::{Silent, prepare};
use crate::features::embeddings::Embeddings;
use crate::features::{RateChoice, choose_rate};
use crate::io::outputs::{is_tensor_file, refuse_inputs, refuse_other_kind};
use crate::io::write::OutputLock;
use crate::io::{SkippedFile, write};
use crate::model::trained_labels;
use crate::model::{Model, ModelCard, ModelSpec, TrainSettings};
use crate::path_text::path_text;
use crate::progress::{Event, Observer};
use crate::train::ensemble::checkpoints;
use crate::train::run::{TrainedModel, TrainingRun};

/// A model to train on a collection.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TrainJob<'a> {
    /// The collection. Either all clips of a group are held out, or none.
    pub collection: &'a Collection,
    /// The recipe.
    pub recipe: ModelSpec,
    /// The training settings.
    pub settings: TrainSettings,
    /// The model's sample rate in hertz. If `None`, it is chosen by [`choose_rate`].
    pub sample_rate: Option<u32>,
    /// Folder of a feature store, so that each file is extracted only once.
    pub store: Option<PathBuf>,
    /// The model file to write.
    pub output: PathBuf,
    /// The device to train on. Results on different devices differ by rounding.
    pub device: Device,
    /// Whether to resume from the checkpoint next to the output, if there is one.
    pub resume: bool,
}

impl<'a> TrainJob<'a> {
    /// A model to train on the CPU with the recipe's settings, without a store.
    pub fn new(collection: &'a Collection, recipe: ModelSpec, output: impl Into<PathBuf>) -> Self {
        Self {
            collection,
            settings: recipe.training.clone(),
            sample_rate: recipe.sample_rate,
            recipe,
            store: None,
            output: output.into(),
            device: Device::default(),
            resume: false,
        }
    }
}

/// The result of a training run.
#[derive(Clone, Debug)]
pub struct TrainReport {
    /// The model file.
    pub model: PathBuf,
    /// The description stored in the model: labels, clip counts, history, measured accuracy.
    pub card: ModelCard,
    /// Number of training clips.
    pub clips: usize,
    /// Number of held-out clips.
    pub held_out: usize,
    /// Files that were not used: those that the collection skipped, unreadable ones and silent ones.
    pub skipped_files: Vec<SkippedFile>,
    /// Clips that were repeated to fill a segment.
    pub repeated: Vec<PathBuf>,
    /// What the user should know, including the collection's warnings. The observer received them
    /// too.
    pub warnings: Vec<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Trains a model on a collection and writes it to a file.
///
/// After every epoch, a checkpoint is written next to the output (with `.checkpoint` appended to its
/// name). It is removed once the model is written. A resumed run gives exactly the same weights as
/// an uninterrupted one.
///
/// # Errors
/// [`Error::Setting`] if a setting is invalid; [`Error::OtherRun`] if the checkpoint is of another
/// run; [`Error::Collection`] if fewer than two labels are usable; [`Error::Split`] if no clip can be
/// held out; [`Error::Audio`] or [`Error::Network`] if the recipe is invalid; [`Error::Diverged`];
/// [`Error::Interrupted`]; [`Error::File`] if the checkpoint is damaged, the output is an input or a
/// file of another kind, or another run is writing it; [`Error::Device`]; [`Error::Io`].
pub fn train(job: &TrainJob<'_>, observer: &dyn Observer) -> Result<TrainReport, Error> {
    let started = Instant::now();
    job.settings.validate()?;
    write::prepare(&job.output)?;
    check_outputs(job)?;
    let checkpoint = write::with_suffix(&job.output, ".checkpoint");
    let output_lock = OutputLock::of(&job.output)?;
    output_lock.sweep(&job.output);
    for path in checkpoints(&checkpoint, &job.settings) {
        output_lock.sweep(&path);
    }
    let RateChoice { rate, warning: rate_warning } = rate(job.collection, job.sample_rate);
    let ungrouped = job.collection.ungrouped_warning().filter(|_| job.settings.validation > 0.0);
    let mut warnings: Vec<String> = rate_warning.into_iter().chain(ungrouped).collect();
    warnings.iter().for_each(|warning| observer.event(Event::Warning(warning)));
    let front_end = job.recipe.front_end(rate);
    let (store, silent) = (job.store.as_deref(), Silent::Skipped);
    let dataset =
        prepare(job.collection, std::slice::from_ref(&front_end), store, silent, observer)?;
    let collection = &dataset.collection;
    let all: Vec<usize> = (0..dataset.len()).collect();
    let (train, held_out) = dataset.hold_out(&all, &job.settings)?;
    let class_of = |clips: &[usize]| -> Vec<usize> {
        clips.iter().map(|&clip| collection.items[clip].label).collect()
    };
    let run = TrainingRun {
        name: &job.recipe.name,
        recipe: &job.recipe,
        front_end: &front_end,
        labels: &collection.labels,
        settings: &job.settings,
        train: &dataset.labelled_clips(&front_end, &train),
        held_out: &dataset.labelled_clips(&front_end, &held_out),
        device: &job.device,
        checkpoint: Some(&checkpoint),
        resume: job.resume,
        embeddings: &Arc::new(Embeddings::new(job.store.as_deref())),
    };
    let untrained = ModelCard {
        version: env!("CARGO_PKG_VERSION").into(),
        recipe: job.recipe.name.clone(),
        architecture: run.architecture(),
        backbones: parts::cards(&run.architecture())?,
        front_end: front_end.clone(),
        labels: trained_labels(&collection.labels, class_of(&train), class_of(&held_out)),
        settings: job.settings.clone(),
        collection_digest: dataset.digest(),
        label_column: collection.label_column.clone(),
        group_column: collection.group_column.clone(),
        weight_decay: None,
        measured: None,
        confidence: None,
        history: Vec::new(),
    };
    let finished = finished(job, &checkpoint, &untrained);
    let output = path_text(&job.output);
    let observed = warnings.len();
    match &finished {
        Some(_) => warnings.push(format!("{output}: already trained")),
        None => {
            warnings.extend(restart_warning(job, &checkpoint));
            if job.output.exists() {
                warnings.push(format!("{output}: the existing model will be replaced"));
            }
        }
    }
    for warning in &warnings[observed..] {
        observer.event(Event::Warning(warning));
    }
    let card = match finished {
        Some(card) => card,
        None => {
            let trained = run.fit(observer)?;
            let measured = run.measure(&trained.predictor, untrained.group_column.as_deref())?;
            let (confidence, familiarity) = run.confidence(&trained, observer)?.unzip();
            let TrainedModel { predictor, weights, history, weight_decay } = trained;
            let card = ModelCard { weight_decay, measured, confidence, history, ..untrained };
            let (scaler, familiarity) = (predictor.scaler, familiarity.flatten());
            let model = Model { card, scaler, weights, familiarity };
            model.save(&job.output)?;
            run.remove_checkpoints()?;
            model.card
        }
    };
    warnings.extend(collection.warnings.iter().cloned());
    Ok(TrainReport {
        model: job.output.clone(),
        card,
        clips: train.len(),
        held_out: held_out.len(),
        skipped_files: collection.skipped_files.clone(),
        repeated: dataset.names(|clip| clip.notes.repeated),
        warnings,
        seconds: started.elapsed().as_secs_f64(),
    })
}

/// The requested sample rate or, if there is none, the one that [`choose_rate`] chooses.
pub(crate) fn rate(collection: &Collection, requested: Option<u32>) -> RateChoice {
    match requested {
        Some(rate) => RateChoice { rate, warning: None },
        None => {
            let paths: Vec<PathBuf> =
                collection.items.iter().map(|item| item.path.clone()).collect();
            choose_rate(&paths)
        }
    }
}

/// The card of the existing model, if the run to be resumed has already finished.
fn finished(job: &TrainJob<'_>, checkpoint: &Path, untrained: &ModelCard) -> Option<ModelCard> {
    if !job.resume || checkpoint.exists() {
        return None;
    }
    let existing = Model::load(&job.output).ok()?.card;
    let without_results = ModelCard {
        weight_decay: None,
        measured: None,
        confidence: None,
        history: Vec::new(),
        ..existing.clone()
    };
    (without_results == *untrained).then_some(existing)
}

/// A warning if the run starts from the beginning although the user may not expect it.
fn restart_warning(job: &TrainJob<'_>, checkpoint: &Path) -> Option<String> {
    match (job.resume, checkpoint.exists()) {
        (true, false) => {
            Some(format!("no checkpoint {}: starting from the beginning", checkpoint.display()))
        }
        (false, true) => Some(format!(
            "starting from the beginning: the checkpoint {} of an earlier run will be replaced",
            checkpoint.display()
        )),
        _ => None,
    }
}

/// Checks the paths that [`train`](crate::train::train()) writes to: the model, the checkpoints and
/// the lock file.
fn check_outputs(job: &TrainJob<'_>) -> Result<(), Error> {
    let output = &job.output;
    let files: Vec<&Path> = job.collection.files().collect();
    for path in [output, &write::lock(output)] {
        refuse_inputs(path, &files)?;
    }
    refuse_other_kind(output, "model", is_tensor_file)?;
    for path in checkpoints(&write::with_suffix(output, ".checkpoint"), &job.settings) {
        refuse_inputs(&path, &files)?;
        refuse_other_kind(&path, "checkpoint", is_tensor_file)?;
    }
    Ok(())
}
