//! Compares the engine with the plain reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    dead_code,
    reason = "a test fails by panicking; not every test uses every function"
)]

use duotone_nn::random::Philox;
use duotone_nn::{
    Architecture, Kernels, Network, Optimizer, OptimizerState, Pipeline, Step, Trainer, Weights,
    reference,
};

/// Returns random numbers between −1 and 1.
pub(crate) fn noise(count: usize, seed: u64) -> Vec<f32> {
    let random = Philox::new(seed, 77);
    (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect()
}

/// Returns weights with biases that are not zero.
pub(crate) fn weights(architecture: &Architecture, seed: u64) -> Weights {
    let mut weights = Weights::glorot(architecture, seed).unwrap();
    for (stream, (name, tensor)) in weights.0.iter_mut().enumerate() {
        let noise = noise(tensor.data.len(), seed + stream as u64);
        if name.ends_with("bias") || name.ends_with("norm.mean") {
            tensor.data = noise.iter().map(|x| 0.1 * x).collect();
        }
        if name.ends_with("norm.weight") || name.ends_with("norm.variance") {
            // Some scales are negative: the smallest sum of a window is then kept.
            let negative = if name.ends_with("weight") { -1.0 } else { 1.0 };
            tensor.data =
                noise.iter().map(|x| if *x < -0.6 { negative } else { 1.1 + x }).collect();
        }
    }
    weights
}

pub(crate) fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

pub(crate) fn largest(values: &[f64]) -> f64 {
    values.iter().fold(1e-12, |m: f64, x| m.max(x.abs()))
}

/// Returns the largest difference relative to the largest expected value.
pub(crate) fn distance(got: &[f32], expected: &[f64]) -> f64 {
    relative_distance(got, expected, largest(expected))
}

pub(crate) fn relative_distance(got: &[f32], expected: &[f64], scale: f64) -> f64 {
    assert_eq!(got.len(), expected.len());
    let worst = got.iter().zip(expected).map(|(g, e)| (f64::from(*g) - e).abs());
    worst.fold(0.0, |m, d| if d.is_nan() { f64::NAN } else { m.max(d) }) / scale
}

/// Checks logits, loss and the gradient of every weight, on every instruction set.
pub(crate) fn check(architecture: &Architecture, samples: usize, seed: u64) {
    let a = architecture;
    let weights = weights(a, seed);
    let inputs = noise(samples * a.bands * a.frames, seed + 1);
    let labels: Vec<u32> = (0..samples as u32).map(|i| i * 7 % a.classes as u32).collect();
    let (w, x) = (reference::widen(&weights), wide(&inputs));
    let plain = reference::forward(a, &w, &x, None);
    let step = Step { learning_rate: 0.1, seed, index: 5 };
    let mask = reference::dropout_mask(a, samples, seed, step.index);
    let dropped = reference::forward(a, &w, &x, Some(&mask));
    let gradients = reference::backward(a, &w, &x, &labels, Some(&mask), &dropped);
    let steepest = gradients.values().map(|g| largest(g)).fold(0.0, f64::max);
    let loss = reference::loss(&dropped.logits, &labels, a.classes);
    for kernels in Kernels::available() {
        let context = format!("{} on {samples} × {a:?}", kernels.name());
        let network = Network::with_kernels(a, &weights, kernels).unwrap();
        assert_eq!(network.weights(), weights, "packing changes weights: {context}");
        let error = distance(&network.logits(&inputs).unwrap(), &plain.logits);
        assert!(error < 1e-5, "logits are off by {error}: {context}");

        let trainer = Trainer::with_kernels(a, &weights, kernels).unwrap();
        let (outcome, got) = trainer.gradients(&inputs, &labels, step).unwrap();
        assert!((outcome.loss - loss).abs() < 1e-5 * loss, "{} {loss}", outcome.loss);
        for (name, expected) in &gradients {
            if name.ends_with("norm.mean") || name.ends_with("norm.variance") {
                continue;
            }
            // What batch normalisation undoes has a gradient near 0, the difference of large numbers.
            let floor = if a.is_single_layer() { 0.0 } else { 0.01 * steepest };
            let error = relative_distance(got.get(name), expected, largest(expected).max(floor));
            assert!(error < 1e-5, "gradient of {name} is off by {error}: {context}");
        }
    }
}

/// (bands, frames)
pub(crate) type Size = (usize, usize);

pub(crate) fn architecture(
    input: Size,
    pipelines: &[(usize, Size, Size)],
    dense: usize,
    classes: usize,
) -> Architecture {
    Architecture {
        bands: input.0,
        frames: input.1,
        negative_slope: 0.3,
        hidden_units: dense,
        dropout: 0.2,
        classes,
        pipelines: pipelines
            .iter()
            .map(|&(filters, kernel, pool)| Pipeline::single(filters, kernel, pool))
            .collect(),
    }
}

/// Trains a few steps and returns the bits of all weights and logits.
pub(crate) fn bits(
    a: &Architecture,
    optimizer: Optimizer,
    threads: usize,
    kernels: Kernels,
) -> Vec<u32> {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| {
        let trainer = Trainer::with_kernels(a, &weights(a, 1), kernels).unwrap();
        let mut trainer = trainer.with_optimizer(optimizer, OptimizerState::default()).unwrap();
        for index in 0..3 {
            let inputs = noise(13 * a.bands * a.frames, index);
            let labels: Vec<u32> = (0..13).map(|i| (i + index as u32) % a.classes as u32).collect();
            trainer.step(&inputs, &labels, Step { learning_rate: 0.1, seed: 9, index }).unwrap();
        }
        let weights = trainer.weights();
        let logits = trainer.network().logits(&noise(50 * a.bands * a.frames, 99)).unwrap();
        weights.0.values().flat_map(|t| &t.data).chain(&logits).map(|x| x.to_bits()).collect()
    })
}

/// Compares the reference's gradients with central differences, in f64.
pub(crate) fn check_reference(a: &Architecture) {
    let (samples, seed) = (4, 21);
    let w = reference::widen(&weights(a, seed));
    let x = wide(&noise(samples * a.bands * a.frames, seed + 1));
    let labels = [0, 2, 1, 1];
    let mask = reference::dropout_mask(a, samples, seed, 3);
    assert!(mask.contains(&0.0) && mask.iter().any(|&m| m > 1.0));
    let at = reference::forward(a, &w, &x, Some(&mask));
    let gradients = reference::backward(a, &w, &x, &labels, Some(&mask), &at);
    let statistic = |name: &str| name.ends_with("norm.mean") || name.ends_with("norm.variance");
    for (name, gradient) in gradients.iter().filter(|(name, _)| !statistic(name)) {
        for (i, &slope) in gradient.iter().enumerate() {
            let loss = |shift: f64| {
                let mut moved = w.clone();
                moved.get_mut(name).unwrap()[i] += shift;
                let out = reference::forward(a, &moved, &x, Some(&mask));
                reference::loss(&out.logits, &labels, a.classes)
            };
            let difference = (loss(1e-6) - loss(-1e-6)) / 2e-6;
            assert!(
                (difference - slope).abs() < 1e-8 + 1e-6 * slope.abs(),
                "{name}[{i}]: {slope} by the chain rule, {difference} by differences"
            );
        }
    }
}
