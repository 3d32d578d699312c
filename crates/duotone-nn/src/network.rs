use std::cell::Cell;

use crate::architecture::Architecture;
use crate::error::Error;
use crate::kernel::Kernels;
use crate::layers::{Activations, Layers, Pass};
use crate::weights::Weights;
use crate::{head, parallel};

/// Segments that go through the network together: as many as keep its dense layer busy.
pub(crate) const BATCH: usize = 48;

thread_local! {
    /// A batch's activations are megabytes: they are kept from one call to the next.
    static ACTIVATIONS: Cell<Activations> = Cell::default();
}

/// A network ready to run.
#[derive(Clone, Debug)]
pub struct Network {
    pub(crate) architecture: Architecture,
    pub(crate) layers: Layers,
}

impl Network {
    /// Binds weights to their architecture.
    ///
    /// # Errors
    /// What [`Architecture::validate`] or [`Weights::check`] finds.
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, Error> {
        Self::with_kernels(architecture, weights, Kernels::default())
    }

    /// As [`new`](Self::new), with chosen kernels: to compare them.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub fn with_kernels(
        architecture: &Architecture,
        weights: &Weights,
        kernels: Kernels,
    ) -> Result<Self, Error> {
        architecture.validate()?;
        weights.check(architecture)?;
        let layers = Layers::pack(kernels, architecture, weights);
        Ok(Self { architecture: architecture.clone(), layers })
    }

    /// What this network looks like.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// A copy of the weights as they are now.
    #[must_use]
    pub fn weights(&self) -> Weights {
        self.layers.unpack(&self.architecture)
    }

    /// Logits of a batch: `inputs` holds any number of segments (bands × frames, band-major) one
    /// after the other; the result one row of `classes` values a segment. A segment's logits do
    /// not depend on the others in its batch, nor on the number of threads.
    ///
    /// # Errors
    /// [`Error::Batch`] when `inputs` is not a whole number of segments.
    pub fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        parallel::inside(|| self.batches(inputs))
    }

    fn batches(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let size = segment_size(&self.architecture, inputs)?;
        let mut logits = Vec::with_capacity(inputs.len() / size * self.architecture.classes);
        // Another call on this thread, while this one waits for its helpers, finds none to take.
        let mut activations = ACTIVATIONS.take();
        for batch in inputs.chunks(BATCH * size) {
            self.layers.forward(batch, size, Pass::Inference, &mut activations);
            head::logits(&self.architecture, &self.layers, &activations, &mut logits);
        }
        ACTIVATIONS.set(activations);
        Ok(logits)
    }

    /// Softmax of [`logits`](Self::logits).
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub fn probabilities(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        let mut rows = self.logits(inputs)?;
        rows.chunks_exact_mut(self.architecture.classes).for_each(head::softmax);
        Ok(rows)
    }
}

/// Numbers in a segment, where `inputs` holds a whole number of them.
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
