//! Compares whole epochs with steps on the CPU.

use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Step, Weights};

use super::bench::{noise, weights};
use super::{architecture, device, distance};
use crate::device::Device;
use crate::error::Error;
use crate::segments::{Place, Segments, Spectrograms};
use crate::trainer::{Epoch, EpochOutcome, Scaling, Trainer};

const BATCH: usize = 11;
const RATE: f32 = 0.1;
const SEED: u64 = 3;

/// Clips of different lengths, and segments cut from them.
struct Collection {
    architecture: Architecture,
    clips: Vec<Vec<f32>>,
    places: Vec<Place>,
    labels: Vec<u32>,
    mean: Vec<f32>,
    deviation: Vec<f32>,
}

impl Collection {
    fn new() -> Self {
        let a = architecture((6, 14), &[(8, (3, 4), (1, 5)), (5, (2, 3), (5, 1))], 10, 3);
        let clips = (0..7).map(|i| noise(a.bands * (a.frames + 9 * i), i as u64)).collect();
        let random = Philox::new(1, 1);
        let place = |i: u64| {
            let clip = random.below(2 * i, 7);
            Place { clip, start: random.below(2 * i + 1, 9 * clip + 1) }
        };
        let places: Vec<Place> = (0..375).map(place).collect();
        let labels = places.iter().map(|p| (p.clip % 3) as u32).collect();
        let mean = noise(a.bands, 5);
        let deviation = noise(a.bands, 6).iter().map(|x| x.abs() + 0.5).collect();
        Self { architecture: a, clips, places, labels, mean, deviation }
    }

    fn copy(&self, number: usize, out: &mut [f32]) {
        let Place { clip, start } = self.places[number];
        let clip = &self.clips[clip];
        let frames = clip.len() / self.architecture.bands;
        for (band, row) in out.chunks_exact_mut(self.architecture.frames).enumerate() {
            row.copy_from_slice(&clip[band * frames + start..][..row.len()]);
        }
    }

    fn order(&self, epoch: u64) -> Vec<usize> {
        Philox::new(SEED, epoch).permutation(self.places.len())
    }

    fn on_cpu(&self, epochs: u64) -> (Weights, f64, usize) {
        let a = &self.architecture;
        let mut trainer = duotone_nn::Trainer::new(a, &weights(a, 1)).unwrap();
        let (mut loss, mut correct, mut index) = (0.0, 0, 0);
        for epoch in 0..epochs {
            (loss, correct) = (0.0, 0);
            for batch in self.order(epoch).chunks(BATCH) {
                let mut inputs = vec![0.0; batch.len() * a.bands * a.frames];
                for (segment, &number) in inputs.chunks_exact_mut(a.bands * a.frames).zip(batch) {
                    self.copy(number, segment);
                    for (band, row) in segment.chunks_exact_mut(a.frames).enumerate() {
                        let (mean, deviation) = (self.mean[band], self.deviation[band]);
                        row.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
                    }
                }
                let labels: Vec<u32> = batch.iter().map(|&i| self.labels[i]).collect();
                let step = Step { learning_rate: RATE, seed: SEED, index };
                let outcome = trainer.step(&inputs, &labels, step).unwrap();
                loss += outcome.loss * batch.len() as f64;
                correct += outcome.correct;
                index += 1;
            }
        }
        (trainer.network().weights(), loss / self.places.len() as f64, correct)
    }

    fn trainer(&self, device: &Device) -> Trainer {
        let a = &self.architecture;
        let scaling = Scaling { mean: &self.mean, deviation: &self.deviation };
        Trainer::new(device, a, &weights(a, 1), scaling, BATCH).unwrap()
    }

    fn epoch(
        &self,
        trainer: &mut Trainer,
        segments: &Segments<'_>,
        epoch: u64,
    ) -> Result<EpochOutcome, Error> {
        let order = self.order(epoch);
        let first_step = epoch * order.len().div_ceil(BATCH) as u64;
        let (order, labels) = (&order[..], &self.labels[..]);
        let epoch = Epoch { order, labels, learning_rate: RATE, seed: SEED, first_step };
        trainer.epoch(segments, epoch, &mut |_| true)
    }

    fn upload(&self, device: &Device) -> Spectrograms {
        let clips: Vec<&[f32]> = self.clips.iter().map(|clip| &clip[..]).collect();
        Spectrograms::upload(device, self.architecture.bands, &clips).unwrap().unwrap()
    }
}

/// 375 segments are 35 steps: two submissions, and a last batch with one segment.
#[test]
fn epochs_match_the_cpu() {
    let Some(device) = device() else { return };
    let collection = Collection::new();
    let spectrograms = collection.upload(device);
    let resident = Segments::Resident { spectrograms: &spectrograms, places: &collection.places };
    let copy = |number: usize, out: &mut [f32]| collection.copy(number, out);
    let (expected, loss, correct) = collection.on_cpu(2);
    for segments in [&resident, &Segments::Streamed(&copy)] {
        let mut trainer = collection.trainer(device);
        let first = collection.epoch(&mut trainer, segments, 0).unwrap();
        let outcome = collection.epoch(&mut trainer, segments, 1).unwrap();
        assert!(outcome.loss < first.loss, "{first:?} {outcome:?}");
        assert!((outcome.loss - loss).abs() < 1e-4, "{} {loss}", outcome.loss);
        assert!(outcome.correct.abs_diff(correct) <= 2, "{} {correct}", outcome.correct);
        let got = trainer.network().weights().unwrap();
        for (name, tensor) in &expected.0 {
            let expected: Vec<f64> = tensor.data.iter().map(|&x| f64::from(x)).collect();
            let error = distance(got.get(name), &expected);
            assert!(error < 1e-4, "{name} is {error} off");
        }
    }
}

#[test]
fn training_is_deterministic() {
    let Some(device) = device() else { return };
    let collection = Collection::new();
    let spectrograms = collection.upload(device);
    let segments = Segments::Resident { spectrograms: &spectrograms, places: &collection.places };
    let run = || {
        let mut trainer = collection.trainer(device);
        let outcome = collection.epoch(&mut trainer, &segments, 0).unwrap();
        (outcome, trainer.network().weights().unwrap())
    };
    assert_eq!(run(), run());
}

#[test]
fn invalid_segments_are_rejected_first() {
    let Some(device) = device() else { return };
    let mut collection = Collection::new();
    let spectrograms = collection.upload(device);
    let before = weights(&collection.architecture, 1);
    let mut trainer = collection.trainer(device);
    let good = collection.places[100];
    for bad in [Place { clip: 7, start: 0 }, Place { clip: 0, start: 1 }] {
        collection.places[100] = bad;
        let segments =
            Segments::Resident { spectrograms: &spectrograms, places: &collection.places };
        let error = collection.epoch(&mut trainer, &segments, 0).unwrap_err();
        assert!(error.to_string().contains("segment 100"), "{error}");
    }
    collection.places[100] = good;
    collection.labels[7] = 3;
    let segments = Segments::Resident { spectrograms: &spectrograms, places: &collection.places };
    let error = collection.epoch(&mut trainer, &segments, 0).unwrap_err();
    assert!(error.to_string().contains("segment 7"), "{error}");
    assert_eq!(trainer.network().weights().unwrap(), before);
}

#[test]
fn lost_device_is_an_error() {
    if device().is_none() {
        return;
    }
    let collection = Collection::new();
    let own = Device::open(0).unwrap();
    let spectrograms = collection.upload(&own);
    let segments = Segments::Resident { spectrograms: &spectrograms, places: &collection.places };
    let mut trainer = collection.trainer(&own);
    collection.epoch(&mut trainer, &segments, 0).unwrap();
    own.destroy();
    let error = collection.epoch(&mut trainer, &segments, 1).unwrap_err();
    assert!(matches!(error, Error::Lost(_)), "{error}");
    assert!(matches!(trainer.network().weights(), Err(Error::Lost(_))));
}

#[test]
fn stops_on_request() {
    let Some(device) = device() else { return };
    let collection = Collection::new();
    let spectrograms = collection.upload(device);
    let segments = Segments::Resident { spectrograms: &spectrograms, places: &collection.places };
    let mut trainer = collection.trainer(device);
    let order = collection.order(0);
    let (order, labels) = (&order[..], &collection.labels[..]);
    let epoch = Epoch { order, labels, learning_rate: RATE, seed: SEED, first_step: 0 };
    let mut reported = Vec::new();
    let stopped = trainer.epoch(&segments, epoch, &mut |done| {
        reported.push(done);
        done == 0
    });
    assert_eq!(stopped, Err(Error::Interrupted));
    assert_eq!(reported, [0, 32 * BATCH]);
}
