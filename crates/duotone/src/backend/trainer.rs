//! Training and inference behind one interface, on the CPU or a GPU.

use std::fmt::Debug;

use duotone_nn::{Architecture, Embedding, Network, OptimizerState, Step, Trainer, Weights};

use crate::backend::Device;
use crate::backend::sampling::order;
use crate::error::Error;
use crate::features::segments::Segments;
use crate::model::{Scaler, TrainSettings};
use crate::progress::{Event, Observer};

/// Segments per call of the network: a few megabytes of input, and work for every thread.
pub(crate) const BATCH: usize = 64;

#[cfg(feature = "gpu")]
mod gpu;

/// A network on a device.
pub(crate) trait Inference: Debug + Send + Sync {
    fn architecture(&self) -> &Architecture;

    /// As [`Network::logits`].
    fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error>;

    /// As [`Network::embed`]; supported only on the CPU.
    fn embed(&self, inputs: &[f32]) -> Result<Embedding, Error>;

    /// Whether [`embed`](Self::embed) is supported.
    fn has_embeddings(&self) -> bool {
        true
    }
}

impl Inference for Network {
    fn architecture(&self) -> &Architecture {
        self.architecture()
    }

    fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        Ok(self.logits(inputs)?)
    }

    fn embed(&self, inputs: &[f32]) -> Result<Embedding, Error> {
        Ok(self.embed(inputs)?)
    }
}

/// Builds a network from its weights, on a device.
pub(crate) fn network(
    device: &Device,
    architecture: &Architecture,
    weights: &Weights,
) -> Result<Box<dyn Inference>, Error> {
    match device {
        Device::Cpu => Ok(Box::new(Network::new(architecture, weights)?)),
        #[cfg(feature = "gpu")]
        Device::Gpu(device) => gpu::network(device, architecture, weights),
    }
}

/// A network in training.
pub(crate) enum TrainBackend {
    Cpu(Box<Trainer>),
    #[cfg(feature = "gpu")]
    Gpu(Box<gpu::TrainBackend>),
}

/// The input of one epoch.
#[derive(Clone, Copy)]
pub(crate) struct EpochInput<'a> {
    pub(crate) segments: &'a Segments<'a>,
    pub(crate) scaler: &'a Scaler,
    pub(crate) settings: &'a TrainSettings,
    /// Counted from 0.
    pub(crate) epoch: usize,
}

/// The statistics of one epoch.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EpochStats {
    /// Mean over all segments. Not finite if training diverged; the epoch may then have ended early.
    pub(crate) loss: f64,
    /// Number of segments classified correctly.
    pub(crate) correct: usize,
}

impl EpochInput<'_> {
    /// The indices of the segments, in the order in which they are used.
    fn order(&self) -> Vec<usize> {
        let TrainSettings { sampling, seed, .. } = *self.settings;
        order(sampling, &self.segments.labels(), seed, self.epoch)
    }

    /// Number of the epoch's first step, counted from the start of the run.
    fn first_step(&self) -> u64 {
        (self.epoch * self.segments.len().div_ceil(self.settings.batch_size)) as u64
    }

    /// Number of steps in the run.
    fn steps(&self) -> u64 {
        let of_epoch = self.segments.len().div_ceil(self.settings.batch_size);
        (self.settings.epochs * of_epoch) as u64
    }
}

impl TrainBackend {
    /// Starts from the given weights. All segments of all epochs are cut from the clips of
    /// `segments`.
    pub(crate) fn new(
        device: &Device,
        (architecture, weights, optimizer): (&Architecture, &Weights, &OptimizerState),
        (scaler, segments): (&Scaler, &Segments<'_>),
        settings: &TrainSettings,
    ) -> Result<Self, Error> {
        // The CPU's trainer gets its inputs with each step.
        #[cfg(not(feature = "gpu"))]
        let _ = (scaler, segments);
        match device {
            Device::Cpu => {
                let trainer = Trainer::new(architecture, weights)?;
                let trainer = trainer.with_optimizer(settings.optimizer, optimizer.clone())?;
                Ok(Self::Cpu(Box::new(trainer)))
            }
            #[cfg(feature = "gpu")]
            Device::Gpu(device) => {
                settings.validate_for_gpu()?;
                let network = (architecture, weights);
                let backend = gpu::TrainBackend::new(device, network, scaler, segments, settings)?;
                Ok(Self::Gpu(Box::new(backend)))
            }
        }
    }

    /// Trains for one epoch.
    pub(crate) fn epoch(
        &mut self,
        pass: EpochInput<'_>,
        observer: &dyn Observer,
    ) -> Result<EpochStats, Error> {
        match self {
            Self::Cpu(trainer) => on_cpu(trainer, pass, observer),
            #[cfg(feature = "gpu")]
            Self::Gpu(backend) => backend.epoch(pass, observer),
        }
    }

    /// The network as trained so far.
    pub(crate) fn network(&mut self) -> &dyn Inference {
        match self {
            Self::Cpu(trainer) => trainer.network(),
            #[cfg(feature = "gpu")]
            Self::Gpu(backend) => backend.network(),
        }
    }

    /// The trained network.
    pub(crate) fn into_network(self) -> Box<dyn Inference> {
        match self {
            Self::Cpu(mut trainer) => Box::new(trainer.network().clone()),
            #[cfg(feature = "gpu")]
            Self::Gpu(backend) => backend.into_network(),
        }
    }

    /// The state of the optimizer.
    pub(crate) fn optimizer_state(&self) -> OptimizerState {
        match self {
            Self::Cpu(trainer) => trainer.optimizer_state().clone(),
            // It trains by plain SGD.
            #[cfg(feature = "gpu")]
            Self::Gpu(_) => OptimizerState::default(),
        }
    }

    /// A copy of the current weights.
    pub(crate) fn weights(&self) -> Result<Weights, Error> {
        match self {
            Self::Cpu(trainer) => Ok(trainer.weights()),
            #[cfg(feature = "gpu")]
            Self::Gpu(backend) => backend.weights(),
        }
    }
}

/// Returns the targets of all training segments, (segment, class).
pub(crate) fn targets_of(settings: &TrainSettings, labels: &[u32], classes: usize) -> Vec<f32> {
    targets(labels, &class_weights(settings, labels, classes), settings.label_smoothing)
}

/// Returns the targets of a mini-batch, (segment, class).
fn targets(labels: &[u32], weights: &[f32], label_smoothing: f32) -> Vec<f32> {
    let classes = weights.len();
    let mut targets = vec![label_smoothing / classes as f32; labels.len() * classes];
    for (&label, target) in labels.iter().zip(targets.chunks_exact_mut(classes)) {
        target[label as usize] += 1.0 - label_smoothing;
        target.iter_mut().for_each(|x| *x *= weights[label as usize]);
    }
    targets
}

/// Returns the weight of each class in the loss: 1 for all, or the inverse of the
/// class's share of the segments.
fn class_weights(settings: &TrainSettings, labels: &[u32], classes: usize) -> Vec<f32> {
    if !settings.class_weights {
        return vec![1.0; classes];
    }
    let mut counts = vec![0_usize; classes];
    labels.iter().for_each(|&label| counts[label as usize] += 1);
    let used = counts.iter().filter(|&&count| count > 0).count();
    let weight = |&count: &usize| labels.len() as f32 / (used * count.max(1)) as f32;
    counts.iter().map(weight).collect()
}

fn on_cpu(
    trainer: &mut Trainer,
    pass: EpochInput<'_>,
    observer: &dyn Observer,
) -> Result<EpochStats, Error> {
    let EpochInput { segments, scaler, settings, .. } = pass;
    let total = segments.len();
    let a = trainer.architecture();
    let size = a.bands * a.frames;
    let (mut loss, mut correct, mut done) = (0.0, 0, 0);
    let mut inputs = Vec::new();
    let weights = class_weights(settings, &segments.labels(), a.classes);
    for (batch, index) in pass.order().chunks(settings.batch_size).zip(pass.first_step()..) {
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        inputs.resize(batch.len() * size, 0.0);
        let labels = segments.gather(batch, (scaler, settings), index, &mut inputs);
        let mut targets = targets(&labels, &weights, settings.label_smoothing);
        let run = (settings.seed, index);
        settings.augmentation.mix(run, &mut inputs, &mut targets, batch.len());
        let learning_rate = settings.schedule.rate(settings.learning_rate, index, pass.steps());
        let step = Step { learning_rate, seed: settings.seed, index };
        let outcome = trainer.step_with_targets(&inputs, &targets, step)?;
        loss += outcome.loss * batch.len() as f64;
        if !outcome.loss.is_finite() {
            break;
        }
        correct += outcome.correct;
        done += batch.len();
        observer.event(Event::Step { done, total });
    }
    Ok(EpochStats { loss: loss / total as f64, correct })
}
