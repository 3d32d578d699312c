//! Measures how fast a device trains and runs the paper's networks.

use std::time::{Duration, Instant};

use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Weights};

use crate::device::Device;
use crate::error::Error;
use crate::network::Network;
use crate::plan::{Plan, training_step};
use crate::segments::{Place, Segments, Spectrograms};
use crate::trainer::{Epoch, Scaling, Trainer};

/// One network's measurements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Measured {
    /// Segments trained on per second.
    pub training: f64,
    /// Operations per second in training, as counted by [`training_step`].
    pub operations: f64,
    /// Bytes per second in training, as counted by [`training_step`].
    pub bytes: f64,
    /// Segments classified per second, including transfers to the device and back.
    pub inference: f64,
}

const BATCH: usize = 40;
const CLASSES: usize = 10;
/// Frames of the clip from which all segments are cut: 30 seconds at 22.05 kHz.
const FRAMES: usize = 860;

/// Measures training and inference of one of the paper's networks, given its preset's name, for
/// about `time` each, on noise.
///
/// # Errors
/// As [`Trainer::new`] and [`Trainer::epoch`].
pub fn benchmark(device: &Device, network: &str, time: Duration) -> Result<Measured, Error> {
    let architecture = Architecture::preset(network, CLASSES)
        .ok_or_else(|| duotone_nn::Error::Architecture(format!("there is no {network}")))?;
    let weights = Weights::glorot(&architecture, 0)?;
    let (bands, frames) = (architecture.bands, architecture.frames);
    let random = Philox::new(0, 0);
    let noise: Vec<f32> = (0..(bands * FRAMES) as u64).map(|i| random.uniform(i)).collect();
    let spectrograms = Spectrograms::upload(device, bands, &[&noise])?
        .ok_or_else(|| Error::Limit("not enough memory for one spectrogram".into()))?;
    let scaling = Scaling { mean: &[0.5], deviation: &[0.3] };
    let mut trainer = Trainer::new(device, &architecture, &weights, scaling, BATCH)?;
    let training = rate(time, |steps| {
        let order: Vec<usize> = (0..steps * BATCH).collect();
        let place = |i: &usize| Place { clip: 0, start: i % (FRAMES - frames) };
        let places: Vec<Place> = order.iter().map(place).collect();
        let labels: Vec<u32> = order.iter().map(|i| (i % CLASSES) as u32).collect();
        let segments = Segments::Resident { spectrograms: &spectrograms, places: &places };
        let (order, labels) = (&order[..], &labels[..]);
        let epoch = Epoch { order, labels, learning_rate: 0.02, seed: 0, first_step: 0 };
        trainer.epoch(&segments, epoch, &mut |_| true).map(drop)
    })?;
    let net = Network::new(device, &architecture, &weights, BATCH)?;
    let inputs: Vec<f32> = noise.iter().copied().cycle().take(BATCH * bands * frames).collect();
    let inference =
        rate(time, |batches| (0..batches).try_for_each(|_| net.logits(&inputs).map(drop)))?;
    let costs = training_step(&Plan::new(&architecture, BATCH)?);
    Ok(Measured {
        training: training * BATCH as f64,
        operations: training * costs.iter().map(|c| c.operations).sum::<f64>(),
        bytes: training * costs.iter().map(|c| c.bytes).sum::<f64>(),
        inference: inference * BATCH as f64,
    })
}

/// Returns mini-batches per second. Runs more and more of them until they take at least `time`. The
/// first one is not counted, because the driver compiles the shaders.
fn rate(time: Duration, mut work: impl FnMut(usize) -> Result<(), Error>) -> Result<f64, Error> {
    work(1)?;
    let mut count = 1;
    loop {
        let start = Instant::now();
        work(count)?;
        let taken = start.elapsed();
        if taken >= time {
            return Ok(count as f64 / taken.as_secs_f64());
        }
        let wanted = time.as_secs_f64() / taken.as_secs_f64().max(1e-6) * 1.1;
        count = (count as f64 * wanted.clamp(1.5, 16.0)).ceil() as usize;
    }
}
