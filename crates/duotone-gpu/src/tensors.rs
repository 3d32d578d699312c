//! A network's weights on a device, each in its canonical order.

use duotone_nn::{Architecture, Tensor, Weights};
use wgpu::Buffer;

use crate::device::Device;
use crate::error::Error;

pub(crate) struct Tensors {
    entries: Vec<(String, Vec<usize>, Buffer)>,
}

impl Tensors {
    /// Uploads weights, which must fit the architecture.
    pub(crate) fn upload(
        device: &Device,
        architecture: &Architecture,
        weights: &Weights,
    ) -> Result<Self, Error> {
        weights.check(architecture)?;
        let entries = Weights::shapes(architecture)
            .into_iter()
            .map(|(name, shape)| {
                let buffer = device.buffer(&name, shape.iter().product());
                device.write(&buffer, weights.get(&name));
                (name, shape, buffer)
            })
            .collect();
        Ok(Self { entries })
    }

    /// Returns the weights and biases of pipeline `i`.
    pub(crate) fn pipeline(&self, i: usize) -> [&Buffer; 2] {
        [&self.entries[2 * i].2, &self.entries[2 * i + 1].2]
    }

    /// Returns the weights and biases of the dense layer, then those of the output layer.
    pub(crate) fn head(&self) -> [&Buffer; 4] {
        let first = self.entries.len() - 4;
        std::array::from_fn(|i| &self.entries[first + i].2)
    }

    /// Downloads the weights.
    pub(crate) fn download(&self, device: &Device) -> Result<Weights, Error> {
        let mut weights = Weights::default();
        for (name, shape, buffer) in &self.entries {
            let data = device.read(buffer, shape.iter().product())?;
            weights.0.insert(name.clone(), Tensor { shape: shape.clone(), data });
        }
        Ok(weights)
    }
}
