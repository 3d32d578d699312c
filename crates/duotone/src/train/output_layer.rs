//! Training of the output layer alone, by L-BFGS on all segments at once.

use duotone_nn::{OutputFit, Tensor, fit_output};

use crate::backend::trainer::{self, BATCH, Inference};
use crate::classify::predictor::Predictor;
use crate::error::Error;
use crate::features::segments::Segments;
use crate::model::{EpochRecord, Scaler};
use crate::progress::{Event, Observer};
use crate::train::checkpoint::Checkpoint;
use crate::train::run::{TrainedModel, TrainingRun};

impl TrainingRun<'_> {
    /// Trains by L-BFGS, with at most as many iterations as there are epochs. This takes seconds, so there is
    /// no checkpoint.
    pub(super) fn fit_output_layer(
        &self,
        weight_decay: f32,
        observer: &dyn Observer,
    ) -> Result<TrainedModel, Error> {
        let Checkpoint { spec, scaler, mut weights, .. } = self.start()?;
        let architecture = spec.architecture;
        if !architecture.trains_output_only() {
            let reason = format!(
                "L-BFGS trains only an output layer after fixed filters, but {} has other layers to \
                 train: use `sgd` or `adamw`",
                self.recipe.name
            );
            return Err(Error::setting("optimizer", reason));
        }
        let epochs = self.settings.epochs;
        observer.event(Event::RunStarted { name: self.name, done: 0, epochs });
        let network = trainer::network(self.device, &architecture, &weights)?;
        let segments = Segments::of(self.train, self.front_end, self.settings, 0);
        let inputs = features(&*network, &scaler, &segments, observer)?;
        let targets = trainer::targets_of(self.settings, &segments.labels(), architecture.classes);
        let held_out = Segments::consecutive(self.held_out, self.front_end);
        let held_out_inputs = features(&*network, &scaler, &held_out, observer)?;
        let held_out_labels = held_out.labels();
        let mut history: Vec<EpochRecord> = Vec::new();
        let each = |fit: &OutputFit| {
            let held_out = fit.score(&held_out_inputs, &held_out_labels);
            let record = EpochRecord {
                epoch: history.len() + 1,
                loss: fit.loss,
                accuracy: fit.correct as f64 / segments.len() as f64,
                validation_loss: held_out.map(|(loss, _)| loss),
                validation_accuracy: held_out.map(|(_, accuracy)| accuracy),
            };
            observer.event(Event::Epoch(&record));
            history.push(record);
            history.len() < epochs && !observer.stop()
        };
        let fit = fit_output(&inputs, &targets, architecture.classes, weight_decay, each)?;
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        let finite = |values: &[f32]| values.iter().all(|x| x.is_finite());
        if !fit.loss.is_finite() || !finite(&fit.weight) || !finite(&fit.bias) {
            return Err(self.diverged(history.len()));
        }
        let shape = vec![architecture.classes, architecture.last_inputs()];
        weights.0.insert("output.weight".into(), Tensor { shape, data: fit.weight });
        let shape = vec![architecture.classes];
        weights.0.insert("output.bias".into(), Tensor { shape, data: fit.bias });
        observer.event(Event::RunEnded);
        let network = trainer::network(self.device, &architecture, &weights)?;
        Ok(TrainedModel { predictor: Predictor { network, scaler }, weights, history })
    }
}

/// Returns the inputs of the output layer, (segment, input).
fn features(
    network: &dyn Inference,
    scaler: &Scaler,
    segments: &Segments<'_>,
    observer: &dyn Observer,
) -> Result<Vec<f32>, Error> {
    let architecture = network.architecture();
    let size = architecture.bands * architecture.frames;
    let mut features = Vec::with_capacity(segments.len() * architecture.last_inputs());
    let mut batch = vec![0.0; BATCH * size];
    let mut done = 0;
    while done < segments.len() {
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        let count = BATCH.min(segments.len() - done);
        for (i, segment) in batch.chunks_exact_mut(size).take(count).enumerate() {
            segments.copy(done + i, segment);
            scaler.apply(segment);
        }
        features.extend(network.embed(&batch[..count * size])?.units);
        done += count;
        observer.event(Event::Step { done, total: segments.len() });
    }
    Ok(features)
}
