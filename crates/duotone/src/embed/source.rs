//! The networks that compute embeddings.

use duotone_nn::{Musicnn, MusicnnFeatures};

use crate::backbone::Backbone;
#[cfg(feature = "onnx")]
use crate::backbone::onnx::{Graph, OnnxBackbone};
use crate::backend::Device;
use crate::backend::trainer::{Inference, network};
use crate::error::Error;
use crate::model::{Conditioning, Model, ModelSpec, Scaler, Standardize};

/// What is computed from scaled segments.
#[derive(Debug)]
pub(super) enum Source {
    /// The inputs of a model's output layer.
    Model(Box<dyn Inference>),
    /// The pooled values and the penultimate units of musicnn: what the output layer of a model with the
    /// architecture `musicnn` gets.
    Musicnn(Box<Musicnn>),
    /// The probabilities of musicnn's tags.
    MusicnnTags(Box<Musicnn>),
    /// The output of an ONNX graph.
    #[cfg(feature = "onnx")]
    Onnx(Box<Graph>),
}

impl Source {
    pub(super) fn of_model(model: &Model) -> Result<Self, Error> {
        Ok(Self::Model(network(&Device::Cpu, &model.card.architecture, &model.weights)?))
    }

    pub(super) fn of_backbone(backbone: &Backbone, tags: bool) -> Result<Self, Error> {
        let musicnn = Box::new(Musicnn::new(&backbone.weights)?);
        Ok(if tags { Self::MusicnnTags(musicnn) } else { Self::Musicnn(musicnn) })
    }

    #[cfg(feature = "onnx")]
    pub(super) fn of_onnx(backbone: &OnnxBackbone) -> Result<Self, Error> {
        Ok(Self::Onnx(Box::new(Graph::new(backbone)?)))
    }

    /// Number of values per segment.
    pub(super) fn width(&self) -> usize {
        match self {
            Self::Model(network) => network.architecture().last_inputs(),
            Self::Musicnn(_) => Musicnn::FEATURES,
            Self::MusicnnTags(_) => Musicnn::TAGS,
            #[cfg(feature = "onnx")]
            Self::Onnx(graph) => graph.width(),
        }
    }

    /// Computes the values of scaled segments, (segment, value).
    pub(super) fn rows(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        match self {
            Self::Model(network) => Ok(network.embed(inputs)?.units),
            Self::Musicnn(musicnn) => {
                let MusicnnFeatures { pooled, penultimate, .. } = musicnn.features(inputs)?;
                let pooled = pooled.chunks_exact(Musicnn::POOLED);
                let both = pooled.zip(penultimate.chunks_exact(Musicnn::PENULTIMATE));
                Ok(both.flat_map(|(pooled, units)| [pooled, units].concat()).collect())
            }
            Self::MusicnnTags(musicnn) => {
                let logits = musicnn.features(inputs)?.tags;
                Ok(logits.into_iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect())
            }
            #[cfg(feature = "onnx")]
            Self::Onnx(graph) => graph.rows(inputs),
        }
    }
}

/// How segments are scaled for musicnn: as in the preset `musicnn`.
pub(super) fn musicnn_scaler() -> Scaler {
    conditioned(ModelSpec::musicnn_conditioning())
}

/// Leaves segments as they are: graphs have a scaling of their own.
#[cfg(feature = "onnx")]
pub(super) fn onnx_scaler() -> Scaler {
    conditioned(Conditioning::default())
}

fn conditioned(conditioning: Conditioning) -> Scaler {
    Scaler { conditioning, kind: Standardize::None, mean: Vec::new(), deviation: Vec::new() }
}
