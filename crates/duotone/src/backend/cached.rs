//! A network that contains published ones, which are computed once per batch of inputs.

use std::sync::Arc;

use blake3::Hash;
use duotone_nn::{Architecture, Embedding, Network, Weights};

use crate::backend::trainer::Inference;
use crate::error::Error;
use crate::features::embeddings::Embeddings;

/// A network of which only the output layer is trained, with a cache of that layer's inputs.
#[derive(Debug)]
pub(crate) struct CachedNetwork {
    network: Network,
    /// Of everything before the output layer.
    digest: Hash,
    embeddings: Arc<Embeddings>,
}

impl CachedNetwork {
    /// Creates a network on the CPU.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub(crate) fn new(
        architecture: &Architecture,
        weights: &Weights,
        embeddings: Arc<Embeddings>,
    ) -> Result<Self, Error> {
        let network = Network::new(architecture, weights)?;
        let same = architecture.clone().with_classes(0);
        let mut hasher = blake3::Hasher::new();
        hasher.update(same.to_toml()?.as_bytes());
        for (name, tensor) in &weights.0 {
            if architecture.is_fixed(name) {
                hasher.update(name.as_bytes());
                let bytes: Vec<u8> = tensor.data.iter().flat_map(|x| x.to_le_bytes()).collect();
                hasher.update(&bytes);
            }
        }
        Ok(Self { network, digest: hasher.finalize(), embeddings })
    }
}

impl Inference for CachedNetwork {
    fn architecture(&self) -> &Architecture {
        self.network.architecture()
    }

    fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        Ok(self.embed(inputs)?.logits)
    }

    fn embed(&self, inputs: &[f32]) -> Result<Embedding, Error> {
        let compute = || Ok(self.network.embed(inputs)?.units);
        let units = self.embeddings.get(&self.digest, inputs, compute)?;
        let logits = self.network.output(&units)?;
        Ok(Embedding { maps: units.clone(), units, logits })
    }
}
