use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use rayon::prelude::*;
use serde::{Serialize, Serializer};

use crate::examples::consecutive;
use crate::predict::Predictor;
use crate::vote::{largest, vote};
use crate::{
    ClipFeatures, Device, Error, Event, LeftOut, Model, ModelCard, Observer, Vote, learner,
};

/// A model ready to decide on files.
#[derive(Debug)]
pub struct Classifier {
    card: ModelCard,
    predictor: Predictor,
}

/// What a caller wants to know of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassifyOptions {
    /// How segments decide together.
    pub vote: Vote,
    /// Whether single segments' probabilities are wanted, too.
    pub segments: bool,
}

/// The decision on a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The file as the caller named it.
    #[serde(serialize_with = "crate::json::path")]
    pub path: PathBuf,
    /// The class decided for.
    pub label: String,
    /// Each class and its probability, in the model's order; an object in JSON.
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
    /// How long the file plays, in seconds.
    pub seconds: f64,
    /// Digital silence: the decision says nothing.
    pub silent: bool,
    /// Shorter than a segment and repeated to fill one.
    pub repeated: bool,
    /// Parts that could not be decoded, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
    /// Segment by segment, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<SegmentDecision>>,
}

/// What the network says of one segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentDecision {
    /// Where it starts, in seconds.
    pub start_seconds: f64,
    /// Where it ends, in seconds.
    pub end_seconds: f64,
    /// The most probable class.
    pub label: String,
    /// Each class and its probability, in the model's order; an object in JSON.
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
}

fn as_object<S: Serializer>(pairs: &[(String, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(label, probability)| (label, probability)))
}

impl Classifier {
    /// Reads a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::new(Model::load(path)?)
    }

    /// Makes a model ready.
    ///
    /// # Errors
    /// [`Error::Network`] when its weights do not fit its architecture.
    pub fn new(model: Model) -> Result<Self, Error> {
        Self::on(&Device::Cpu, model)
    }

    /// Makes a model ready on a device.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Device`] for a GPU that is too small for it.
    pub fn on(device: &Device, model: Model) -> Result<Self, Error> {
        let Model { card, scaler, weights } = model;
        let network = learner::network(device, &card.architecture, &weights)?;
        Ok(Self { card, predictor: Predictor { network, scaler } })
    }

    /// What the model says of itself.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Decides on one file, by its consecutive segments.
    ///
    /// # Errors
    /// [`Error::Audio`] for a file that cannot be used.
    pub fn classify_file(&self, path: &Path, options: &ClassifyOptions) -> Result<Decision, Error> {
        let card = &self.card;
        let extraction = duotone_audio::extract(path, &card.front_end)?;
        let playing = extraction.source.seconds;
        let clip = ClipFeatures::new(extraction, String::new());
        let starts = consecutive(&clip, &card.front_end);
        let rows = self.predictor.probabilities(&clip, &starts)?;
        if rows.iter().any(|p| !p.is_finite()) {
            let reason = "the model's weights are too large to compute with: train it again";
            return Err(Error::Settings(reason.into()));
        }
        let voted = vote(&rows, card.labels.len(), options.vote);
        let frame = card.front_end.frame_seconds();
        let length =
            card.front_end.segment_samples() as f64 / f64::from(card.front_end.sample_rate);
        let segment = |(&start, row): (&usize, &[f64])| SegmentDecision {
            start_seconds: start as f64 * frame,
            end_seconds: start as f64 * frame + length,
            label: card.labels[largest(row)].name.clone(),
            probabilities: self.named(row),
        };
        let segments = || starts.iter().zip(rows.chunks_exact(card.labels.len())).map(segment);
        Ok(Decision {
            path: path.to_owned(),
            label: card.labels[voted.winner].name.clone(),
            probabilities: self.named(&voted.probabilities),
            seconds: playing.unwrap_or(clip.frames() as f64 * frame),
            silent: clip.silent,
            repeated: clip.repeated,
            segments: options.segments.then(|| segments().collect()),
            damage: clip.damage,
        })
    }

    fn named(&self, probabilities: &[f64]) -> Vec<(String, f64)> {
        let labels = self.card.labels.iter().map(|label| label.name.clone());
        labels.zip(probabilities.iter().copied()).collect()
    }

    /// Decides on many files in parallel, a bounded number at a time, and hands each result to
    /// `each` in the order of `paths`. The observer gets [`Event::Extracted`](crate::Event) for
    /// every file.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the observer asks to stop; single bad files go to `each`.
    pub fn classify_many(
        &self,
        paths: &[PathBuf],
        options: &ClassifyOptions,
        observer: &dyn Observer,
        mut each: impl FnMut(Result<Decision, LeftOut>),
    ) -> Result<(), Error> {
        let done = AtomicUsize::new(0);
        let one = |path: &PathBuf| {
            if observer.stop() {
                return Err(Error::Interrupted);
            }
            let result = self
                .classify_file(path, options)
                .map_err(|e| LeftOut { path: path.clone(), reason: e.to_string() });
            let done = done.fetch_add(1, Ordering::Relaxed) + 1;
            observer.event(Event::Extracted { done, total: paths.len(), path });
            if let Err(left_out) = &result {
                observer.event(Event::LeftOut(left_out));
            }
            Ok(result)
        };
        for batch in paths.chunks(4 * rayon::current_num_threads()) {
            let results: Vec<_> =
                batch.par_iter().with_max_len(1).map(one).collect::<Result<_, _>>()?;
            results.into_iter().for_each(&mut each);
        }
        Ok(())
    }
}
