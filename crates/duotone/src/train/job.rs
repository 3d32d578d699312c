use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::backend::Device;
use crate::data::Collection;
use crate::error::Error;
use crate::features::dataset::{Silent, prepare};
use crate::features::{RateChoice, choose_rate};
use crate::io::outputs::{is_tensor_file, refuse_inputs, refuse_other_kind};
use crate::io::write::OutputLock;
use crate::io::{LeftOut, write};
use crate::model::trained_labels;
use crate::model::{Model, ModelCard, ModelSpec, TrainSettings};
use crate::path_text::path_text;
use crate::progress::{Event, Observer};
use crate::train::run::{TrainedModel, TrainingRun};

/// One model to train.
#[derive(Clone, Debug)]
pub struct TrainJob<'a> {
    /// What to learn from; where it has groups, none is cut when clips are held out.
    pub collection: &'a Collection,
    /// What to learn with.
    pub recipe: ModelSpec,
    /// How.
    pub settings: TrainSettings,
    /// The model's sample rate in hertz; chosen by the collection's own where not given.
    pub sample_rate: Option<u32>,
    /// Folder of a feature store, to extract each file once only.
    pub store: Option<PathBuf>,
    /// The model file to write.
    pub output: PathBuf,
    /// What to train on: results differ by the rounding of sums.
    pub device: Device,
    /// Go on from the checkpoint beside the output, if there is one.
    pub resume: bool,
}

/// What a training run did.
#[derive(Clone, Debug)]
pub struct TrainReport {
    /// The model file.
    pub model: PathBuf,
    /// What it says of itself: labels, clip counts, history, measured accuracy.
    pub card: ModelCard,
    /// Clips trained on.
    pub clips: usize,
    /// Clips held out.
    pub held_out: usize,
    /// Files that were not used: silent ones, those that could not be read, and the collection's
    /// own.
    pub left_out: Vec<LeftOut>,
    /// Clips that were repeated to fill a segment.
    pub repeated: Vec<PathBuf>,
    /// What the user should know, the collection's own notices included; the observer was told,
    /// too.
    pub notices: Vec<String>,
    /// Wall-clock seconds.
    pub seconds: f64,
}

/// Trains a model on a collection and writes it.
///
/// After every epoch a checkpoint is written beside the output (its name with `.checkpoint`
/// appended) and removed once the model is written. A run resumed from it ends with the very
/// weights of an uninterrupted one.
///
/// # Errors
/// [`Error::Settings`] for impossible settings or a checkpoint of another run;
/// [`Error::Collection`] for fewer than two usable classes; [`Error::Diverged`];
/// [`Error::Interrupted`]; [`Error::File`] for a damaged checkpoint, or an output that another run
/// is writing; [`Error::Io`].
pub fn train(job: &TrainJob<'_>, observer: &dyn Observer) -> Result<TrainReport, Error> {
    let begun = Instant::now();
    job.settings.validate()?;
    write::prepare(&job.output)?;
    check_model(&job.output, job.collection)?;
    let checkpoint = write::with_suffix(&job.output, ".checkpoint");
    let claim = OutputLock::of(&job.output)?;
    [&job.output, &checkpoint].into_iter().for_each(|path| claim.sweep(path));
    let RateChoice { rate, notice: rate_notice } = rate(job.collection, job.sample_rate);
    let ungrouped = job.collection.ungrouped_notice().filter(|_| job.settings.validation > 0.0);
    let mut notices: Vec<String> = rate_notice.into_iter().chain(ungrouped).collect();
    notices.iter().for_each(|notice| observer.event(Event::Notice(notice)));
    let front_end = job.recipe.front_end(rate);
    let (store, silent) = (job.store.as_deref(), Silent::LeftOut);
    let prepared =
        prepare(job.collection, std::slice::from_ref(&front_end), store, silent, observer)?;
    let collection = &prepared.collection;
    let all: Vec<usize> = (0..prepared.len()).collect();
    let (train, held_out) = prepared.hold_out(&all, &job.settings)?;
    let class_of = |clips: &[usize]| -> Vec<usize> {
        clips.iter().map(|&clip| collection.items[clip].label).collect()
    };
    let run = TrainingRun {
        name: &job.recipe.name,
        recipe: &job.recipe,
        front_end: &front_end,
        labels: &collection.labels,
        settings: &job.settings,
        train: &prepared.labelled_clips(&front_end, &train),
        held_out: &prepared.labelled_clips(&front_end, &held_out),
        device: &job.device,
        checkpoint: Some(&checkpoint),
        resume: job.resume,
    };
    let blank = ModelCard {
        version: env!("CARGO_PKG_VERSION").into(),
        recipe: job.recipe.name.clone(),
        architecture: run.architecture(),
        front_end: front_end.clone(),
        labels: trained_labels(&collection.labels, class_of(&train), class_of(&held_out)),
        settings: job.settings.clone(),
        collection_digest: prepared.digest(),
        label_column: collection.label_column.clone(),
        group_column: collection.group_column.clone(),
        measured: None,
        history: Vec::new(),
    };
    let finished = finished(job, &checkpoint, &blank);
    let output = path_text(&job.output);
    let before = notices.len();
    match &finished {
        Some(_) => notices.push(format!("{output}: already trained")),
        None => {
            notices.extend(beginning(job, &checkpoint));
            if job.output.exists() {
                notices.push(format!("{output}: the existing model will be replaced"));
            }
        }
    }
    for notice in &notices[before..] {
        observer.event(Event::Notice(notice));
    }
    let card = match finished {
        Some(card) => card,
        None => {
            let TrainedModel { predictor, weights, history } = run.fit(observer)?;
            let measured = run.measure(&predictor, blank.group_column.as_deref())?;
            let card = ModelCard { measured, history, ..blank };
            let model = Model { card, scaler: predictor.scaler, weights };
            model.save(&job.output)?;
            write::remove(&checkpoint)?;
            model.card
        }
    };
    notices.extend(collection.notices.iter().cloned());
    Ok(TrainReport {
        model: job.output.clone(),
        card,
        clips: train.len(),
        held_out: held_out.len(),
        left_out: collection.left_out.clone(),
        repeated: prepared.names(|clip| clip.notes.repeated),
        notices,
        seconds: begun.elapsed().as_secs_f64(),
    })
}

/// The sample rate asked for, or else the one that suits the collection.
pub(crate) fn rate(collection: &Collection, asked: Option<u32>) -> RateChoice {
    match asked {
        Some(rate) => RateChoice { rate, notice: None },
        None => {
            let paths: Vec<PathBuf> =
                collection.items.iter().map(|item| item.path.clone()).collect();
            choose_rate(&paths)
        }
    }
}

/// The card of the model that is already there, when resuming finds the run at its end.
fn finished(job: &TrainJob<'_>, checkpoint: &Path, wanted: &ModelCard) -> Option<ModelCard> {
    if !job.resume || checkpoint.exists() {
        return None;
    }
    let found = Model::load(&job.output).ok()?.card;
    let blank = ModelCard { measured: None, history: Vec::new(), ..found.clone() };
    (blank == *wanted).then_some(found)
}

/// What there is to say about where the run begins.
fn beginning(job: &TrainJob<'_>, checkpoint: &Path) -> Option<String> {
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

/// Checks the places that [`train`](crate::train::train()) writes to: the model, and beside it the
/// checkpoint and the lock.
fn check_model(output: &Path, collection: &Collection) -> Result<(), Error> {
    let checkpoint = write::with_suffix(output, ".checkpoint");
    for path in [output, &checkpoint, &write::lock(output)] {
        refuse_inputs(path, collection.files())?;
    }
    refuse_other_kind(output, "model", is_tensor_file)?;
    refuse_other_kind(&checkpoint, "checkpoint", is_tensor_file)
}
