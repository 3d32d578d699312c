//! A network's intermediate values.

use crate::error::Error;
use crate::head::{self, sigmoid};
use crate::layers::Pass;
use crate::network::{ACTIVATIONS, BATCH, Engine, Network, segment_size};
use crate::{parallel, thread_memory};

/// The intermediate values of a batch of segments, without dropout.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Embedding {
    /// The inputs of the output layer, (segment, unit): the hidden layer's units after the sigmoid, or the maps
    /// if there is no hidden layer.
    pub units: Vec<f32>,
    /// The pooled maps after LeakyReLU and global pooling, (segment, feature), features in the canonical order of
    /// [`Weights`](crate::Weights): pipeline, filter, band, frame.
    pub maps: Vec<f32>,
    /// The same as [`Network::logits`] returns, (segment, class).
    pub logits: Vec<f32>,
}

impl Network {
    /// Returns the embedding of a batch of segments, laid out as for [`logits`](Self::logits).
    ///
    /// # Errors
    /// As for [`logits`](Self::logits).
    pub fn embed(&self, inputs: &[f32]) -> Result<Embedding, Error> {
        parallel::inside(|| self.embed_batches(inputs))
    }

    fn embed_batches(&self, inputs: &[f32]) -> Result<Embedding, Error> {
        let size = segment_size(&self.architecture, inputs)?;
        let (dense, features) = (self.architecture.hidden_units, self.architecture.features());
        let mut out = Embedding::default();
        let layers = match &self.engine {
            Engine::SingleLayer(layers) => layers,
            Engine::Deep(network) => {
                let values = network.run(&self.architecture, inputs, size)?;
                let maps = values.features;
                let units = if dense == 0 { maps.clone() } else { values.hidden };
                return Ok(Embedding { units, maps, logits: values.logits });
            }
        };
        thread_memory::lend(&ACTIVATIONS, |activations| {
            for batch in inputs.chunks(BATCH * size) {
                layers.forward(batch, size, Pass::Inference, activations);
                head::logits(&self.architecture, layers, activations, &mut out.logits);
                let samples = activations.samples;
                for sample in 0..samples {
                    let sum = |unit: usize| activations.sums[unit * samples + sample];
                    let bias = &layers.dense.bias;
                    out.units.extend((0..dense).map(|unit| sigmoid(sum(unit) + bias[unit])));
                    let from = out.maps.len();
                    out.maps.resize(from + features, 0.0);
                    let row = &activations.features[sample * activations.stride..];
                    for (value, &to) in row.iter().zip(&layers.canonical) {
                        out.maps[from + to] = *value;
                    }
                }
            }
        });
        Ok(out)
    }
}
