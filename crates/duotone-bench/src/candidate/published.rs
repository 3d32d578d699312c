use std::path::Path;

use duotone_nn::{Architecture, Network, Tensor, Weights};

use crate::{Outcome, Works, tensors};

/// A published network, which is not trained, and a batch from a file.
pub(crate) struct Published {
    network: Network,
    /// Concatenated segments.
    inputs: Vec<f32>,
}

impl Published {
    /// Reads a file with named weights and `inputs`. Its metadata has the `architecture` as TOML.
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let mut file = tensors::read(path)?;
        let inputs = file.all.remove("inputs").ok_or("inputs are missing")?.1;
        let toml = file.metadata.get("architecture").ok_or("the architecture is missing")?;
        let architecture = Architecture::from_toml(toml)?;
        let tensor = |(name, (shape, data))| (name, Tensor { shape, data });
        let weights = Weights(file.all.into_iter().map(tensor).collect());
        Ok(Self { network: Network::new(&architecture, &weights)?, inputs })
    }
}

impl Works for Published {
    /// Returns probabilities, and the inputs of the output layer.
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>> {
        let probabilities = self.network.probabilities(&self.inputs)?;
        let units = self.network.embed(&self.inputs)?.units;
        Ok(vec![("probabilities".to_owned(), probabilities), ("units".to_owned(), units)])
    }

    fn run(&mut self, work: &str) -> Outcome {
        match work {
            "inference" => drop(self.network.probabilities(&self.inputs)?),
            _ => return Err(format!("unknown work for a published network: {work}").into()),
        }
        Ok(())
    }
}
