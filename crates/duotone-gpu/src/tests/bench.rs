//! A training step on a device with poisoned buffers.

use std::sync::OnceLock;

use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Pipeline, Weights};
use wgpu::Buffer;

use crate::device::Device;
use crate::error::Error;
use crate::segments::Segments;
use crate::trainer::{Epoch, EpochOutcome, Scaling, Trainer};

/// A NaN that arithmetic does not produce.
const POISON: u32 = 0x7fc5_a5a5;

/// The first device, opened once for all tests.
pub(super) fn device() -> Option<&'static Device> {
    static DEVICE: OnceLock<Option<Device>> = OnceLock::new();
    let device = DEVICE.get_or_init(|| match Device::open(0) {
        Ok(device) => Some(device),
        Err(Error::NoDevice(reason)) => {
            eprintln!("skipped: {reason}; install mesa-vulkan-drivers for a software device");
            None
        }
        Err(e) => panic!("{e}"),
    });
    device.as_ref()
}

/// (bands, frames)
pub(super) type Size = (usize, usize);

/// Builds an architecture. Each pipeline is (filters, kernel, pool).
pub(super) fn architecture(
    input: Size,
    pipelines: &[(usize, Size, Size)],
    hidden_units: usize,
    classes: usize,
) -> Architecture {
    Architecture {
        bands: input.0,
        frames: input.1,
        negative_slope: 0.3,
        hidden_units,
        dropout: 0.2,
        classes,
        pipelines: pipelines
            .iter()
            .map(|&(filters, kernel, pool)| Pipeline::single(filters, kernel, pool))
            .collect(),
    }
}

/// Numbers between −1 and 1.
pub(super) fn noise(count: usize, seed: u64) -> Vec<f32> {
    let random = Philox::new(seed, 77);
    (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect()
}

/// Weights with biases that are not zero.
pub(super) fn weights(architecture: &Architecture, seed: u64) -> Weights {
    let mut weights = Weights::glorot(architecture, seed).unwrap();
    for (stream, (name, tensor)) in weights.0.iter_mut().enumerate() {
        if name.ends_with("bias") {
            tensor.data = noise(tensor.data.len(), seed + stream as u64);
            tensor.data.iter_mut().for_each(|b| *b *= 0.1);
        }
    }
    weights
}

/// Returns the largest difference relative to the largest expected value; NaN if there is one.
pub(super) fn distance(got: &[f32], expected: &[f64]) -> f64 {
    assert_eq!(got.len(), expected.len());
    let scale = expected.iter().fold(1e-12, |m: f64, x| m.max(x.abs()));
    let worst = got.iter().zip(expected).map(|(g, e)| (f64::from(*g) - e).abs());
    worst.fold(0.0, |m: f64, d| if d.is_nan() || m.is_nan() { f64::NAN } else { m.max(d) }) / scale
}

/// A trainer whose update replaces weights by their gradients, and a batch that may be smaller than
/// its capacity.
pub(super) struct Bench {
    pub(super) architecture: Architecture,
    pub(super) weights: Weights,
    pub(super) inputs: Vec<f32>,
    pub(super) labels: Vec<u32>,
    pub(super) trainer: Trainer,
}

pub(super) const SEED: u64 = 0x1234_5678_9abc_def0;
pub(super) const STEP: u64 = 0x0001_0000_0005;

impl Bench {
    /// Creates a trainer with capacity for `room` segments.
    pub(super) fn new(device: &Device, a: &Architecture, samples: usize, room: usize) -> Self {
        let weights = weights(a, samples as u64);
        let scaling = Scaling { mean: &[], deviation: &[] };
        let mut trainer = Trainer::new(device, a, &weights, scaling, room).unwrap();
        trainer.update = (0.0, -1.0);
        Self {
            inputs: noise(samples * a.bands * a.frames, 1),
            labels: (0..samples as u32).map(|i| i * 7 % a.classes as u32).collect(),
            architecture: a.clone(),
            weights,
            trainer,
        }
    }

    /// Poisons every buffer that a shader writes, then takes one step.
    pub(super) fn step(&mut self) -> EpochOutcome {
        let size = self.architecture.bands * self.architecture.frames;
        let inputs = &self.inputs;
        let copy =
            |i: usize, out: &mut [f32]| out.copy_from_slice(&inputs[i * size..(i + 1) * size]);
        let order: Vec<usize> = (0..self.labels.len()).collect();
        let epoch = Epoch {
            order: &order,
            labels: &self.labels,
            learning_rate: 1.0,
            seed: SEED,
            first_step: STEP,
        };
        for (_, buffer, _) in buffers(&self.trainer) {
            poison(&self.trainer.network.forward.device, buffer);
        }
        self.trainer.epoch(&Segments::Streamed(&copy), epoch, &mut |_| true).unwrap()
    }

    /// Returns the samples' part of a buffer after [`step`](Self::step). Checks that all of it has
    /// been written, and nothing after it.
    #[track_caller]
    pub(super) fn written(&self, name: &str) -> Vec<f32> {
        let all = buffers(&self.trainer);
        let &(_, buffer, each) = all.iter().find(|(known, ..)| *known == name).unwrap();
        let all = self.read(buffer);
        let (written, rest) = all.split_at(each * self.labels.len());
        let poisoned = |x: &&f32| x.to_bits() == POISON;
        assert_eq!(written.iter().filter(poisoned).count(), 0, "{name} is not completely written");
        assert_eq!(rest.iter().filter(poisoned).count(), rest.len(), "{name} is overrun");
        written.to_vec()
    }

    pub(super) fn read(&self, buffer: &Buffer) -> Vec<f32> {
        self.trainer.network.forward.device.read(buffer, (buffer.size() / 4) as usize).unwrap()
    }
}

fn poison(device: &Device, buffer: &Buffer) {
    device.write(buffer, &vec![POISON; (buffer.size() / 4) as usize]);
}

/// Returns every buffer, and how many values it has per sample.
fn buffers(trainer: &Trainer) -> Vec<(&'static str, &Buffer, usize)> {
    let (forward, backward) = (&trainer.network.forward, &trainer.backward);
    let plan = &forward.plan;
    let mut buffers = vec![
        ("inputs", &forward.inputs, plan.size()),
        ("features", &forward.features, plan.features),
        ("positions", &forward.positions, plan.features),
        ("logits", &forward.logits, plan.architecture.classes),
        ("gradients", &backward.gradients, plan.features),
        // Samples are not the first dimension of these, so only the shaders that read them are
        // checked.
        ("parts", &forward.parts, 0),
        ("units", &forward.units, 0),
    ];
    buffers.extend(backward.filter_parts.iter().map(|b| ("filter parts", b, 0)));
    buffers
}
