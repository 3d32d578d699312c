//! The middle layers: convolutions over time, on maps of (frame, channel).

use crate::error::Error;
use crate::kernel::{Convolution, Geometry, Kernels, Work, stored};
use crate::musicnn::norm::Norm;
use crate::published::musicnn::{FRAMES, TAPS, UNITS};
use crate::weights::Weights;

/// A layer: convolution, bias, ReLU, batch normalisation.
#[derive(Clone, Debug)]
pub(super) struct Layer {
    convolution: Convolution,
    bias: Vec<f32>,
    norm: Norm,
}

impl Layer {
    /// Packs a layer with `channels` input channels.
    pub(super) fn new(
        kernels: Kernels,
        weights: &Weights,
        name: &str,
        channels: usize,
    ) -> Result<Self, Error> {
        let geometry = Geometry {
            input: (1, FRAMES),
            channels,
            stored_channels: stored(channels),
            output: (1, FRAMES),
            filters: UNITS,
            kernel: (1, TAPS),
            before: (0, TAPS / 2),
        };
        let mut convolution = Convolution::new(kernels, geometry, 1);
        convolution.pack(weights.get(&format!("{name}.weight")), |_| 1.0, false);
        let bias = weights.get(&format!("{name}.bias")).to_vec();
        Ok(Self { convolution, bias, norm: Norm::new(weights, name)? })
    }

    /// Runs the layer, without the residual connection.
    pub(super) fn run(&self, input: &[f32], output: &mut [f32], work: &mut Work) {
        self.convolution.forward(input, 0..1, output, work);
        let Norm { scale, shift } = &self.norm;
        for sums in output.chunks_exact_mut(UNITS) {
            for (i, x) in sums.iter_mut().enumerate() {
                let sum = *x + self.bias[i];
                // Not `max`, which returns 0 for NaN.
                let positive = if sum < 0.0 { 0.0 } else { sum };
                *x = positive * scale[i] + shift[i];
            }
        }
    }
}
