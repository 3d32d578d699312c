use std::path::Path;

use duotone_nn::{
    Architecture, Network, Optimizer, OptimizerState, Step, Tensor, Trainer, Weights,
};

use crate::{Outcome, Works, tensors};

/// Steps whose results are compared: enough for an error in one to show in the next.
const CHECKED_STEPS: u64 = 3;
/// The same for a network that is trained by AdamW: a deep one, in which rounding decides some maxima, and more of
/// them after each step.
const CHECKED_DEEP_STEPS: u64 = 1;
const SGD_RATE: f32 = 0.02;
const ADAMW: Optimizer = Optimizer::AdamW { weight_decay: 0.01 };
const ADAMW_RATE: f32 = 0.004;

/// A network with weights and a batch from a file.
pub(crate) struct Networks {
    architecture: Architecture,
    weights: Weights,
    network: Network,
    trainer: Trainer,
    optimizer: Optimizer,
    /// Concatenated segments.
    inputs: Vec<f32>,
    labels: Vec<u32>,
    steps: u64,
}

impl Networks {
    /// Reads a file with named weights, `inputs` and `labels`. Its metadata has the `architecture` as TOML and,
    /// unless it is SGD, the `optimizer`.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let mut file = tensors::read(path)?;
        let mut take = |name: &str| file.all.remove(name).ok_or(format!("{name} is missing"));
        let inputs = take("inputs")?.1;
        let labels = take("labels")?.1.iter().map(|&label| label as u32).collect();
        let toml = file.metadata.get("architecture").ok_or("the architecture is missing")?;
        let architecture = Architecture::from_toml(toml)?;
        let tensor = |(name, (shape, data))| (name, Tensor { shape, data });
        let weights = Weights(file.all.into_iter().map(tensor).collect());
        let network = Network::new(&architecture, &weights)?;
        let optimizer = match file.metadata.get("optimizer").map(String::as_str) {
            None => Optimizer::default(),
            Some("adamw") => ADAMW,
            Some(other) => return Err(format!("unknown optimizer: {other}").into()),
        };
        let trainer = Trainer::new(&architecture, &weights)?
            .with_optimizer(optimizer, OptimizerState::default())?;
        Ok(Self { architecture, weights, network, trainer, optimizer, inputs, labels, steps: 0 })
    }

    /// Returns the weights after a few steps without dropout, because other programs draw different random
    /// numbers.
    fn trained(&self, optimizer: Optimizer) -> Outcome<Weights> {
        let architecture = Architecture { dropout: 0.0, ..self.architecture.clone() };
        let mut trainer = Trainer::new(&architecture, &self.weights)?
            .with_optimizer(optimizer, OptimizerState::default())?;
        let steps = if self.optimizer == ADAMW { CHECKED_DEEP_STEPS } else { CHECKED_STEPS };
        for index in 0..steps {
            trainer.step(&self.inputs, &self.labels, step(optimizer, index))?;
        }
        Ok(trainer.weights())
    }
}

fn step(optimizer: Optimizer, index: u64) -> Step {
    let learning_rate = if optimizer == ADAMW { ADAMW_RATE } else { SGD_RATE };
    Step { learning_rate, seed: 0, index }
}

impl Works for Networks {
    /// Returns probabilities, and the weights after a few steps of SGD. A network that is trained by AdamW also
    /// returns the weights after AdamW's steps.
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>> {
        let mut results =
            vec![("probabilities".to_owned(), self.network.probabilities(&self.inputs)?)];
        let sgd = self.trained(Optimizer::default())?;
        results.extend(sgd.0.into_iter().map(|(name, tensor)| (name, tensor.data)));
        if self.optimizer == ADAMW {
            let adamw = self.trained(ADAMW)?;
            let named = |(name, tensor): (String, Tensor)| (format!("adamw/{name}"), tensor.data);
            results.extend(adamw.0.into_iter().map(named));
        }
        Ok(results)
    }

    fn run(&mut self, work: &str) -> Outcome {
        match work {
            "training" => {
                let step = step(self.optimizer, self.steps);
                self.steps += 1;
                self.trainer.step(&self.inputs, &self.labels, step)?;
            }
            "inference" => drop(self.network.probabilities(&self.inputs)?),
            "single" => {
                let size = self.architecture.bands * self.architecture.frames;
                self.network.probabilities(&self.inputs[..size])?;
            }
            _ => return Err(format!("unknown work for a network: {work}").into()),
        }
        Ok(())
    }
}
