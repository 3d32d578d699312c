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
