use std::borrow::Cow;
use std::cell::Cell;

use crate::architecture::Architecture;
use crate::deep::DeepNetwork;
use crate::dense::DenseLayer;
use crate::error::Error;
use crate::kernel::Kernels;
use crate::layers::{Activations, Layers, Pass};
use crate::weights::Weights;
use crate::{head, parallel, thread_memory};

/// Segments per batch, enough to use the dense layer efficiently.
pub(crate) const BATCH: usize = 48;

thread_local! {
    /// Kept from one call to the next, since a batch's activations take megabytes.
    pub(crate) static ACTIVATIONS: Cell<Activations> = Cell::default();
}

/// A network ready to run.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) architecture: Architecture,
    pub(crate) engine: Engine,
}

/// A network's packed weights.
#[derive(Clone, Debug)]
pub(crate) enum Engine {
    /// Of the paper's family.
    SingleLayer(Layers),
    Deep(DeepNetwork),
}

impl Network {
    /// Creates a network from its architecture and weights.
    ///
    /// # Errors
    /// Those of [`Architecture::validate`] and [`Weights::check`].
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, Error> {
        Self::with_kernels(architecture, weights, Kernels::default())
    }

    /// Like [`new`](Self::new), with the given kernels instead of the fastest ones.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_kernels(
        architecture: &Architecture,
        weights: &Weights,
        kernels: Kernels,
    ) -> Result<Self, Error> {
        architecture.validate()?;
        weights.check(architecture)?;
        let engine = match architecture.is_single_layer() {
            true => Engine::SingleLayer(Layers::pack(kernels, architecture, weights)),
            false => {
                let mut network = DeepNetwork::new(kernels, architecture, weights.clone());
                network.pack_backbones(kernels, architecture)?;
                Engine::Deep(network)
            }
        };
        Ok(Self { architecture: architecture.clone(), engine })
    }

    /// Replaces the weights of a deep network by others of the same shapes.
    pub(crate) fn repack(&mut self, kernels: Kernels, weights: Weights) {
        self.engine = Engine::Deep(DeepNetwork::new(kernels, &self.architecture, weights));
    }

    /// Returns the architecture.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// Returns a copy of the current weights.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.current_weights().into_owned()
    }

    fn current_weights(&self) -> Cow<'_, Weights> {
        match &self.engine {
            Engine::SingleLayer(layers) => Cow::Owned(layers.unpack(&self.architecture)),
            Engine::Deep(network) => Cow::Borrowed(network.weights()),
        }
    }

    /// Returns the logits of a batch, one row of `classes` values per segment. `inputs` holds any number of
    /// segments (bands × frames, band-major) one after the other. A segment's logits do not depend on the
    /// other segments, nor on the number of threads.
    ///
    /// # Errors
    /// [`Error::Batch`] if `inputs` is not a whole number of segments.
    pub fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        parallel::inside(|| self.batches(inputs))
    }

    fn batches(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let size = segment_size(&self.architecture, inputs)?;
        let layers = match &self.engine {
            Engine::SingleLayer(layers) => layers,
            Engine::Deep(network) => {
                return Ok(network.run(&self.architecture, inputs, size)?.logits);
            }
        };
        let mut logits = Vec::with_capacity(inputs.len() / size * self.architecture.classes);
        thread_memory::lend(&ACTIVATIONS, |activations| {
            for batch in inputs.chunks(BATCH * size) {
                layers.forward(batch, size, Pass::Inference, activations);
                head::logits(&self.architecture, layers, activations, &mut logits);
            }
        });
        Ok(logits)
    }

    /// Returns the logits that follow from the inputs of the output layer, (segment, input), which
    /// [`embed`](Self::embed) returns as `units`.
    ///
    /// # Errors
    /// [`Error::Batch`] if `units` is not a whole number of rows.
    pub fn output(&self, units: &[f32]) -> Result<Vec<f32>, Error> {
        let (inputs, classes) = (self.architecture.last_inputs(), self.architecture.classes);
        if !units.len().is_multiple_of(inputs) {
            let reason = format!("{} values are not whole rows of {inputs}", units.len());
            return Err(Error::Batch(reason));
        }
        let weights = self.current_weights();
        let weight = weights.get("output.weight");
        let layer = DenseLayer { weight, bias: weights.get("output.bias") };
        let mut logits = vec![0.0; units.len() / inputs * classes];
        for (row, logits) in units.chunks_exact(inputs).zip(logits.chunks_exact_mut(classes)) {
            layer.forward(row, logits);
        }
        Ok(logits)
    }

    /// Returns the softmax of the [`logits`](Self::logits).
    ///
    /// # Errors
    /// As for [`logits`](Self::logits).
    pub fn probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let mut rows = self.logits(inputs)?;
        rows.chunks_exact_mut(self.architecture.classes).for_each(head::softmax);
        Ok(rows)
    }
}

/// Returns the number of values in a segment, after checking that `inputs` holds whole segments.
pub(crate) fn segment_size(architecture: &Architecture, inputs: &[f32]) -> Result<usize, Error> {
    let size = architecture.bands * architecture.frames;
    if !inputs.len().is_multiple_of(size) {
        return Err(Error::Batch(format!(
            "{} values are not a whole number of segments of {} bands × {} frames",
            inputs.len(),
            architecture.bands,
            architecture.frames
        )));
    }
    Ok(size)
}
