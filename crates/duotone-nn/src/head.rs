//! From the dense layer's sums to the logits and back. The products are small, so this is plain code.

use crate::architecture::Architecture;
use crate::layers::{Activations, Layers};
use crate::parallel;
use crate::random::Philox;
use crate::reference::{DROPOUT, dropout_threshold};
use crate::step::{Step, StepOutcome};

/// The results of the head's backward pass. Gradients are means over the batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadGradients {
    /// The gradients of the dense layer's sums, (sample, padded unit).
    pub(crate) by_sample: Vec<f32>,
    /// The same, (padded unit, sample).
    pub(crate) by_unit: Vec<f32>,
    /// The gradients of the logits, (sample, class).
    pub(crate) logits: Vec<f32>,
    /// The units after dropout, (sample, unit).
    pub(crate) dropped: Vec<f32>,
    /// For each sample, the loss in nats and whether the decision was right.
    outcomes: Vec<(f32, bool)>,
}

/// Appends the logits of a batch, without dropout.
pub(crate) fn logits(
    architecture: &Architecture,
    layers: &Layers,
    activations: &Activations,
    logits: &mut Vec<f32>,
) {
    let samples = activations.samples;
    let mut hidden = vec![0.0; architecture.hidden_units];
    for sample in 0..samples {
        for (unit, (h, bias)) in hidden.iter_mut().zip(&layers.dense.bias).enumerate() {
            *h = sigmoid(activations.sums[unit * samples + sample] + bias);
        }
        let from = logits.len();
        logits.resize(from + architecture.classes, 0.0);
        layers.output().forward(&hidden, &mut logits[from..]);
    }
}

/// Runs the forward pass with dropout, softmax and cross-entropy, and the backward pass to the dense layer's
/// sums.
pub(crate) fn backward(
    architecture: &Architecture,
    layers: &Layers,
    activations: &Activations,
    targets: &[f32],
    step: Step,
    out: &mut HeadGradients,
) -> StepOutcome {
    let (dense, classes) = (architecture.hidden_units, architecture.classes);
    let samples = targets.len() / classes;
    let units = layers.dense.units;
    out.by_sample.resize(samples * units, 0.0);
    // The padding moves with the number of samples, so everything is cleared.
    out.by_unit.clear();
    out.by_unit.resize(samples * units, 0.0);
    out.logits.resize(samples * classes, 0.0);
    out.dropped.resize(samples * dense, 0.0);
    out.outcomes.resize(samples, (0.0, false));
    let random = Philox::new(step.seed ^ DROPOUT, step.index);
    let threshold = dropout_threshold(architecture.dropout);
    let scale = 1.0 / (1.0 - architecture.dropout);
    let rows = Rows {
        by_sample: &mut out.by_sample,
        logits: &mut out.logits,
        dropped: &mut out.dropped,
        outcomes: &mut out.outcomes,
    };
    rows.each((units, classes, dense), |sample, row| {
        let mut words = Words::new(random, (sample * dense) as u64);
        for unit in 0..dense {
            let sum = activations.sums[unit * samples + sample] + layers.dense.bias[unit];
            let hidden = sigmoid(sum);
            let kept = if words.next() < threshold { 0.0 } else { scale };
            // The derivative of the dropped unit by its sum; multiplied by its gradient below.
            row.by_sample[unit] = hidden * (1.0 - hidden) * kept;
            row.dropped[unit] = hidden * kept;
        }
        layers.output().forward(row.dropped, row.logits);
        let target = &targets[sample * classes..][..classes];
        *row.outcome = cross_entropy(row.logits, target, samples);
        let mut back = vec![0.0; dense];
        layers.output().backward(row.logits, &mut back);
        row.by_sample.iter_mut().zip(back).for_each(|(d, back)| *d *= back);
    });
    for (sample, row) in out.by_sample.chunks_exact(units).enumerate() {
        for (unit, &d) in row.iter().enumerate() {
            out.by_unit[unit * samples + sample] = d;
        }
    }
    outcome(&out.outcomes)
}

/// Replaces the logits of one sample by the gradient of the mean loss over the batch. Returns the sample's loss
/// in nats, and whether the class with its largest logit is the one with its largest target.
pub(crate) fn cross_entropy(logits: &mut [f32], target: &[f32], samples: usize) -> (f32, bool) {
    let max = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let right = logits.iter().position(|&x| x == max) == largest(target);
    let sum: f64 = logits.iter().map(|&x| (f64::from(x) - f64::from(max)).exp()).sum();
    let mut loss = 0.0;
    for (&logit, &target) in logits.iter().zip(target) {
        if target > 0.0 {
            loss += f64::from(target) * (sum.ln() - (f64::from(logit) - f64::from(max)));
        }
    }
    softmax(logits);
    let total: f32 = target.iter().sum();
    for (d, target) in logits.iter_mut().zip(target) {
        *d = (*d * total - target) / samples as f32;
    }
    (loss as f32, right)
}

/// Returns the index of the largest value, the first of equal ones.
pub(crate) fn largest<T: Copy + Into<f64>>(values: &[T]) -> Option<usize> {
    let max = values.iter().map(|&x| x.into()).fold(f64::NEG_INFINITY, f64::max);
    values.iter().position(|&x| x.into() == max)
}

/// Sums up the results of [`cross_entropy`].
pub(crate) fn outcome(outcomes: &[(f32, bool)]) -> StepOutcome {
    StepOutcome {
        loss: outcomes.iter().map(|o| f64::from(o.0)).sum::<f64>() / outcomes.len() as f64,
        correct: outcomes.iter().filter(|o| o.1).count(),
    }
}

/// The buffers that [`backward`] fills sample by sample.
struct Rows<'a> {
    by_sample: &'a mut [f32],
    logits: &'a mut [f32],
    dropped: &'a mut [f32],
    outcomes: &'a mut [(f32, bool)],
}

/// The part of each buffer that belongs to one sample.
struct Row<'a> {
    by_sample: &'a mut [f32],
    logits: &'a mut [f32],
    dropped: &'a mut [f32],
    outcome: &'a mut (f32, bool),
}

impl Rows<'_> {
    fn each(
        self,
        (units, classes, dense): (usize, usize, usize),
        work: impl Fn(usize, &mut Row<'_>) + Sync,
    ) {
        let mut rows: Vec<Row<'_>> = self
            .by_sample
            .chunks_exact_mut(units)
            .zip(self.logits.chunks_exact_mut(classes))
            .zip(self.dropped.chunks_exact_mut(dense))
            .zip(self.outcomes)
            .map(|(((by_sample, logits), dropped), outcome)| Row {
                by_sample,
                logits,
                dropped,
                outcome,
            })
            .collect();
        parallel::pieces(&mut rows, 1, |sample, row| work(sample, &mut row[0]));
    }
}

/// Consecutive words of the generator, which come in blocks of four.
struct Words {
    random: Philox,
    next: u64,
    block: [u32; 4],
}

impl Words {
    fn new(random: Philox, first: u64) -> Self {
        Self { random, next: first, block: random.block(first / 4) }
    }

    fn next(&mut self) -> u32 {
        let word = self.block[(self.next % 4) as usize];
        self.next += 1;
        if self.next.is_multiple_of(4) {
            self.block = self.random.block(self.next / 4);
        }
        word
    }
}

pub(crate) fn sigmoid(x: f32) -> f32 {
    1.0 / (1.0 + (-x).exp())
}

/// Applies softmax in place.
pub(crate) fn softmax(row: &mut [f32]) {
    let max = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    row.iter_mut().for_each(|x| *x = (*x - max).exp());
    let sum: f32 = row.iter().sum();
    row.iter_mut().for_each(|x| *x /= sum);
}
