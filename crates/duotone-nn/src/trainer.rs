use crate::architecture::Architecture;
use crate::deep::DeepTrainer;
use crate::error::Error;
use crate::kernel::Kernels;
use crate::layers::Layers;
use crate::network::{Engine, Network, segment_size};
use crate::optimizer::{Optimizer, OptimizerState};
use crate::parallel;
use crate::single_layer::SingleLayerTrainer;
use crate::step::{Step, StepOutcome};
use crate::weights::Weights;

/// Trains a network on the mean cross-entropy of mini-batches, by plain SGD unless another optimizer is set.
#[derive(Clone, Debug)]
pub struct Trainer {
    kernels: Kernels,
    /// Of a deep network, the state when [`network`](Self::network) was last called.
    network: Network,
    gradients: Gradients,
    optimizer: Optimizer,
    state: OptimizerState,
}

/// The memory of a training step.
#[derive(Clone, Debug)]
enum Gradients {
    SingleLayer(Box<SingleLayerTrainer>),
    Deep {
        trainer: Box<DeepTrainer>,
        weights: Weights,
        /// Whether the weights have changed since the network was packed.
        changed: bool,
    },
}

impl Trainer {
    /// Starts from the given weights.
    ///
    /// # Errors
    /// As for [`Network::new`].
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, Error> {
        Self::with_kernels(architecture, weights, Kernels::default())
    }

    /// Like [`new`](Self::new), with the given kernels instead of the fastest ones.
    ///
    /// # Errors
    /// As for [`Network::new`]; [`Error::Architecture`] if the network contains a published one, whose output
    /// layer alone is trained (see [`fit_output`](crate::fit_output)).
    pub fn with_kernels(
        architecture: &Architecture,
        weights: &Weights,
        kernels: Kernels,
    ) -> Result<Self, Error> {
        if let Some((name, _)) = architecture.backbones().next() {
            return Err(Error::Architecture(format!(
                "{name} stays as it is: L-BFGS trains the output layer after it"
            )));
        }
        let network = Network::with_kernels(architecture, weights, kernels)?;
        let gradients = match architecture.is_single_layer() {
            true => {
                Gradients::SingleLayer(Box::new(SingleLayerTrainer::new(kernels, architecture)))
            }
            false => Gradients::Deep {
                trainer: Box::new(DeepTrainer::new(kernels, architecture)),
                weights: weights.clone(),
                changed: false,
            },
        };
        let (optimizer, state) = (Optimizer::default(), OptimizerState::default());
        Ok(Self { kernels, network, gradients, optimizer, state })
    }

    /// Sets the optimizer and its state, which is empty at the start of a run.
    ///
    /// # Errors
    /// [`Error::Weights`] if the state does not fit the network; [`Error::Architecture`] for L-BFGS, which has
    /// no steps (see [`fit_output`](crate::fit_output)).
    pub fn with_optimizer(
        mut self,
        optimizer: Optimizer,
        state: OptimizerState,
    ) -> Result<Self, Error> {
        if matches!(optimizer, Optimizer::Lbfgs { .. }) {
            return Err(Error::Architecture("L-BFGS does not train in steps".into()));
        }
        state.check(optimizer, self.network.architecture())?;
        (self.optimizer, self.state) = (optimizer, state);
        Ok(self)
    }

    /// Returns the state of the optimizer.
    #[must_use]
    pub fn optimizer_state(&self) -> &OptimizerState {
        &self.state
    }

    /// Returns the architecture.
    #[must_use]
    pub fn architecture(&self) -> &Architecture {
        self.network.architecture()
    }

    /// Returns a copy of the current weights.
    #[must_use]
    pub fn weights(&self) -> Weights {
        match &self.gradients {
            Gradients::SingleLayer(_) => self.network.weights(),
            Gradients::Deep { weights, .. } => weights.clone(),
        }
    }

    /// Returns the network in its current state.
    pub fn network(&mut self) -> &Network {
        if let Gradients::Deep { weights, changed, .. } = &mut self.gradients
            && std::mem::take(changed)
        {
            self.network.repack(self.kernels, weights.clone());
        }
        &self.network
    }

    /// Runs one step: forward with dropout, backward, update. The result has the same bits for any number of
    /// threads.
    ///
    /// # Errors
    /// [`Error::Batch`] if the sizes of `inputs` and `labels` do not match or a label is not a class.
    pub fn step(
        &mut self,
        inputs: &[f32],
        labels: &[u32],
        step: Step,
    ) -> Result<StepOutcome, Error> {
        let targets = one_hot(self.architecture(), labels)?;
        self.step_with_targets(inputs, &targets, step)
    }

    /// Like [`step`](Self::step), with a probability for each class instead of a label: `targets` is
    /// (segment, class). A segment whose targets sum to another number than 1 has that weight in the loss.
    ///
    /// # Errors
    /// [`Error::Batch`] if the sizes of `inputs` and `targets` do not match.
    pub fn step_with_targets(
        &mut self,
        inputs: &[f32],
        targets: &[f32],
        step: Step,
    ) -> Result<StepOutcome, Error> {
        check(self.network.architecture(), inputs, targets)?;
        parallel::inside(|| Ok(self.run(inputs, targets, step)))
    }

    /// Returns the outcome of [`step`](Self::step) and the gradient of every weight that is trained, without an
    /// update. The learning rate is not used. In place of the gradients of batch normalisation's running statistics are
    /// their new values.
    ///
    /// # Errors
    /// As for [`step`](Self::step).
    pub fn gradients(
        &self,
        inputs: &[f32],
        labels: &[u32],
        step: Step,
    ) -> Result<(StepOutcome, Weights), Error> {
        let targets = one_hot(self.architecture(), labels)?;
        check(self.network.architecture(), inputs, &targets)?;
        let mut copy = self.clone();
        Ok(parallel::inside(|| copy.compute_gradients(inputs, &targets, step)))
    }

    fn run(&mut self, inputs: &[f32], targets: &[f32], step: Step) -> StepOutcome {
        let Network { architecture, engine } = &mut self.network;
        if let (Gradients::SingleLayer(trainer), Engine::SingleLayer(layers)) =
            (&mut self.gradients, engine)
            && self.optimizer.is_plain_sgd()
        {
            let rates = (1.0, step.learning_rate);
            return trainer.run((architecture, layers), inputs, targets, step, rates);
        }
        let mut weights = self.weights();
        let (outcome, gradients) = self.compute_gradients(inputs, targets, step);
        self.optimizer.update(&mut self.state, &mut weights, &gradients, step);
        let Network { architecture, engine } = &mut self.network;
        match (&mut self.gradients, engine) {
            (Gradients::Deep { weights: current, changed, .. }, _) => {
                *current = weights;
                *changed = true;
            }
            (Gradients::SingleLayer(_), Engine::SingleLayer(layers)) => {
                *layers = Layers::pack(self.kernels, architecture, &weights);
            }
            (Gradients::SingleLayer(_), Engine::Deep(_)) => {}
        }
        outcome
    }

    fn compute_gradients(
        &mut self,
        inputs: &[f32],
        targets: &[f32],
        step: Step,
    ) -> (StepOutcome, Weights) {
        let Network { architecture, engine } = &mut self.network;
        match (&mut self.gradients, engine) {
            (Gradients::SingleLayer(trainer), Engine::SingleLayer(layers)) => {
                let mut copy = layers.clone();
                let rates = (0.0, -1.0);
                let outcome = trainer.run((architecture, &mut copy), inputs, targets, step, rates);
                (outcome, copy.unpack(architecture))
            }
            (Gradients::Deep { trainer, weights, .. }, _) => {
                trainer.gradients(architecture, weights, inputs, targets, step)
            }
            (Gradients::SingleLayer(_), Engine::Deep(_)) => {
                unreachable!("both are of the architecture's kind")
            }
        }
    }
}

/// Returns the targets of labels: 1 for the label, 0 for all others.
fn one_hot(architecture: &Architecture, labels: &[u32]) -> Result<Vec<f32>, Error> {
    let classes = architecture.classes;
    let mut targets = vec![0.0; labels.len() * classes];
    for (&label, target) in labels.iter().zip(targets.chunks_exact_mut(classes)) {
        let Some(target) = target.get_mut(label as usize) else {
            let message = format!("label {label}, but there are {classes} classes");
            return Err(Error::Batch(message));
        };
        *target = 1.0;
    }
    Ok(targets)
}

/// Checks that there is a target for every segment.
fn check(architecture: &Architecture, inputs: &[f32], targets: &[f32]) -> Result<(), Error> {
    let segments = inputs.len() / segment_size(architecture, inputs)?;
    if segments == 0 || targets.len() != segments * architecture.classes {
        let labels = targets.len() as f64 / architecture.classes as f64;
        return Err(Error::Batch(format!("{segments} segments for {labels} labels")));
    }
    Ok(())
}
