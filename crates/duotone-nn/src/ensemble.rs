//! Joins several networks of one architecture into a single network.

use crate::architecture::Architecture;
use crate::error::Error;
use crate::weights::{Tensor, Weights};

impl Architecture {
    /// Returns the architecture of `networks` networks side by side: their pipelines are parallel, and so are
    /// their hidden units.
    #[must_use]
    pub fn side_by_side(&self, networks: usize) -> Self {
        let pipelines = self.pipelines.iter().cycle().take(networks * self.pipelines.len());
        Self {
            pipelines: pipelines.cloned().collect(),
            hidden_units: networks * self.hidden_units,
            ..self.clone()
        }
    }
}

impl Weights {
    /// Returns the weights of a network that consists of these [side by
    /// side](Architecture::side_by_side). Its logits are the mean of theirs, so its probabilities are the
    /// geometric mean of theirs, normalised. A hidden unit's weights for the features of other networks
    /// are 0.
    ///
    /// # Errors
    /// [`Error::Weights`] if there are no networks, or if the weights of one do not fit the architecture.
    pub fn side_by_side(architecture: &Architecture, networks: &[Self]) -> Result<Self, Error> {
        if networks.is_empty() {
            return Err(Error::Weights("no networks to join".into()));
        }
        let joined = architecture.side_by_side(networks.len());
        let mut weights = Self::default();
        for (i, network) in networks.iter().enumerate() {
            network.check(architecture)?;
            for p in 0..architecture.pipelines.len() {
                let (from, to) = (format!("pipeline{p}"), i * architecture.pipelines.len() + p);
                for (name, tensor) in &network.0 {
                    if let Some(rest) = name.strip_prefix(&from)
                        && rest.starts_with('.')
                    {
                        weights.0.insert(format!("pipeline{to}{rest}"), tensor.clone());
                    }
                }
            }
        }
        let share = 1.0 / networks.len() as f32;
        if architecture.hidden_units > 0 {
            let all: Vec<&[f32]> = networks.iter().map(|n| n.get("dense.weight")).collect();
            let data = block_diagonal(&all, architecture.features());
            let shape = vec![joined.hidden_units, joined.features()];
            weights.0.insert("dense.weight".into(), Tensor { shape, data });
            let data = networks.iter().flat_map(|n| n.get("dense.bias")).copied().collect();
            let shape = vec![joined.hidden_units];
            weights.0.insert("dense.bias".into(), Tensor { shape, data });
        }
        let inputs = architecture.last_inputs();
        let (mut weight, mut bias) = (Vec::new(), Vec::new());
        for class in 0..architecture.classes {
            for network in networks {
                let row = &network.get("output.weight")[class * inputs..][..inputs];
                weight.extend(row.iter().map(|w| share * w));
            }
            bias.push(networks.iter().map(|n| share * n.get("output.bias")[class]).sum());
        }
        let shape = vec![joined.classes, joined.last_inputs()];
        weights.0.insert("output.weight".into(), Tensor { shape, data: weight });
        weights.0.insert("output.bias".into(), Tensor { shape: vec![joined.classes], data: bias });
        weights.check(&joined)?;
        Ok(weights)
    }
}

/// Returns the block-diagonal matrix of `matrices`, each of which has `width` columns.
fn block_diagonal(matrices: &[&[f32]], width: usize) -> Vec<f32> {
    let mut rows = Vec::new();
    for (i, matrix) in matrices.iter().enumerate() {
        for row in matrix.chunks_exact(width.max(1)) {
            rows.resize(rows.len() + i * width, 0.0);
            rows.extend_from_slice(row);
            rows.resize(rows.len() + (matrices.len() - 1 - i) * width, 0.0);
        }
    }
    rows
}
