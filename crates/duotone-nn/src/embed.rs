//! A network's intermediate values.

use crate::error::Error;
use crate::head::sigmoid;
use crate::layers::{Activations, Pass};
use crate::network::{BATCH, Network, segment_size};

/// The intermediate values of a batch of segments, without dropout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// The dense layer's units after the sigmoid, (segment, unit): the inputs of the output layer.
    pub units: Vec<f32>,
    /// The pooled maps after LeakyReLU, (segment, feature), features in the canonical order of
    /// [`Weights`](crate::Weights): pipeline, filter, band, frame.
    pub maps: Vec<f32>,
}

impl Network {
    /// Returns the embedding of a batch of segments, laid out as for [`logits`](Self::logits).
    ///
    /// # Errors
    /// As for [`logits`](Self::logits).
    pub fn embed(&self, inputs: &[f32]) -> Result<Embedding, Error> {
        let size = segment_size(&self.architecture, inputs)?;
        let (hidden_units, features) =
            (self.architecture.hidden_units, self.architecture.features());
        let mut out = Embedding::default();
        let mut activations = Activations::default();
        for batch in inputs.chunks(BATCH * size) {
            self.layers.forward(batch, size, Pass::Inference, &mut activations);
            let samples = activations.samples;
            for sample in 0..samples {
                let sum = |unit: usize| activations.sums[unit * samples + sample];
                let bias = &self.layers.dense.bias;
                out.units.extend((0..hidden_units).map(|unit| sigmoid(sum(unit) + bias[unit])));
                let from = out.maps.len();
                out.maps.resize(from + features, 0.0);
                let row = &activations.features[sample * activations.stride..];
                for (value, &to) in row.iter().zip(&self.layers.canonical) {
                    out.maps[from + to] = *value;
                }
            }
        }
        Ok(out)
    }
}
