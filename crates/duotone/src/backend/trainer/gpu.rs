//! Training and inference on a GPU.

use duotone_gpu::{
    Device, Epoch, Network, Place, Scaling, Segments as Source, Spectrograms, Trainer,
};
use duotone_nn::{Architecture, Embedding, Weights};

use super::{EpochInput, EpochStats, Inference};
use crate::backend::trainer::BATCH;
use crate::error::Error;
use crate::features::segments::Segments;
use crate::model::{Scaler, TrainSettings};
use crate::progress::{Event, Observer};

impl Inference for Network {
    fn architecture(&self) -> &Architecture {
        self.architecture()
    }

    fn logits(&self, inputs: &[f32]) -> Result<Vec<f32>, Error> {
        Ok(self.logits(inputs)?)
    }

    fn embed(&self, _: &[f32]) -> Result<Embedding, Error> {
        Err(Error::Device("embeddings can be computed only on the CPU".into()))
    }

    fn has_embeddings(&self) -> bool {
        false
    }
}

pub(super) fn network(
    device: &Device,
    architecture: &Architecture,
    weights: &Weights,
) -> Result<Box<dyn Inference>, Error> {
    Ok(Box::new(Network::new(device, architecture, weights, BATCH)?))
}

/// A network in training, and its training clips if they fit into the GPU's memory.
pub(crate) struct TrainBackend {
    trainer: Trainer,
    spectrograms: Option<Spectrograms>,
}

impl TrainBackend {
    pub(super) fn new(
        device: &Device,
        (architecture, weights): (&Architecture, &Weights),
        scaler: &Scaler,
        segments: &Segments<'_>,
        settings: &TrainSettings,
    ) -> Result<Self, Error> {
        let scaling = Scaling { mean: &scaler.mean, deviation: &scaler.deviation };
        let batch = settings.batch_size;
        let trainer = Trainer::new(device, architecture, weights, scaling, batch)?;
        let spectrograms =
            Spectrograms::upload(device, architecture.bands, &segments.spectrograms())?;
        Ok(Self { trainer, spectrograms })
    }

    pub(super) fn epoch(
        &mut self,
        pass: EpochInput<'_>,
        observer: &dyn Observer,
    ) -> Result<EpochStats, Error> {
        let EpochInput { segments, settings, .. } = pass;
        let total = segments.len();
        let place = |(clip, start)| Place { clip, start };
        let places: Vec<Place> = segments.positions().map(place).collect();
        let copy = |number: usize, out: &mut [f32]| segments.copy(number, out);
        let source = match &self.spectrograms {
            Some(spectrograms) => Source::Resident { spectrograms, places: &places },
            None => Source::Streamed(&copy),
        };
        let epoch = Epoch {
            order: &pass.order(),
            labels: &segments.labels(),
            learning_rate: settings.learning_rate,
            seed: settings.seed,
            first_step: pass.first_step(),
        };
        let outcome = self.trainer.epoch(&source, epoch, &mut |done| {
            observer.event(Event::Step { done, total });
            !observer.stop()
        })?;
        Ok(EpochStats { loss: outcome.loss, correct: outcome.correct })
    }

    pub(super) fn network(&self) -> &dyn Inference {
        self.trainer.network()
    }

    pub(super) fn into_network(self) -> Box<dyn Inference> {
        Box::new(self.trainer.into_network())
    }

    pub(super) fn weights(&self) -> Result<Weights, Error> {
        Ok(self.trainer.network().weights()?)
    }
}
