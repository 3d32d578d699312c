use std::path::Path;

use duotone_nn::{Architecture, Network, Step, Tensor, Trainer, Weights};

use crate::{Outcome, Works, tensors};

/// Steps whose outcome is compared: enough that an error of one shows in the next.
const CHECKED_STEPS: u64 = 3;
const LEARNING_RATE: f32 = 0.02;

/// A network with the weights and the batch that a file gives.
pub(crate) struct Networks {
    architecture: Architecture,
    weights: Weights,
    network: Network,
    trainer: Trainer,
    /// Segments, one after the other.
    inputs: Vec<f32>,
    labels: Vec<u32>,
    steps: u64,
}

impl Networks {
    /// `FILE` holds the weights by their names, `inputs` and `labels`; its metadata the
    /// `architecture` as TOML.
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
    /// Probabilities, and the weights after a few steps without dropout, in which nobody draws
    /// the same numbers.
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
            _ => return Err(format!("a network cannot {work}").into()),
        }
        Ok(())
    }
}
