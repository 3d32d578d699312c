//! A plain implementation in f64 of everything the kernels compute. It is slow on purpose; the tests compare
//! the kernels with it.
//!
//! A batch is `n` segments one after the other, each bands × frames, band-major. Losses and
//! gradients are means over the batch.

use std::collections::BTreeMap;

use crate::architecture::Architecture;
use crate::random::Philox;

/// Named weights or gradients in f64; names and shapes as in [`Weights`](crate::Weights).
pub type Tensors = BTreeMap<String, Vec<f64>>;

/// Returns the weights of a network in f64.
#[must_use]
pub fn widen(weights: &crate::weights::Weights) -> Tensors {
    let wide = |t: &crate::weights::Tensor| t.data.iter().map(|&x| f64::from(x)).collect();
    weights.0.iter().map(|(name, tensor)| (name.clone(), wide(tensor))).collect()
}

/// Returns the factors by which dropout multiplies the dense layer's units: 0 for a dropped unit,
/// 1 / (1 − rate) for a kept one, so that inference needs no scaling.
///
/// Unit `unit` of segment `sample` is kept if word `sample * units + unit` of the stream `step` is at least
/// `rate` · 2³².
#[must_use]
pub fn dropout_mask(architecture: &Architecture, samples: usize, seed: u64, step: u64) -> Vec<f32> {
    let random = Philox::new(seed ^ DROPOUT, step);
    let threshold = dropout_threshold(architecture.dropout);
    let scale = 1.0 / (1.0 - architecture.dropout);
    (0..(samples * architecture.hidden_units) as u64)
        .map(|i| if random.word(i) < threshold { 0.0 } else { scale })
        .collect()
}

/// Separates the dropout stream from the other uses of a run's seed.
pub const DROPOUT: u64 = 0x6472_6f70_6f75_7400;

/// Returns the threshold below which a random word drops a unit.
#[must_use]
pub fn dropout_threshold(rate: f32) -> u32 {
    (f64::from(rate) * 4_294_967_296.0) as u32
}

/// The values of a forward pass that the backward pass or a test needs.
#[derive(Clone, Debug)]
pub struct Forward {
    /// Per sample, the concatenated pooled and activated maps.
    pub features: Vec<f64>,
    /// Per sample and feature, the position in the pipeline's convolution map that pooling kept.
    pub positions: Vec<usize>,
    /// Per sample, the dense layer's units after the sigmoid, before dropout.
    pub hidden: Vec<f64>,
    /// Per sample, one logit per class.
    pub logits: Vec<f64>,
}

/// Runs the forward pass. `mask` is that of [`dropout_mask`], or `None` for inference.
#[must_use]
pub fn forward(
    architecture: &Architecture,
    weights: &Tensors,
    inputs: &[f64],
    mask: Option<&[f32]>,
) -> Forward {
    let a = architecture;
    let size = a.bands * a.frames;
    let mut out = Forward { features: vec![], positions: vec![], hidden: vec![], logits: vec![] };
    for (n, input) in inputs.chunks(size).enumerate() {
        let first = out.features.len();
        for (i, p) in a.pipelines.iter().enumerate() {
            let weight = &weights[&format!("pipeline{i}.weight")];
            let bias = &weights[&format!("pipeline{i}.bias")];
            let shape = a.map_shape(p);
            for filter in 0..p.filters {
                let kernel = &weight[filter * p.kernel.0 * p.kernel.1..];
                let map = convolve(a, p.kernel, kernel, input);
                for row in 0..shape.pooled.0 {
                    for column in 0..shape.pooled.1 {
                        let (value, position) =
                            pool(&map, shape.convolved.1, p.pool, (row, column));
                        let value = value + bias[filter];
                        let slope = if value > 0.0 { 1.0 } else { f64::from(a.negative_slope) };
                        out.features.push(value * slope);
                        out.positions.push(position);
                    }
                }
            }
        }
        let features = &out.features[first..];
        let sums = affine(&weights["dense.weight"], &weights["dense.bias"], features);
        let hidden: Vec<f64> = sums.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
        let dropped: Vec<f64> = hidden
            .iter()
            .enumerate()
            .map(|(u, h)| h * mask.map_or(1.0, |m| f64::from(m[n * a.hidden_units + u])))
            .collect();
        out.logits.extend(affine(&weights["output.weight"], &weights["output.bias"], &dropped));
        out.hidden.extend(hidden);
    }
    out
}

/// Returns the valid correlation of one input with one kernel, row by row.
fn convolve(a: &Architecture, size: (usize, usize), kernel: &[f64], input: &[f64]) -> Vec<f64> {
    let mut map = Vec::new();
    for row in 0..=a.bands - size.0 {
        for column in 0..=a.frames - size.1 {
            let mut sum = 0.0;
            for i in 0..size.0 {
                for j in 0..size.1 {
                    sum += input[(row + i) * a.frames + column + j] * kernel[i * size.1 + j];
                }
            }
            map.push(sum);
        }
    }
    map
}

/// Returns the maximum of a pooling window and its position in the map: the first of equal values, or the
/// last NaN if there is one.
fn pool(
    map: &[f64],
    width: usize,
    pool: (usize, usize),
    (row, column): (usize, usize),
) -> (f64, usize) {
    let mut best = (f64::NEG_INFINITY, row * pool.0 * width + column * pool.1);
    for i in 0..pool.0 {
        for j in 0..pool.1 {
            let position = (row * pool.0 + i) * width + column * pool.1 + j;
            if map[position] > best.0 || map[position].is_nan() {
                best = (map[position], position);
            }
        }
    }
    best
}

fn affine(weight: &[f64], bias: &[f64], input: &[f64]) -> Vec<f64> {
    let dot = |row: &[f64]| row.iter().zip(input).map(|(w, x)| w * x).sum::<f64>();
    bias.iter().zip(weight.chunks(input.len())).map(|(b, row)| b + dot(row)).collect()
}

/// Returns the softmax of each sample's logits.
#[must_use]
pub fn softmax(logits: &[f64], classes: usize) -> Vec<f64> {
    let mut out = Vec::new();
    for row in logits.chunks(classes) {
        let max = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let exps: Vec<f64> = row.iter().map(|x| (x - max).exp()).collect();
        let sum: f64 = exps.iter().sum();
        out.extend(exps.iter().map(|e| e / sum));
    }
    out
}

/// Returns the mean cross-entropy of the logits and the labels, in nats.
#[must_use]
pub fn loss(logits: &[f64], labels: &[u32], classes: usize) -> f64 {
    let probabilities = softmax(logits, classes);
    let total: f64 = labels
        .iter()
        .zip(probabilities.chunks(classes))
        .map(|(&label, row)| -row[label as usize].ln())
        .sum();
    total / labels.len() as f64
}

/// Returns the gradient of [`loss`] with respect to every weight, by the chain rule.
#[must_use]
pub fn backward(
    architecture: &Architecture,
    weights: &Tensors,
    inputs: &[f64],
    labels: &[u32],
    mask: Option<&[f32]>,
    forward: &Forward,
) -> Tensors {
    let a = architecture;
    let mut grads: Tensors =
        weights.iter().map(|(name, w)| (name.clone(), vec![0.0; w.len()])).collect();
    let mut add = |name: &str, index: usize, value: f64| {
        if let Some(grad) = grads.get_mut(name) {
            grad[index] += value;
        }
    };
    let count = a.features();
    let probabilities = softmax(&forward.logits, a.classes);
    for (n, &label) in labels.iter().enumerate() {
        let features = &forward.features[n * count..][..count];
        let hidden = &forward.hidden[n * a.hidden_units..][..a.hidden_units];
        let mut d_features = vec![0.0; count];
        let mut d_hidden = vec![0.0; a.hidden_units];
        for class in 0..a.classes {
            let target = if class == label as usize { 1.0 } else { 0.0 };
            let d = (probabilities[n * a.classes + class] - target) / labels.len() as f64;
            add("output.bias", class, d);
            for u in 0..a.hidden_units {
                let keep = mask.map_or(1.0, |m| f64::from(m[n * a.hidden_units + u]));
                add("output.weight", class * a.hidden_units + u, d * hidden[u] * keep);
                d_hidden[u] += d * weights["output.weight"][class * a.hidden_units + u] * keep;
            }
        }
        for u in 0..a.hidden_units {
            let d = d_hidden[u] * hidden[u] * (1.0 - hidden[u]);
            add("dense.bias", u, d);
            for k in 0..count {
                add("dense.weight", u * count + k, d * features[k]);
                d_features[k] += d * weights["dense.weight"][u * count + k];
            }
        }
        let input = &inputs[n * a.bands * a.frames..];
        let mut k = 0;
        for (i, p) in a.pipelines.iter().enumerate() {
            let shape = a.map_shape(p);
            let (weight, bias) = (format!("pipeline{i}.weight"), format!("pipeline{i}.bias"));
            for filter in 0..p.filters {
                for _ in 0..shape.pooled.0 * shape.pooled.1 {
                    let slope = if features[k] > 0.0 { 1.0 } else { f64::from(a.negative_slope) };
                    let d = d_features[k] * slope;
                    let position = forward.positions[n * count + k];
                    let (row, column) =
                        (position / shape.convolved.1, position % shape.convolved.1);
                    add(&bias, filter, d);
                    for y in 0..p.kernel.0 {
                        for x in 0..p.kernel.1 {
                            let tap = (filter * p.kernel.0 + y) * p.kernel.1 + x;
                            add(&weight, tap, d * input[(row + y) * a.frames + column + x]);
                        }
                    }
                    k += 1;
                }
            }
        }
    }
    grads
}
