//! Pooling over time, and the dense layers.

use crate::dense::DenseLayer;
use crate::error::Error;
use crate::musicnn::norm::Norm;
use crate::published::musicnn::FRAMES;
use crate::weights::Weights;

/// Writes the maximum and the mean over time of the first channels of a map of (frame, channel), interleaved.
/// A channel with NaN has NaN as its maximum.
pub(super) fn pool(map: &[f32], channels: usize, pooled: &mut [f32]) {
    let (mut max, mut sum) = (vec![f32::NEG_INFINITY; channels], vec![0.0; channels]);
    for frame in map.chunks_exact(channels) {
        for (i, &x) in frame.iter().enumerate() {
            max[i] = if x > max[i] || x.is_nan() { x } else { max[i] };
            sum[i] += x;
        }
    }
    for (i, pair) in pooled.chunks_exact_mut(2).enumerate() {
        pair.copy_from_slice(&[max[i], sum[i] / FRAMES as f32]);
    }
}

/// The dense layers.
#[derive(Clone, Debug)]
pub(super) struct Head {
    pooled_norm: Norm,
    penultimate: Dense,
    penultimate_norm: Norm,
    tags: Dense,
}

#[derive(Clone, Debug)]
struct Dense {
    weight: Vec<f32>,
    bias: Vec<f32>,
}

impl Dense {
    fn new(weights: &Weights, name: &str) -> Self {
        let get = |which: &str| weights.get(&format!("{name}.{which}")).to_vec();
        Self { weight: get("weight"), bias: get("bias") }
    }

    fn run(&self, input: &[f32], output: &mut [f32]) {
        DenseLayer { weight: &self.weight, bias: &self.bias }.forward(input, output);
    }
}

impl Head {
    pub(super) fn new(weights: &Weights) -> Result<Self, Error> {
        Ok(Self {
            pooled_norm: Norm::new(weights, "pooled")?,
            penultimate: Dense::new(weights, "penultimate"),
            penultimate_norm: Norm::new(weights, "penultimate")?,
            tags: Dense::new(weights, "tags"),
        })
    }

    /// Computes the last two layers from a segment's pooled values.
    pub(super) fn run(&self, pooled: &[f32], penultimate: &mut [f32], tags: &mut [f32]) {
        let mut normalised = pooled.to_vec();
        self.pooled_norm.apply(&mut normalised);
        self.penultimate.run(&normalised, penultimate);
        // Not `max`, which returns 0 for NaN.
        penultimate.iter_mut().for_each(|x| *x = if *x < 0.0 { 0.0 } else { *x });
        self.penultimate_norm.apply(penultimate);
        self.tags.run(penultimate, tags);
    }
}
