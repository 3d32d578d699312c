use std::path::Path;

use duotone_nn::{Architecture, Network, Step, Tensor, Trainer, Weights};

use crate::{Outcome, Works, tensors};

/// Steps whose results are compared: enough for an error in one to show in the next.
const CHECKED_STEPS: u64 = 3;
const LEARNING_RATE: f32 = 0.02;

/// A network with weights and a batch from a file.
pub(crate) struct Networks {
    architecture: Architecture,
    weights: Weights,
    network: Network,
    trainer: Trainer,
    /// Concatenated segments.
    inputs: Vec<f32>,
    labels: Vec<u32>,
    steps: u64,
}

impl Networks {
    /// Reads a file with named weights, `inputs` and `labels`, and the `architecture` as TOML in
    /// its metadata.
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
        let trainer = Trainer::new(&architecture, &weights)?;
        Ok(Self { architecture, weights, network, trainer, inputs, labels, steps: 0 })
    }
}

impl Works for Networks {
    /// Returns probabilities, and the weights after a few steps. Dropout is off, because other
    /// programs draw different random numbers.
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>> {
        let mut results =
            vec![("probabilities".to_owned(), self.network.probabilities(&self.inputs)?)];
        let architecture = Architecture { dropout: 0.0, ..self.architecture.clone() };
        let mut trainer = Trainer::new(&architecture, &self.weights)?;
        for index in 0..CHECKED_STEPS {
            let step = Step { learning_rate: LEARNING_RATE, seed: 0, index };
            trainer.step(&self.inputs, &self.labels, step)?;
        }
        let trained = trainer.network().weights().0.into_iter();
        results.extend(trained.map(|(name, tensor)| (name, tensor.data)));
        Ok(results)
    }

    fn run(&mut self, work: &str) -> Outcome {
        match work {
            "training" => {
                let step = Step { learning_rate: LEARNING_RATE, seed: 0, index: self.steps };
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
