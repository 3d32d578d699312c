//! A plain implementation in f64 of everything the kernels compute. It is slow on purpose; the tests compare
//! the kernels with it.
//!
//! A batch is `n` segments one after the other, each bands × frames, band-major. Losses and
//! gradients are means over the batch.

use std::collections::BTreeMap;

mod block;
mod musicnn;

use crate::architecture::Architecture;
use crate::random::Philox;
use block::{BlockReference, Map, Trace, global_pool};
pub use musicnn::{MusicnnReference, musicnn};

/// Named weights or gradients in f64; names and shapes as in [`Weights`](crate::Weights).
pub type Tensors = BTreeMap<String, Vec<f64>>;

/// Returns the weights of a network in f64.
#[must_use]
pub fn widen(weights: &crate::weights::Weights) -> Tensors {
    let wide = |t: &crate::weights::Tensor| t.data.iter().map(|&x| f64::from(x)).collect();
    weights.0.iter().map(|(name, tensor)| (name.clone(), wide(tensor))).collect()
}

/// Returns the factors by which dropout multiplies the last layer's inputs: 0 for a dropped unit,
/// 1 / (1 − rate) for a kept one, so that inference needs no scaling.
///
/// Input `unit` of segment `sample` is kept if word `sample * units + unit` of the stream `step` is at least
/// `rate` · 2³².
#[must_use]
pub fn dropout_mask(architecture: &Architecture, samples: usize, seed: u64, step: u64) -> Vec<f32> {
    let random = Philox::new(seed ^ DROPOUT, step);
    let threshold = dropout_threshold(architecture.dropout);
    let scale = 1.0 / (1.0 - architecture.dropout);
    (0..(samples * architecture.last_inputs()) as u64)
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
    /// Per sample and value of the first blocks' pooled maps, the position in the convolution map that pooling
    /// kept.
    pub positions: Vec<usize>,
    /// Per sample, the hidden layer's units after the sigmoid, before dropout; the features if there is none.
    pub hidden: Vec<f64>,
    /// Per sample, one logit per class.
    pub logits: Vec<f64>,
    /// By pipeline and block.
    blocks: Vec<Vec<Trace>>,
}

/// Runs the forward pass. `mask` is that of [`dropout_mask`], or `None` for inference. With a mask, batch
/// normalisation uses the batch's statistics.
#[must_use]
pub fn forward(
    architecture: &Architecture,
    weights: &Tensors,
    inputs: &[f64],
    mask: Option<&[f32]>,
) -> Forward {
    let a = architecture;
    let segments: Vec<Map> = inputs.chunks(a.bands * a.frames).map(<[f64]>::to_vec).collect();
    let mut blocks = Vec::new();
    for (i, _) in a.pipelines.iter().enumerate() {
        let mut of_pipeline: Vec<Trace> = Vec::new();
        for block in blocks_of(a, weights, i) {
            let inputs = of_pipeline.last().map_or_else(|| segments.clone(), |t| t.outputs.clone());
            of_pipeline.push(block.forward(inputs, mask.is_some()));
        }
        blocks.push(of_pipeline);
    }
    let mut out =
        Forward { features: vec![], positions: vec![], hidden: vec![], logits: vec![], blocks };
    for n in 0..segments.len() {
        let first = out.features.len();
        for (pipeline, (features, _)) in a.pipelines.iter().zip(summaries(a, &out.blocks, n)) {
            debug_assert_eq!(features.len(), a.pipeline_features(pipeline));
            out.features.extend(features);
        }
        for traces in &out.blocks {
            out.positions.extend(traces[0].positions(n));
        }
        let features = &out.features[first..];
        let hidden: Vec<f64> = match a.hidden_units {
            0 => features.to_vec(),
            _ => {
                let sums = affine(&weights["dense.weight"], &weights["dense.bias"], features);
                sums.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()
            }
        };
        let dropped: Vec<f64> = hidden
            .iter()
            .enumerate()
            .map(|(u, h)| h * mask.map_or(1.0, |m| f64::from(m[n * a.last_inputs() + u])))
            .collect();
        out.logits.extend(affine(&weights["output.weight"], &weights["output.bias"], &dropped));
        out.hidden.extend(hidden);
    }
    out
}

fn blocks_of<'a>(a: &'a Architecture, weights: &'a Tensors, i: usize) -> Vec<BlockReference<'a>> {
    let pipeline = &a.pipelines[i];
    let shapes = a.map_shapes(pipeline);
    let blocks = pipeline.blocks.iter().zip(shapes).enumerate();
    blocks
        .map(|(j, (&block, shape))| BlockReference {
            a,
            block,
            shape,
            name: pipeline.block_name(i, j),
            weights,
        })
        .collect()
}

/// Returns, for each pipeline, a segment's features and what they are made of.
fn summaries<'a>(
    a: &'a Architecture,
    blocks: &'a [Vec<Trace>],
    n: usize,
) -> impl Iterator<Item = (Vec<f64>, Vec<Vec<(usize, f64)>>)> + 'a {
    a.pipelines.iter().zip(blocks).map(move |(pipeline, traces)| {
        let last = pipeline.blocks.len() - 1;
        let size = a.map_shapes(pipeline)[last].pooled;
        global_pool(pipeline, pipeline.blocks[last].filters, size, &traces[last].outputs[n])
    })
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
        // Negation would turn the loss of a probability of 1 into −0.
        .map(|(&label, row)| 0.0 - row[label as usize].ln())
        .sum();
    total / labels.len() as f64
}

/// Returns the gradient of [`loss`] with respect to every weight, by the chain rule; zeros for running
/// statistics.
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
    debug_assert_eq!(inputs.len(), labels.len() * a.bands * a.frames);
    let mut grads: Tensors =
        weights.iter().map(|(name, w)| (name.clone(), vec![0.0; w.len()])).collect();
    let mut add = |name: &str, index: usize, value: f64| {
        if let Some(grad) = grads.get_mut(name) {
            grad[index] += value;
        }
    };
    let (count, last) = (a.features(), a.last_inputs());
    let probabilities = softmax(&forward.logits, a.classes);
    // By pipeline and sample.
    let mut by_map: Vec<Vec<Map>> = vec![Vec::new(); a.pipelines.len()];
    for (n, &label) in labels.iter().enumerate() {
        let features = &forward.features[n * count..][..count];
        let hidden = &forward.hidden[n * last..][..last];
        let mut d_hidden = vec![0.0; last];
        for class in 0..a.classes {
            let target = if class == label as usize { 1.0 } else { 0.0 };
            let d = (probabilities[n * a.classes + class] - target) / labels.len() as f64;
            add("output.bias", class, d);
            for u in 0..last {
                let keep = mask.map_or(1.0, |m| f64::from(m[n * last + u]));
                add("output.weight", class * last + u, d * hidden[u] * keep);
                d_hidden[u] += d * weights["output.weight"][class * last + u] * keep;
            }
        }
        let mut d_features = vec![0.0; count];
        match a.hidden_units {
            0 => d_features = d_hidden,
            units => {
                for u in 0..units {
                    let d = d_hidden[u] * hidden[u] * (1.0 - hidden[u]);
                    add("dense.bias", u, d);
                    for k in 0..count {
                        add("dense.weight", u * count + k, d * features[k]);
                        d_features[k] += d * weights["dense.weight"][u * count + k];
                    }
                }
            }
        }
        let mut d_features = d_features.into_iter();
        for (i, (_, parts)) in summaries(a, &forward.blocks, n).enumerate() {
            let mut by_value =
                vec![0.0; forward.blocks[i].last().map_or(0, |t| t.outputs[n].len())];
            for feature in parts {
                let d = d_features.next().unwrap_or(0.0);
                for (at, share) in feature {
                    by_value[at] += d * share;
                }
            }
            by_map[i].push(by_value);
        }
    }
    for (i, mut gradients) in by_map.into_iter().enumerate() {
        for (block, trace) in blocks_of(a, weights, i).iter().zip(&forward.blocks[i]).rev() {
            gradients = block.backward(trace, &gradients, &mut add);
        }
    }
    grads
}
