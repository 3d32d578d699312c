//! The training loop: from labelled features to weights.

use std::path::Path;

use duotone_audio::FrontEnd;
use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Network, Step, Trainer, Weights, reference};

use crate::checkpoint::{Checkpoint, RunSpec};
use crate::examples::{Example, Segments, consecutive};
use crate::predict::{self, Predictor};
use crate::scaler::Fit;
use crate::vote::largest;
use crate::{EpochRecord, Error, Event, Observer, Recipe, Scaler, TrainSettings};

/// One network to train on given clips.
pub(crate) struct Run<'a> {
    /// What the observer is told: `model2, fold 1 of 5`.
    pub(crate) name: &'a str,
    pub(crate) recipe: &'a Recipe,
    pub(crate) front_end: &'a FrontEnd,
    pub(crate) labels: &'a [String],
    pub(crate) settings: &'a TrainSettings,
    pub(crate) train: &'a [Example<'a>],
    pub(crate) held_out: &'a [Example<'a>],
    /// Where to keep the state after every epoch.
    pub(crate) checkpoint: Option<&'a Path>,
    /// Go on from the checkpoint, if there is one.
    pub(crate) resume: bool,
}

/// What training gave.
#[derive(Debug)]
pub(crate) struct Fitted {
    pub(crate) predictor: Predictor,
    pub(crate) history: Vec<EpochRecord>,
}

/// `order` in ASCII: keeps these draws apart from the seed's other uses.
const ORDER: u64 = 0x6f72_6465_7200_0000;

impl Run<'_> {
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
    pub(crate) fn fit(&self, observer: &dyn Observer) -> Result<Fitted, Error> {
        let mut state = match self.checkpoint.filter(|path| self.resume && path.exists()) {
            Some(path) => Checkpoint::load(path, &self.spec())?,
            None => self.start()?,
        };
        let mut trainer = Trainer::new(&state.spec.architecture, &state.weights)?;
        let (done, epochs) = (state.history.len(), self.settings.epochs);
        observer.event(Event::RunStarted { name: self.name, done, epochs });
        let mut segments = Segments::of(self.train, self.front_end, self.settings, 0);
        for epoch in done..epochs {
            if self.settings.fresh_segments {
                segments = Segments::of(self.train, self.front_end, self.settings, epoch);
            }
            let record = self.epoch(epoch, &mut trainer, &segments, &state.scaler, observer)?;
            state.weights = trainer.network().weights();
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
        let network = trainer.network().clone();
        let predictor = Predictor { network, scaler: state.scaler };
        Ok(Fitted { predictor, history: state.history })
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
        epoch: usize,
        trainer: &mut Trainer,
        segments: &Segments<'_>,
        scaler: &Scaler,
        observer: &dyn Observer,
    ) -> Result<EpochRecord, Error> {
        let settings = self.settings;
        let total = segments.len();
        let size = self.front_end.bands * self.front_end.segment_frames;
        let order = Philox::new(settings.seed ^ ORDER, epoch as u64).permutation(total);
        let steps = total.div_ceil(settings.batch_size);
        let (mut loss, mut correct, mut done) = (0.0, 0, 0);
        let mut inputs = Vec::new();
        for (step, batch) in order.chunks(settings.batch_size).enumerate() {
            if observer.stop() {
                return Err(Error::Interrupted);
            }
            inputs.resize(batch.len() * size, 0.0);
            let labels = segments.gather(batch, scaler, &mut inputs);
            let index = (epoch * steps + step) as u64;
            let step = Step { learning_rate: settings.learning_rate, seed: settings.seed, index };
            let outcome = trainer.step(&inputs, &labels, step)?;
            if !outcome.loss.is_finite() {
                return Err(self.diverged(epoch));
            }
            loss += outcome.loss * batch.len() as f64;
            correct += outcome.correct;
            done += batch.len();
            observer.event(Event::Step { done, total });
        }
        let held_out = self.validate(trainer.network(), scaler)?;
        if held_out.is_some_and(|(loss, _)| !loss.is_finite()) {
            return Err(self.diverged(epoch));
        }
        Ok(EpochRecord {
            epoch: epoch + 1,
            loss: loss / total as f64,
            accuracy: correct as f64 / total as f64,
            validation_loss: held_out.map(|(loss, _)| loss),
            validation_accuracy: held_out.map(|(_, accuracy)| accuracy),
        })
    }

    /// Mean loss and accuracy on the held-out clips' consecutive segments, without dropout.
    fn validate(&self, network: &Network, scaler: &Scaler) -> Result<Option<(f64, f64)>, Error> {
        let (mut loss, mut correct, mut total) = (0.0, 0, 0);
        for example in self.held_out {
            let starts = consecutive(example.features, self.front_end);
            let logits = predict::logits(network, scaler, example.features, &starts)?;
            let labels = vec![example.label; starts.len()];
            let classes = self.labels.len();
            loss += reference::loss(&logits, &labels, classes) * starts.len() as f64;
            let right = |row: &&[f64]| largest(row) == example.label as usize;
            correct += logits.chunks_exact(classes).filter(right).count();
            total += starts.len();
        }
        Ok((total > 0).then(|| (loss / total as f64, correct as f64 / total as f64)))
    }

    fn diverged(&self, epoch: usize) -> Error {
        let kept = match self.checkpoint.filter(|_| epoch > 0) {
            Some(path) => format!("; the state after epoch {epoch} is kept in {}", path.display()),
            None => String::new(),
        };
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
pub(crate) fn clips_digest(lists: &[&[Example<'_>]]) -> String {
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
