//! Training on a GPU, or on software that emulates one. Without either, the tests are skipped.

use std::sync::atomic::{AtomicUsize, Ordering};

use duotone::backend::Device;
use duotone::gpu::Error as GpuError;
use duotone::model::TrainSettings;
use duotone::train::{TrainJob, train};
use duotone::{Error, Event, Model, Observer};

use crate::toy::{Toy, recipe, settings};

fn device() -> Option<duotone::gpu::Device> {
    match duotone::gpu::Device::open(0) {
        Ok(device) => Some(device),
        Err(GpuError::NoDevice(reason)) => {
            eprintln!("skipped: {reason}");
            None
        }
        Err(error) => panic!("{error}"),
    }
}

/// Destroys the device after a number of epochs.
struct Destroyer {
    device: duotone::gpu::Device,
    epochs: usize,
    done: AtomicUsize,
}

impl Observer for Destroyer {
    fn event(&self, event: Event<'_>) {
        let ended = matches!(event, Event::Epoch(_));
        if ended && self.done.fetch_add(1, Ordering::Relaxed) + 1 == self.epochs {
            self.device.destroy();
        }
    }
}

#[test]
fn run_resumes_on_the_cpu_after_losing_its_gpu() {
    let Some(device) = device() else { return };
    let toy = Toy::new();
    let collection = toy.collection();
    let mut job = TrainJob::new(&collection, recipe("toy"), toy.path("cpu.safetensors"));
    job.settings = TrainSettings { epochs: 4, fresh_segments: true, ..settings() };
    train(&job, &()).unwrap();
    let expected = Model::load(&job.output).unwrap();

    job.output = toy.path("gpu.safetensors");
    job.device = Device::Gpu(device.clone());
    let error =
        train(&job, &Destroyer { device, epochs: 2, done: AtomicUsize::new(0) }).unwrap_err();
    assert!(matches!(error, Error::Device(_)), "{error:?}");
    let message = error.to_string();
    for words in ["epoch 3: the GPU was lost", "after epoch 2 is saved in", "resume", "device=cpu"]
    {
        assert!(message.contains(words), "no {words} in: {message}");
    }

    (job.device, job.resume) = (Device::Cpu, true);
    train(&job, &()).unwrap();
    let model = Model::load(&job.output).unwrap();
    assert_eq!(model.card.history.len(), 4);
    for (name, expected) in &expected.weights.0 {
        let pairs = model.weights.get(name).iter().zip(&expected.data);
        let worst = pairs.fold(0.0, |worst: f32, (a, b)| worst.max((a - b).abs()));
        assert!(worst < 1e-4, "{name} differs by {worst}");
    }
}
