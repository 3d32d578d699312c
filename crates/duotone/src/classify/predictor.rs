//! Predictions of a trained network for clips. They are always based on consecutive segments, so that
//! every second counts once and the result is not random.

use duotone_audio::FrontEnd;
use duotone_nn::{Embedding, reference};
use serde::{Deserialize, Serialize};

use crate::backend::trainer::{BATCH, Inference};
use crate::classify::Vote;
use crate::classify::vote::vote;
use crate::error::Error;
use crate::features::ClipFeatures;
use crate::features::segments::{LabelledClip, consecutive, scaled};
use crate::model::Scaler;
use crate::statistics::largest;

/// A network and the scaler of its inputs.
#[derive(Debug)]
pub(crate) struct Predictor {
    pub(crate) network: Box<dyn Inference>,
    pub(crate) scaler: Scaler,
}

/// What a network returns for some segments.
#[derive(Clone, Debug)]
pub(crate) struct Scores {
    /// Probabilities (segments × classes).
    pub(crate) rows: Vec<f64>,
    /// The inputs of the output layer (segments × inputs); `None` on a GPU.
    pub(crate) units: Option<Vec<f32>>,
}

/// The decision on one clip.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Outcome {
    /// The predicted class.
    pub(crate) winner: usize,
    /// One probability per class.
    pub(crate) probabilities: Vec<f64>,
    /// Number of segments predicted as each class.
    pub(crate) segments: Vec<usize>,
}

impl Predictor {
    /// Probabilities of the segments that start at the frames `starts` (segments × classes).
    pub(crate) fn probabilities(
        &self,
        clip: &ClipFeatures,
        starts: &[usize],
    ) -> Result<Vec<f64>, Error> {
        let logits = logits(&*self.network, &self.scaler, clip, starts)?;
        Ok(reference::softmax(&logits, self.network.architecture().classes))
    }

    /// Probabilities of the segments that start at the frames `starts`, and the inputs of the output layer.
    pub(crate) fn scores(&self, clip: &ClipFeatures, starts: &[usize]) -> Result<Scores, Error> {
        if !self.network.has_embeddings() {
            return Ok(Scores { rows: self.probabilities(clip, starts)?, units: None });
        }
        let Embedding { units, logits, .. } = self.embed(clip, starts)?;
        let logits: Vec<f64> = logits.into_iter().map(f64::from).collect();
        let rows = reference::softmax(&logits, self.network.architecture().classes);
        Ok(Scores { rows, units: Some(units) })
    }

    /// Embeddings of the segments that start at the frames `starts`.
    pub(crate) fn embed(&self, clip: &ClipFeatures, starts: &[usize]) -> Result<Embedding, Error> {
        let mut out = Embedding::default();
        for inputs in batches(&*self.network, &self.scaler, clip, starts) {
            let Embedding { units, maps, logits } = self.network.embed(&inputs)?;
            out.units.extend(units);
            out.maps.extend(maps);
            out.logits.extend(logits);
        }
        Ok(out)
    }

    /// Classifies clips.
    pub(crate) fn decide(
        &self,
        labelled: &[LabelledClip<'_>],
        front_end: &FrontEnd,
        kind: Vote,
    ) -> Result<Vec<Outcome>, Error> {
        self.decide_each(labelled, front_end, kind, |_, _| ())
    }

    /// Classifies clips, and hands each clip's class and the probabilities of its segments
    /// (segments × classes) to `each`.
    pub(crate) fn decide_each(
        &self,
        labelled: &[LabelledClip<'_>],
        front_end: &FrontEnd,
        kind: Vote,
        mut each: impl FnMut(usize, &[f64]),
    ) -> Result<Vec<Outcome>, Error> {
        let classes = self.network.architecture().classes;
        let one = |example: &LabelledClip<'_>| {
            let starts = consecutive(example.features, front_end);
            let rows = self.probabilities(example.features, &starts)?;
            each(example.label as usize, &rows);
            let mut segments = vec![0; classes];
            rows.chunks_exact(classes).for_each(|row| segments[largest(row)] += 1);
            let voted = vote(&rows, classes, kind);
            Ok(Outcome { winner: voted.winner, probabilities: voted.probabilities, segments })
        };
        labelled.iter().map(one).collect()
    }
}

/// The accuracy on files, and that on segments.
pub(crate) fn accuracies(labelled: &[LabelledClip<'_>], outcomes: &[Outcome]) -> (f64, f64) {
    let (mut files, mut segments, mut total) = (0, 0, 0);
    for (example, outcome) in labelled.iter().zip(outcomes) {
        let truth = example.label as usize;
        files += usize::from(outcome.winner == truth);
        segments += outcome.segments[truth];
        total += outcome.segments.iter().sum::<usize>();
    }
    (files as f64 / labelled.len().max(1) as f64, segments as f64 / total.max(1) as f64)
}

/// Logits of the segments that start at the frames `starts` (segments × classes).
pub(crate) fn logits(
    network: &dyn Inference,
    scaler: &Scaler,
    clip: &ClipFeatures,
    starts: &[usize],
) -> Result<Vec<f64>, Error> {
    let mut out = Vec::with_capacity(starts.len() * network.architecture().classes);
    for inputs in batches(network, scaler, clip, starts) {
        out.extend(network.logits(&inputs)?.into_iter().map(f64::from));
    }
    Ok(out)
}

/// The scaled segments that start at the frames `starts`, in batches.
fn batches<'a>(
    network: &dyn Inference,
    scaler: &'a Scaler,
    clip: &'a ClipFeatures,
    starts: &'a [usize],
) -> impl Iterator<Item = Vec<f32>> + use<'a> {
    let frames = network.architecture().frames;
    starts.chunks(BATCH).map(move |batch| scaled(clip, batch, frames, scaler))
}
