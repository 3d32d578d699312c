//! Self-describing model files: a trained network with everything needed to use it and to trace how
//! it was made.

pub(crate) mod augmentation;
mod backbone_card;
pub(crate) mod conditioning;
pub mod onnx;
pub(crate) mod scaler;
mod schedule;
pub(crate) mod settings;
mod spec;
pub(crate) mod tensor_file;

pub use augmentation::Augmentation;
pub use backbone_card::BackboneCard;
pub use conditioning::Conditioning;
pub use scaler::{MIN_STD, Scaler, Standardize};
pub use schedule::Schedule;
pub use settings::{Sampling, TrainSettings};
pub use spec::ModelSpec;

use std::collections::BTreeMap;
use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::{Architecture, Tensor, Weights};
use serde::{Deserialize, Serialize};

use crate::confidence::{Confidence, UnitScale};
use crate::error::Error;
use crate::io::outputs::{is_tensor_file, refuse_other_kind};
use tensor_file::Kind;

/// A trained network with everything needed to use it and to trace how it was made.
#[derive(Clone, Debug, PartialEq)]
pub struct Model {
    /// Its description.
    pub card: ModelCard,
    /// How inputs are scaled.
    pub scaler: Scaler,
    /// The network's weights.
    pub weights: Weights,
    /// What the output layer's inputs are for the training files, by which unfamiliar recordings are recognised;
    /// `None` if that was not measured.
    pub familiarity: Option<UnitScale>,
}

/// The description stored in a model file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ModelCard {
    /// Version of duotone that wrote the file.
    pub version: String,
    /// Name of the recipe: `model2`.
    pub recipe: String,
    /// Architecture of the network.
    pub architecture: Architecture,
    /// The front end that computes the network's input.
    pub front_end: FrontEnd,
    /// The classes in the order of the network's outputs, with the number of clips in each.
    pub labels: Vec<TrainedLabel>,
    /// The published networks that are part of it, with their licences.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub backbones: Vec<BackboneCard>,
    /// Training settings, including the seed and the standardisation.
    pub settings: TrainSettings,
    /// Digest of the content, labels and groups of all clips used, including held-out ones.
    pub collection_digest: String,
    /// Name of the label column.
    pub label_column: String,
    /// The column whose values were kept together when clips were held out, if any.
    pub group_column: Option<String>,
    /// The weight decay, if inner folds chose it among several.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f32>,
    /// Accuracy on the held-out clips, if any were held out.
    pub measured: Option<Measured>,
    /// How far decisions can be trusted, if that was measured in inner folds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confidence: Option<Confidence>,
    /// The learning curve.
    pub history: Vec<EpochRecord>,
}

/// A class and the number of its clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct TrainedLabel {
    /// The label.
    pub name: String,
    /// Number of training clips. Models of earlier versions do not count held-out clips per label;
    /// there, this number includes them.
    pub clips: usize,
    /// Number of held-out clips.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub held_out: usize,
}

fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Counts the training clips and the held-out clips of each label, given the class of each clip.
pub(crate) fn trained_labels(
    labels: &[String],
    train: impl IntoIterator<Item = usize>,
    held_out: impl IntoIterator<Item = usize>,
) -> Vec<TrainedLabel> {
    let label = |name: &String| TrainedLabel { name: name.clone(), clips: 0, held_out: 0 };
    let mut trained: Vec<TrainedLabel> = labels.iter().map(label).collect();
    for class in train {
        trained[class].clips += 1;
    }
    for class in held_out {
        trained[class].held_out += 1;
    }
    trained
}

/// An accuracy and how it was measured.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Measured {
    /// How it was measured, for people to read: `held out 20 % of the clips, no artist on both sides,
    /// seed 0`.
    pub protocol: String,
    /// Number of held-out clips.
    pub clips: usize,
    /// Share of the held-out clips whose label is predicted correctly from the mean of their
    /// segments' probabilities.
    pub file_accuracy: f64,
    /// Share of their segments that are classified correctly.
    pub segment_accuracy: f64,
}

/// A label and the number of its clips.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LabelCount {
    /// The label.
    pub name: String,
    /// Number of clips with this label.
    pub clips: usize,
}

/// One epoch of training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EpochRecord {
    /// Number of the epoch, from 1.
    pub epoch: usize,
    /// Mean loss in nats over the training segments, with dropout, while the weights changed.
    pub loss: f64,
    /// Share of training segments classified correctly, with dropout, while the weights changed.
    pub accuracy: f64,
    /// Mean loss in nats over the held-out segments, if any.
    pub validation_loss: Option<f64>,
    /// Share of the held-out segments classified correctly, if any.
    pub validation_accuracy: Option<f64>,
}

impl Model {
    /// Writes the model as one safetensors file. The file appears whole or not at all, and equal
    /// models give equal bytes.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if `path` is an existing file that is not a model.
    pub fn save(&self, path: impl AsRef<Path>) -> Result<(), Error> {
        let path = path.as_ref();
        refuse_other_kind(path, "model", is_tensor_file)?;
        tensor_file::write(path, Kind::Model, &self.card, &self.tensors())
    }

    /// Reads a model file and validates all of it; the file may come from an untrusted source.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if the file is not a model, is damaged, or has another format
    /// version.
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let (card, tensors) = tensor_file::read(path, Kind::Model)?;
        let damaged = |reason: String| tensor_file::damaged(Kind::Model, &reason);
        Self::assemble(card, tensors)
            .map_err(|reason| Error::File { path: path.into(), reason: damaged(reason) })
    }

    /// Assembles a model from a card and tensors, which may come from another program. Tensors have
    /// the same names as in a model file; see [`tensors`](Self::tensors).
    ///
    /// # Errors
    /// [`Error::Model`] if the card is invalid or the tensors do not match it.
    pub fn from_tensors(card: ModelCard, tensors: BTreeMap<String, Tensor>) -> Result<Self, Error> {
        let finite = |tensor: &Tensor| tensor.data.iter().all(|x| x.is_finite());
        if let Some((name, _)) = tensors.iter().find(|(_, tensor)| !finite(tensor)) {
            return Err(Error::Model(format!("{name} contains numbers that are not finite")));
        }
        Self::assemble(card, tensors).map_err(Error::Model)
    }

    /// All tensors by name: the network's weights, and those of the scaler and of the familiarity, if any.
    #[must_use]
    pub fn tensors(&self) -> BTreeMap<String, Tensor> {
        let mut tensors = self.weights.0.clone();
        tensors.extend(self.scaler.to_tensors());
        tensors.extend(self.familiarity.iter().flat_map(UnitScale::to_tensors));
        tensors
    }

    fn assemble(card: ModelCard, mut tensors: BTreeMap<String, Tensor>) -> Result<Self, String> {
        card.check()?;
        let size = (card.architecture.bands, card.architecture.frames);
        let scaler = Scaler::from_tensors(card.settings.scaling(), size, &mut tensors)?;
        let familiar = card.confidence.as_ref().is_some_and(|c| c.familiarity.is_some());
        let units = card.architecture.last_inputs();
        let familiarity =
            familiar.then(|| UnitScale::from_tensors(units, &mut tensors)).transpose()?;
        let weights = Weights(tensors);
        weights.check(&card.architecture).map_err(|e| e.to_string())?;
        Ok(Self { card, scaler, weights, familiarity })
    }
}

impl ModelCard {
    /// Number of held-out clips.
    #[must_use]
    pub fn held_out_clips(&self) -> usize {
        self.measured.as_ref().map_or(0, |measured| measured.clips)
    }

    /// Number of training clips.
    #[must_use]
    pub fn training_clips(&self) -> usize {
        let all: usize = self.labels.iter().map(|label| label.clips + label.held_out).sum();
        all.saturating_sub(self.held_out_clips())
    }

    /// Checks that every part is valid and that the parts match each other.
    fn check(&self) -> Result<(), String> {
        let (a, f) = (&self.architecture, &self.front_end);
        a.validate().map_err(|e| e.to_string())?;
        f.validate().map_err(|e| e.to_string())?;
        if (a.bands, a.frames) != (f.bands, f.segment_frames) {
            return Err("its front end does not match its network".into());
        }
        if a.classes != self.labels.len() {
            return Err(format!("{} labels for {} classes", self.labels.len(), a.classes));
        }
        let mut names: Vec<&str> = self.labels.iter().map(|label| label.name.as_str()).collect();
        names.sort_unstable();
        self.confidence.as_ref().map_or(Ok(()), Confidence::check)?;
        match names.windows(2).find(|pair| pair[0] == pair[1]) {
            Some(pair) => Err(format!("the label {:?} occurs twice", pair[0])),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests;
