//! The head's part of a training step.

use crate::architecture::Architecture;
use crate::deep::state::SegmentState;
use crate::dense::{DenseLayer, weight_gradient};
use crate::head::{cross_entropy, outcome, sigmoid};
use crate::step::{Step, StepOutcome};
use crate::weights::{Tensor, Weights};

/// Runs the head forward and backward, and stores the gradients of its weights and of the features.
pub(super) fn backward(
    a: &Architecture,
    weights: &Weights,
    segments: &mut [SegmentState],
    targets: &[f32],
    step: Step,
    gradients: &mut Weights,
) -> StepOutcome {
    let samples = segments.len();
    let layer = |name: &str| DenseLayer {
        weight: weights.get(&format!("{name}.weight")),
        bias: weights.get(&format!("{name}.bias")),
    };
    let (features, hidden_units, classes) = (a.features(), a.hidden_units, a.classes);
    let last_inputs = a.last_inputs();
    let mut outcomes = Vec::with_capacity(samples);
    // (sample, value): the last layer's inputs after dropout, the gradients of the logits and of the hidden
    // layer's sums.
    let mut dropped = vec![0.0; samples * last_inputs];
    let mut by_logit = vec![0.0; samples * classes];
    let mut by_hidden = vec![0.0; samples * hidden_units];
    let mask = crate::reference::dropout_mask(a, samples, step.seed, step.index);
    let mut back = vec![0.0; last_inputs];
    for (sample, segment) in segments.iter_mut().enumerate() {
        let mask = &mask[sample * last_inputs..][..last_inputs];
        let dropped = &mut dropped[sample * last_inputs..][..last_inputs];
        let hidden = &mut by_hidden[sample * hidden_units..][..hidden_units];
        match hidden_units {
            0 => dropped.copy_from_slice(&segment.features),
            _ => {
                layer("dense").forward(&segment.features, dropped);
                dropped.iter_mut().for_each(|x| *x = sigmoid(*x));
                hidden.iter_mut().zip(&*dropped).for_each(|(d, h)| *d = h * (1.0 - h));
            }
        }
        dropped.iter_mut().zip(mask).for_each(|(x, keep)| *x *= keep);
        let logits = &mut by_logit[sample * classes..][..classes];
        layer("output").forward(dropped, logits);
        outcomes.push(cross_entropy(logits, &targets[sample * classes..][..classes], samples));
        layer("output").backward(logits, &mut back);
        back.iter_mut().zip(mask).for_each(|(d, keep)| *d *= keep);
        match hidden_units {
            0 => segment.feature_gradient.copy_from_slice(&back),
            _ => {
                hidden.iter_mut().zip(&back).for_each(|(d, back)| *d *= back);
                layer("dense").backward(hidden, &mut segment.feature_gradient);
            }
        }
    }
    let mut set = |name: &str, (weight, bias): (Vec<f32>, Vec<f32>), shape: Vec<usize>| {
        let outputs = vec![shape[0]];
        gradients.0.insert(format!("{name}.weight"), Tensor { shape, data: weight });
        gradients.0.insert(format!("{name}.bias"), Tensor { shape: outputs, data: bias });
    };
    let output = weight_gradient(&dropped, &by_logit, (last_inputs, classes));
    set("output", output, vec![classes, last_inputs]);
    if hidden_units > 0 {
        let all: Vec<f32> = segments.iter().flat_map(|s| s.features.iter().copied()).collect();
        let dense = weight_gradient(&all, &by_hidden, (features, hidden_units));
        set("dense", dense, vec![hidden_units, features]);
    }
    outcome(&outcomes)
}
