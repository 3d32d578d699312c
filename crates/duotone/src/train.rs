use std::path::PathBuf;
use std::time::Instant;

use duotone_audio::FrontEnd;

use crate::examples::{Example, consecutive};
use crate::fit::{Fitted, Run};
use crate::prepare::{held_out, prepare};
use crate::vote::{Voted, largest, vote};
use crate::{
    Collection, Error, Event, LeftOut, Measured, Model, ModelCard, Observer, Recipe, TrainSettings,
    Vote, atomic, choose_rate, predict,
};

/// One model to train.
#[derive(Clone, Debug)]
pub struct TrainJob<'a> {
    /// What to learn from.
    pub collection: &'a Collection,
    /// What to learn with.
    pub recipe: Recipe,
    /// How.
    pub settings: TrainSettings,
    /// The model's sample rate in hertz; chosen by the collection's own where not given.
    pub sample_rate: Option<u32>,
    /// Folder of a feature store, to extract each file once only.
    pub store: Option<PathBuf>,
    /// The model file to write.
    pub output: PathBuf,
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
    /// Clips used.
    pub clips: usize,
    /// Files that could not be used.
    pub left_out: Vec<LeftOut>,
    /// Clips that were repeated to fill a segment.
    pub repeated: Vec<PathBuf>,
    /// Clips that are silent.
    pub silent: Vec<PathBuf>,
    /// What the user should know; the observer was told, too.
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
/// [`Error::Settings`] for impossible settings, fewer than two classes, or a checkpoint of another
/// run; [`Error::Diverged`]; [`Error::Interrupted`]; [`Error::File`] for a damaged checkpoint;
/// [`Error::Io`].
pub fn train(job: &TrainJob<'_>, observer: &dyn Observer) -> Result<TrainReport, Error> {
    let began = Instant::now();
    job.settings.validate()?;
    atomic::prepare(&job.output)?;
    let paths: Vec<PathBuf> = job.collection.items.iter().map(|item| item.path.clone()).collect();
    let rate = job.sample_rate.unwrap_or_else(|| choose_rate(&paths));
    let front_end = job.recipe.front_end(rate);
    let prepared = prepare(job.collection, &front_end, job.store.as_deref(), observer)?;
    let collection = &prepared.collection;
    let (classes, groups) = (collection.classes(), collection.group_numbers());
    let settings = &job.settings;
    let held = held_out(&classes, groups.as_deref(), settings)?;
    let chosen = |out: bool| (0..held.len()).filter(|&i| held[i] == out).collect::<Vec<_>>();
    let (learnt, kept_back) = (chosen(false), chosen(true));
    let (train, kept_back) =
        (prepared.examples(learnt), prepared.examples(kept_back.iter().copied()));

    let checkpoint = atomic::beside(&job.output, ".checkpoint");
    if job.resume && !checkpoint.exists() {
        observer.event(Event::Notice("there is no checkpoint to resume from: starting afresh"));
    }
    let run = Run {
        name: &job.recipe.name,
        recipe: &job.recipe,
        front_end: &front_end,
        labels: &collection.labels,
        settings,
        train: &train,
        held_out: &kept_back,
        checkpoint: Some(&checkpoint),
        resume: job.resume,
    };
    let fitted = run.fit(observer)?;
    let measured = measure(&fitted, &front_end, &kept_back, settings, collection)?;
    let card = ModelCard {
        version: env!("CARGO_PKG_VERSION").into(),
        recipe: job.recipe.name.clone(),
        architecture: fitted.network.architecture().clone(),
        front_end,
        labels: collection.label_counts(),
        settings: settings.clone(),
        collection_digest: prepared.digest(),
        label_column: collection.label_column.clone(),
        group_column: collection.group_column.clone(),
        measured,
        history: fitted.history,
    };
    let model = Model { card, scaler: fitted.scaler, weights: fitted.network.weights() };
    model.save(&job.output)?;
    atomic::remove(&checkpoint)?;
    Ok(TrainReport {
        model: job.output.clone(),
        card: model.card,
        clips: prepared.features.len(),
        repeated: prepared.names(|clip| clip.repeated),
        silent: prepared.names(|clip| clip.silent),
        notices: prepared.collection.notices.clone(),
        left_out: prepared.left_out,
        seconds: began.elapsed().as_secs_f64(),
    })
}

/// How well the held-out clips are decided by their consecutive segments, where there are any.
fn measure(
    fitted: &Fitted,
    front_end: &FrontEnd,
    held_out: &[Example<'_>],
    settings: &TrainSettings,
    collection: &Collection,
) -> Result<Option<Measured>, Error> {
    if held_out.is_empty() {
        return Ok(None);
    }
    let tested = test(fitted, front_end, held_out, Vote::Mean)?;
    let files = tested.iter().zip(held_out);
    let right = files.filter(|(t, example)| t.file.winner == example.label as usize).count();
    let segments: usize = tested.iter().map(|t| t.segments.len()).sum();
    let segments_right: usize = tested
        .iter()
        .zip(held_out)
        .map(|(t, e)| t.segments.iter().filter(|&&s| s == e.label as usize).count())
        .sum();
    let grouped = match &collection.group_column {
        Some(column) => format!("no {column} on both sides"),
        None => "not grouped".into(),
    };
    Ok(Some(Measured {
        protocol: format!(
            "held out {:.0} % of the clips, {grouped}, seed {}",
            held_out.len() as f64 / collection.items.len() as f64 * 100.0,
            settings.seed
        ),
        clips: held_out.len(),
        file_accuracy: right as f64 / held_out.len() as f64,
        segment_accuracy: segments_right as f64 / segments.max(1) as f64,
    }))
}

/// What a network says of one clip it has not learnt from.
pub(crate) struct Tested {
    pub(crate) file: Voted,
    /// The class of each consecutive segment.
    pub(crate) segments: Vec<usize>,
}

/// Decides on clips by their consecutive segments.
pub(crate) fn test(
    fitted: &Fitted,
    front_end: &FrontEnd,
    examples: &[Example<'_>],
    kind: Vote,
) -> Result<Vec<Tested>, Error> {
    let classes = fitted.network.architecture().classes;
    examples
        .iter()
        .map(|example| {
            let starts = consecutive(example.features, front_end);
            let rows =
                predict::probabilities(&fitted.network, &fitted.scaler, example.features, &starts)?;
            let segments = rows.chunks_exact(classes).map(largest).collect();
            Ok(Tested { file: vote(&rows, classes, kind), segments })
        })
        .collect()
}
