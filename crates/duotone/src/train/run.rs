//! The training loop: from labelled features to weights.

use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::{Architecture, Weights, reference};

use crate::backend::Device;
use crate::backend::trainer::{EpochInput, Inference, TrainBackend};
use crate::classify::Vote;
use crate::classify::predictor;
use crate::classify::predictor::{Predictor, accuracies};
use crate::classify::vote::largest;
use crate::error::Error;
use crate::features::segments::{LabelledClip, Segments, consecutive};
use crate::model::scaler::Fit;
use crate::model::{EpochRecord, Measured, ModelSpec, Scaler, TrainSettings};
use crate::progress::{Event, Observer};
use crate::train::checkpoint::{Checkpoint, RunSpec};

/// One network to train on given clips.
pub(crate) struct TrainingRun<'a> {
    /// What the observer is told: `model2, fold 1 of 5`.
    pub(crate) name: &'a str,
    pub(crate) recipe: &'a ModelSpec,
    pub(crate) front_end: &'a FrontEnd,
    pub(crate) labels: &'a [String],
    pub(crate) settings: &'a TrainSettings,
    pub(crate) train: &'a [LabelledClip<'a>],
    pub(crate) held_out: &'a [LabelledClip<'a>],
    /// What trains the network and runs it.
    pub(crate) device: &'a Device,
    /// Where to keep the state after every epoch.
    pub(crate) checkpoint: Option<&'a Path>,
    /// Go on from the checkpoint, if there is one.
    pub(crate) resume: bool,
}

/// What training gave.
#[derive(Debug)]
pub(crate) struct TrainedModel {
    pub(crate) predictor: Predictor,
    pub(crate) weights: Weights,
    pub(crate) history: Vec<EpochRecord>,
}

impl TrainingRun<'_> {
    /// The recipe's network for these labels.
    pub(crate) fn architecture(&self) -> Architecture {
        self.recipe.architecture.clone().with_classes(self.labels.len())
    }

    /// What decides the outcome of this run.
    pub(crate) fn spec(&self) -> RunSpec {
        RunSpec {
            recipe: self.recipe.name.clone(),
            architecture: self.architecture(),
            front_end: self.front_end.clone(),
            labels: self.labels.to_vec(),
            settings: self.settings.clone(),
            clips: clips_digest(&[self.train, self.held_out]),
        }
    }

    /// Trains to the end. The checkpoint is left to the caller, who removes it once the outcome is
    /// safe.
    pub(crate) fn fit(&self, observer: &dyn Observer) -> Result<TrainedModel, Error> {
        let mut state = match self.checkpoint.filter(|path| self.resume && path.exists()) {
            Some(path) => Checkpoint::load(path, &self.spec())?,
            None => self.start()?,
        };
        let (done, epochs) = (state.history.len(), self.settings.epochs);
        observer.event(Event::RunStarted { name: self.name, done, epochs });
        let mut segments = Segments::of(self.train, self.front_end, self.settings, 0);
        let mut backend = TrainBackend::new(
            self.device,
            (&state.spec.architecture, &state.weights),
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
        let predictor = Predictor { network: backend.into_network(), scaler: state.scaler };
        Ok(TrainedModel { predictor, weights: state.weights, history: state.history })
    }

    /// How well a predictor does on the clips held out, in words that name the column whose values
    /// were kept together, if any; none where nothing was held out.
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
        let apart = match group_column {
            Some(column) => format!("no {column} on both sides"),
            None => "not grouped".into(),
        };
        let seed = self.settings.seed;
        let protocol = format!("held out {share:.0} % of the clips, {apart}, seed {seed}");
        Ok(Some(Measured { protocol, clips, file_accuracy, segment_accuracy }))
    }

    fn start(&self) -> Result<Checkpoint, Error> {
        let spec = self.spec();
        let weights = Weights::glorot(&spec.architecture, self.settings.seed)?;
        let segments = Segments::of(self.train, self.front_end, self.settings, 0);
        let (bands, frames) = (self.front_end.bands, self.front_end.segment_frames);
        let mut fit = Fit::new(self.settings.standardize, bands, frames);
        let mut segment = vec![0.0; bands * frames];
        for index in 0..segments.len() {
            segments.copy(index, &mut segment);
            fit.add(&segment);
        }
        Ok(Checkpoint { spec, scaler: fit.finish(), weights, history: Vec::new() })
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

    /// Mean loss and accuracy on the held-out clips' consecutive segments, without dropout.
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

    /// What is left when something ends the run in an epoch (from 0).
    fn kept(&self, epoch: usize) -> String {
        match self.checkpoint.filter(|_| epoch > 0) {
            Some(path) => format!("; the state after epoch {epoch} is kept in {}", path.display()),
            None => String::new(),
        }
    }

    /// Where a GPU failed, how to go on.
    fn lost(&self, epoch: usize, error: Error) -> Error {
        match error {
            Error::Device(words) => Error::Device(format!(
                "{}, epoch {}: {words}{}; resumed, the run goes on from the last epoch kept, with \
                 `device=cpu` on the processor",
                self.name,
                epoch + 1,
                self.kept(epoch),
            )),
            other => other,
        }
    }

    fn diverged(&self, epoch: usize) -> Error {
        let kept = self.kept(epoch);
        Error::Diverged(format!(
            "{}: the loss stopped being a number in epoch {}: the learning rate of {} is too \
             high, most likely: try a tenth of it{kept}",
            self.name,
            epoch + 1,
            self.settings.learning_rate
        ))
    }
}

/// Digest of lists of clips: their content, classes and order.
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
