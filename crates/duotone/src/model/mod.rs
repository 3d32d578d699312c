//! A trained network as one file, with all that is needed to use it and to know where it came from.

pub mod onnx;
pub(crate) mod scaler;
pub(crate) mod settings;
mod spec;
pub(crate) mod tensor_file;

pub use scaler::{MIN_STD, Scaler, Standardize};
pub use settings::{Sampling, TrainSettings};
pub use spec::ModelSpec;

use std::collections::BTreeMap;
use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::{Architecture, Tensor, Weights};
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::io::outputs::{is_tensor_file, refuse_other_kind};
use tensor_file::Kind;

/// A trained network with all that is needed to use it and to know where it came from.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// What it is.
    pub card: ModelCard,
    /// How inputs are scaled.
    pub scaler: Scaler,
    /// What it learnt.
    pub weights: Weights,
}

/// What a model says of itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Version of duotone that wrote it.
    pub version: String,
    /// Name of the recipe: `model2`.
    pub recipe: String,
    /// The network.
    pub architecture: Architecture,
    /// What its input is made by.
    pub front_end: FrontEnd,
    /// The classes in the order of the network's outputs, with the clips of each.
    pub labels: Vec<TrainedLabel>,
    /// Training settings: segmenter, standardisation, seed and the rest.
    pub settings: TrainSettings,
    /// Digest of the content, labels and groups of all clips used, held-out ones included.
    pub collection_digest: String,
    /// What the label column was called.
    pub label_column: String,
    /// The column whose values were kept together when clips were held out, if any.
    pub group_column: Option<String>,
    /// How well it does on what it has not seen, where clips were held out.
    pub measured: Option<Measured>,
    /// The learning curve.
    pub history: Vec<EpochRecord>,
}

/// A class and its clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedLabel {
    /// The label.
    pub name: String,
    /// Clips that were trained on. In models of earlier versions, which do not count held-out clips
    /// by label, those are among them.
    pub clips: usize,
    /// Clips that were held out.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_out: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The labels with their clips, of which `held_out` were not trained on; both are class numbers.
pub(crate) fn trained_labels(
    labels: &[String],
    train: impl IntoIterator<Item = usize>,
    held_out: impl IntoIterator<Item = usize>,
) -> Vec<TrainedLabel> {
    let label = |name: &String| TrainedLabel { name: name.clone(), clips: 0, held_out: 0 };
    let mut counted: Vec<TrainedLabel> = labels.iter().map(label).collect();
    train.into_iter().for_each(|class| counted[class].clips += 1);
    held_out.into_iter().for_each(|class| counted[class].held_out += 1);
    counted
}

/// An accuracy and how it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// In words: `held out 20 % of the clips, no artist on both sides`.
    pub protocol: String,
    /// Clips that were held out.
    pub clips: usize,
    /// Share of them decided right by the mean of their segments' probabilities.
    pub file_accuracy: f64,
    /// Share of their segments decided right.
    pub segment_accuracy: f64,
}

/// A label and how many clips bear it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    /// The label.
    pub name: String,
    /// Clips.
    pub clips: usize,
}

/// One epoch of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean training loss in nats, with dropout, as the epoch went.
    pub loss: f64,
    /// Share of training segments right, with dropout, as the epoch went.
    pub accuracy: f64,
    /// Mean loss on the held-out segments, where there are any.
    pub validation_loss: Option<f64>,
    /// Share of the held-out segments right.
    pub validation_accuracy: Option<f64>,
}

impl Model {
    /// Writes the model as one safetensors file, under a temporary name first. The same model
    /// gives the same bytes.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] where a file that is no model is there.
    pub fn save(&self, path: &Path) -> Result<(), Error> {
        refuse_other_kind(path, "model", is_tensor_file)?;
        tensor_file::write(path, Kind::Model, &self.card, &self.tensors())
    }

    /// Reads a model file, trusting nothing in it.
    ///
    /// # Errors
    /// [`Error::Io`], or [`Error::File`] for what is no model, damaged, or of another format.
    pub fn load(path: &Path) -> Result<Self, Error> {
        let (card, tensors) = tensor_file::read(path, Kind::Model)?;
        let damaged = |reason: String| tensor_file::damaged(Kind::Model, &reason);
        Self::assemble(card, tensors)
            .map_err(|reason| Error::File { path: path.into(), reason: damaged(reason) })
    }

    /// Puts a model together from its card and tensors (named as in the file; see
    /// [`tensors`](Self::tensors)), which may come from another program.
    ///
    /// # Errors
    /// [`Error::Settings`] says what does not fit.
    pub fn from_tensors(card: ModelCard, tensors: BTreeMap<String, Tensor>) -> Result<Self, Error> {
        let finite = |tensor: &Tensor| tensor.data.iter().all(|x| x.is_finite());
        if let Some((name, _)) = tensors.iter().find(|(_, tensor)| !finite(tensor)) {
            return Err(Error::Settings(format!("{name} holds numbers that are not finite")));
        }
        Self::assemble(card, tensors).map_err(Error::Settings)
    }

    /// All tensors by name: the network's weights, and the scaler's where there is one.
    #[must_use]
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        let mut tensors = self.weights.0.clone();
        tensors.extend(self.scaler.to_tensors());
        tensors
    }

    fn assemble(card: ModelCard, mut tensors: BTreeMap<String, Tensor>) -> Result<Self, String> {
        card.check()?;
        let size = (card.architecture.bands, card.architecture.frames);
        let scaler = Scaler::from_tensors(card.settings.standardize, size, &mut tensors)?;
        let weights = Weights(tensors);
        weights.check(&card.architecture).map_err(|e| e.to_string())?;
        Ok(Self { card, scaler, weights })
    }
}

impl ModelCard {
    /// Clips that were held out.
    #[must_use]
    pub fn held_out_clips(&self) -> usize {
        self.measured.as_ref().map_or(0, |measured| measured.clips)
    }

    /// Clips that were trained on.
    #[must_use]
    pub fn training_clips(&self) -> usize {
        let all: usize = self.labels.iter().map(|label| label.clips + label.held_out).sum();
        all.saturating_sub(self.held_out_clips())
    }

    /// Whether all parts are possible and fit together; says what does not.
    fn check(&self) -> Result<(), String> {
        let (a, f) = (&self.architecture, &self.front_end);
        a.validate().map_err(|e| e.to_string())?;
        f.validate().map_err(|e| e.to_string())?;
        if (a.bands, a.frames) != (f.bands, f.segment_frames) {
            return Err("its front end does not fit its network".into());
        }
        if a.classes != self.labels.len() {
            return Err(format!("{} labels for {} classes", self.labels.len(), a.classes));
        }
        let mut names: Vec<&str> = self.labels.iter().map(|label| label.name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("the label {:?} twice", pair[0])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
