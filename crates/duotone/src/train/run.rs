//! The training loop.

use std::path::Path;
use std::sync::Arc;

use duotone_audio::FrontEnd;
use duotone_nn::{Architecture, Optimizer, OptimizerState, Weights, reference};

use crate::backbone::parts;
use crate::backend::Device;
use crate::backend::trainer::{EpochInput, Inference, TrainBackend};
use crate::classify::Vote;
use crate::classify::predictor;
use crate::classify::predictor::{Predictor, accuracies};
use crate::error::Error;
use crate::features::embeddings::Embeddings;
use crate::features::segments::{LabelledClip, Segments, consecutive};
use crate::model::scaler::Fit;
use crate::model::{EpochRecord, Measured, ModelSpec, Scaler, TrainSettings};
use crate::progress::{Event, Observer};
use crate::statistics::largest;
use crate::train::checkpoint::{Checkpoint, RunSpec};
use crate::train::guessing;

/// A network to train on given clips.
pub(crate) struct TrainingRun<'a> {
    /// Name of the run for the observer and in errors: `model2, fold 1 of 5`.
    pub(crate) name: &'a str,
    pub(crate) recipe: &'a ModelSpec,
    pub(crate) front_end: &'a FrontEnd,
    pub(crate) labels: &'a [String],
    pub(crate) settings: &'a TrainSettings,
    pub(crate) train: &'a [LabelledClip<'a>],
    pub(crate) held_out: &'a [LabelledClip<'a>],
    /// The device to train on.
    pub(crate) device: &'a Device,
    /// The file to which the state is saved after every epoch.
    pub(crate) checkpoint: Option<&'a Path>,
    /// Whether to resume from the checkpoint, if there is one.
    pub(crate) resume: bool,
    /// What published networks compute from the clips.
    pub(crate) embeddings: &'a Arc<Embeddings>,
}

/// The result of a training run.
#[derive(Debug)]
pub(crate) struct TrainedModel {
    pub(crate) predictor: Predictor,
    pub(crate) weights: Weights,
    pub(crate) history: Vec<EpochRecord>,
    /// The weight decay, if inner folds chose it.
    pub(crate) weight_decay: Option<f32>,
}

impl TrainingRun<'_> {
    /// The architecture of the model: the recipe's with an output per label, as often as there are networks.
    pub(crate) fn architecture(&self) -> Architecture {
        self.network_architecture().side_by_side(self.settings.networks)
    }

    /// The architecture of each network.
    pub(super) fn network_architecture(&self) -> Architecture {
        self.recipe.architecture.clone().with_classes(self.labels.len())
    }

    /// Everything that determines the result of this run.
    pub(crate) fn spec(&self) -> RunSpec {
        RunSpec {
            recipe: self.recipe.name.clone(),
            architecture: self.network_architecture(),
            front_end: self.front_end.clone(),
            labels: self.labels.to_vec(),
            settings: self.settings.clone(),
            clips: clips_digest(&[self.train, self.held_out]),
        }
    }

    /// Trains to the end. The caller must [remove the checkpoints](Self::remove_checkpoints) once it has saved
    /// the result.
    pub(crate) fn fit(&self, observer: &dyn Observer) -> Result<TrainedModel, Error> {
        self.settings.validate_for(self.front_end.bands, self.front_end.segment_frames)?;
        if let Optimizer::Lbfgs { weight_decay } = self.settings.optimizer {
            return self.fit_output_layer(weight_decay, observer);
        }
        match self.settings.networks {
            1 => self.fit_network(None, observer),
            _ => self.fit_ensemble(observer),
        }
    }

    /// Trains one network, with a scaler of its own unless one is given.
    pub(super) fn fit_network(
        &self,
        scaler: Option<&Scaler>,
        observer: &dyn Observer,
    ) -> Result<TrainedModel, Error> {
        let mut state = match self.checkpoint.filter(|path| self.resume && path.exists()) {
            Some(path) => Checkpoint::load(path, &self.spec())?,
            None => self.start()?,
        };
        if let Some(scaler) = scaler {
            state.scaler = scaler.clone();
        }
        let (done, epochs) = (state.history.len(), self.settings.epochs);
        observer.event(Event::RunStarted { name: self.name, done, epochs });
        let mut segments = Segments::of(self.train, self.front_end, self.settings, 0);
        let mut backend = TrainBackend::new(
            self.device,
            (&state.spec.architecture, &state.weights, &state.optimizer),
            (&state.scaler, &segments),
            self.settings,
        )?;
        for epoch in done..epochs {
            if self.settings.fresh_segments {
                segments = Segments::of(self.train, self.front_end, self.settings, epoch);
            }
            let (segments, scaler) = (&segments, &state.scaler);
            let pass = EpochInput { segments, scaler, settings: self.settings, epoch };
            let record = self.epoch(pass, &mut backend, observer)?;
            state.weights = backend.weights().map_err(|e| self.lost(epoch, e))?;
            state.optimizer = backend.optimizer_state();
            if !state.weights.0.values().all(|t| t.data.iter().all(|w| w.is_finite())) {
                return Err(self.diverged(epoch));
            }
            state.history.push(record);
            if let Some(path) = self.checkpoint {
                state.save(path)?;
            }
            state.history.last().into_iter().for_each(|r| observer.event(Event::Epoch(r)));
        }
        observer.event(Event::RunEnded);
        // The loss of a single epoch is mostly that of the untrained network.
        if let [_, .., last] = state.history.as_slice() {
            let (labels, classes) = (segments.labels(), self.labels.len());
            let warning = guessing::warning(self.name, last.loss, &labels, classes, self.settings);
            warning.iter().for_each(|warning| observer.event(Event::Warning(warning)));
        }
        let predictor = Predictor { network: backend.into_network(), scaler: state.scaler };
        let (weights, history) = (state.weights, state.history);
        Ok(TrainedModel { predictor, weights, history, weight_decay: None })
    }

    /// Measures the accuracy of a predictor on the held-out clips, if any. `group_column` is named in
    /// the description of the protocol.
    pub(crate) fn measure(
        &self,
        predictor: &Predictor,
        group_column: Option<&str>,
    ) -> Result<Option<Measured>, Error> {
        let clips = self.held_out.len();
        if clips == 0 {
            return Ok(None);
        }
        let outcomes = predictor.decide(self.held_out, self.front_end, Vote::Mean)?;
        let (file_accuracy, segment_accuracy) = accuracies(self.held_out, &outcomes);
        let share = 100.0 * clips as f64 / (self.train.len() + clips) as f64;
        let grouping = match group_column {
            Some(column) => format!("no {column} on both sides"),
            None => "not grouped".into(),
        };
        let seed = self.settings.seed;
        let protocol = format!("held out {share:.0} % of the clips, {grouping}, seed {seed}");
        Ok(Some(Measured { protocol, clips, file_accuracy, segment_accuracy }))
    }

    /// The state before the first epoch.
    pub(super) fn start(&self) -> Result<Checkpoint, Error> {
        let spec = self.spec();
        let mut weights = Weights::glorot(&spec.architecture, self.settings.seed)?;
        parts::put_into(&mut weights, &spec.architecture)?;
        let optimizer = OptimizerState::default();
        let segments = Segments::of(self.train, self.front_end, self.settings, 0);
        let (bands, frames) = (self.front_end.bands, self.front_end.segment_frames);
        let mut fit = Fit::new(self.settings.scaling(), bands, frames);
        let mut segment = vec![0.0; bands * frames];
        for index in 0..segments.len() {
            segments.copy(index, &mut segment);
            fit.add(&mut segment);
        }
        Ok(Checkpoint { spec, scaler: fit.finish(), weights, optimizer, history: Vec::new() })
    }

    fn epoch(
        &self,
        pass: EpochInput<'_>,
        backend: &mut TrainBackend,
        observer: &dyn Observer,
    ) -> Result<EpochRecord, Error> {
        let epoch = pass.epoch;
        let stats = backend.epoch(pass, observer).map_err(|e| self.lost(epoch, e))?;
        if !stats.loss.is_finite() {
            return Err(self.diverged(epoch));
        }
        let held_out =
            self.validate(backend.network(), pass.scaler).map_err(|e| self.lost(epoch, e))?;
        if held_out.is_some_and(|(loss, _)| !loss.is_finite()) {
            return Err(self.diverged(epoch));
        }
        Ok(EpochRecord {
            epoch: epoch + 1,
            loss: stats.loss,
            accuracy: stats.correct as f64 / pass.segments.len() as f64,
            validation_loss: held_out.map(|(loss, _)| loss),
            validation_accuracy: held_out.map(|(_, accuracy)| accuracy),
        })
    }

    /// Mean loss and accuracy on the consecutive segments of the held-out clips, without dropout.
    fn validate(
        &self,
        network: &dyn Inference,
        scaler: &Scaler,
    ) -> Result<Option<(f64, f64)>, Error> {
        let (mut loss, mut correct, mut total) = (0.0, 0, 0);
        for example in self.held_out {
            let starts = consecutive(example.features, self.front_end);
            let logits = predictor::logits(network, scaler, example.features, &starts)?;
            let labels = vec![example.label; starts.len()];
            let classes = self.labels.len();
            loss += reference::loss(&logits, &labels, classes) * starts.len() as f64;
            let right = |row: &&[f64]| largest(row) == example.label as usize;
            correct += logits.chunks_exact(classes).filter(right).count();
            total += starts.len();
        }
        Ok((total > 0).then(|| (loss / total as f64, correct as f64 / total as f64)))
    }

    /// Names the checkpoint in the message of an error that ends the run in an epoch (counted from
    /// 0).
    fn saved_state(&self, epoch: usize) -> String {
        match self.checkpoint.filter(|_| epoch > 0) {
            Some(path) => format!("; the state after epoch {epoch} is saved in {}", path.display()),
            None => String::new(),
        }
    }

    /// Adds to the message of a GPU failure how to resume the run.
    fn lost(&self, epoch: usize, error: Error) -> Error {
        match error {
            Error::Device(reason) => Error::Device(format!(
                "{}, epoch {}: {reason}{}; resume the run to continue from the last saved epoch, \
                 with `device=cpu` to use the CPU",
                self.name,
                epoch + 1,
                self.saved_state(epoch),
            )),
            other => other,
        }
    }

    pub(super) fn diverged(&self, epoch: usize) -> Error {
        let reason = format!(
            "{}: the loss was no longer a finite number in epoch {}: the learning rate of {} is \
             probably too high; try a tenth of it{}",
            self.name,
            epoch + 1,
            self.settings.learning_rate,
            self.saved_state(epoch)
        );
        Error::Diverged { epoch: epoch + 1, reason }
    }
}

/// Digest of lists of clips, from their content, classes and order.
pub(crate) fn clips_digest(lists: &[&[LabelledClip<'_>]]) -> String {
    let mut hasher = blake3::Hasher::new();
    for list in lists {
        for example in *list {
            hasher.update(format!("{} {}\n", example.features.digest, example.label).as_bytes());
        }
        hasher.update(b"\n");
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests;
