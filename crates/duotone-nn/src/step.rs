/// The settings of one training step.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// The learning rate of SGD.
    pub learning_rate: f32,
    /// The seed of the training run.
    pub seed: u64,
    /// The index of this step in the run, from 0, which selects the dropout masks.
    pub index: u64,
}

/// The outcome of a training step, before its update.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepOutcome {
    /// The mean cross-entropy of the batch in nats, with dropout. Not finite if training diverged.
    pub loss: f64,
    /// The number of segments whose label has the largest logit.
    pub correct: usize,
}
