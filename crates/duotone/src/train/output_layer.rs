//! Training of the output layer alone, by L-BFGS on all segments at once.

use std::sync::Arc;

use duotone_nn::{Architecture, OutputFit, Tensor, Weights, fit_output, reference};

use crate::backend::Device;
use crate::backend::cached::CachedNetwork;
use crate::backend::trainer;
use crate::backend::trainer::Inference;
use crate::classify::Vote;
use crate::classify::predictor::Predictor;
use crate::classify::vote::vote;
use crate::confidence::{CalibrationScores, temperature};
use crate::error::Error;
use crate::features::ClipFeatures;
use crate::features::segments::{LabelledClip, consecutive, starts};
use crate::model::EpochRecord;
use crate::progress::{Event, Observer};
use crate::train::checkpoint::Checkpoint;
use crate::train::inner_folds::DEFAULT_FOLDS;
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
        let network = self.network(&architecture, &weights)?;
        let predictor = Predictor { network, scaler };
        let of_training = |clip: &ClipFeatures| starts(clip, self.front_end, self.settings, 0);
        let clips = inputs_of(&predictor, self.train, of_training, observer)?;
        let chosen = self.choose_weight_decay(&clips, observer)?;
        let weight_decay = chosen.unwrap_or(weight_decay);
        let (inputs, labels) = joined(&clips, |_| true);
        let targets = trainer::targets_of(self.settings, &labels, architecture.classes);
        let of_held_out = |clip: &ClipFeatures| consecutive(clip, self.front_end);
        let held_out = inputs_of(&predictor, self.held_out, of_held_out, observer)?;
        let (held_out, held_out_labels) = joined(&held_out, |_| true);
        let mut history: Vec<EpochRecord> = Vec::new();
        let each = |fit: &OutputFit| {
            let held_out = fit.score(&held_out, &held_out_labels);
            let record = EpochRecord {
                epoch: history.len() + 1,
                loss: fit.loss,
                accuracy: fit.correct as f64 / labels.len() as f64,
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
        let network = self.network(&architecture, &weights)?;
        let predictor = Predictor { network, ..predictor };
        Ok(TrainedModel { predictor, weights, history, weight_decay: chosen })
    }

    /// Returns the weight decay with the smallest mean loss on held-out clips of inner folds, after calibration:
    /// before it, the smallest loss would go to the layer that is least sure. `None` if there is no choice, or
    /// there are too few clips for inner folds.
    fn choose_weight_decay(
        &self,
        clips: &[ClipInputs],
        observer: &dyn Observer,
    ) -> Result<Option<f32>, Error> {
        let decays = &self.settings.weight_decays;
        if decays.len() < 2 {
            return Ok(decays.first().copied());
        }
        let count = match self.settings.calibrate {
            0 => DEFAULT_FOLDS,
            count => count,
        };
        let Some(folds) = self.inner_folds(count) else { return Ok(None) };
        let classes = self.labels.len();
        let count = folds.iter().max().map_or(0, |most| most + 1);
        let mut truth = Vec::new();
        let mut rows: Vec<Vec<f64>> = vec![Vec::new(); decays.len()];
        for fold in 0..count {
            let (inputs, labels) = joined(clips, |clip| folds[clip] != fold);
            let targets = trainer::targets_of(self.settings, &labels, classes);
            let test = || clips.iter().zip(&folds).filter(|(_, of)| **of == fold);
            truth.extend(test().map(|(clip, _)| clip.label as usize));
            for (decay, rows) in decays.iter().zip(&mut rows) {
                if observer.stop() {
                    return Err(Error::Interrupted);
                }
                let mut left = self.settings.epochs;
                let each = |_: &OutputFit| {
                    left -= 1;
                    left > 0 && !observer.stop()
                };
                let fit = fit_output(&inputs, &targets, classes, *decay, each)?;
                for (clip, _) in test() {
                    let segments = reference::softmax(&fit.logits(&clip.units), classes);
                    rows.extend(vote(&segments, classes, Vote::Mean).probabilities);
                }
            }
        }
        let mut best: Option<(f64, f32)> = None;
        for (rows, &decay) in rows.iter_mut().zip(decays) {
            let temperature = temperature::fit(&truth, rows, classes);
            rows.chunks_exact_mut(classes).for_each(|row| temperature::apply(row, temperature));
            let loss = CalibrationScores::of(&truth, rows, classes)?.log_loss;
            if best.is_none_or(|(smallest, _)| loss < smallest) {
                best = Some((loss, decay));
            }
        }
        Ok(best.map(|(_, decay)| decay))
    }

    /// Builds the network. Published ones are computed once per clip.
    fn network(
        &self,
        architecture: &Architecture,
        weights: &Weights,
    ) -> Result<Box<dyn Inference>, Error> {
        if architecture.backbones().next().is_some() && matches!(self.device, Device::Cpu) {
            let embeddings = Arc::clone(self.embeddings);
            return Ok(Box::new(CachedNetwork::new(architecture, weights, embeddings)?));
        }
        trainer::network(self.device, architecture, weights)
    }
}

/// The inputs of the output layer for some segments of a clip.
struct ClipInputs {
    /// (segment, input).
    units: Vec<f32>,
    segments: usize,
    label: u32,
}

/// Joins the inputs and the classes of the segments of those clips, by number, for which `condition` is true.
fn joined(clips: &[ClipInputs], condition: impl Fn(usize) -> bool) -> (Vec<f32>, Vec<u32>) {
    let (mut inputs, mut labels) = (Vec::new(), Vec::new());
    for (number, clip) in clips.iter().enumerate() {
        if condition(number) {
            inputs.extend_from_slice(&clip.units);
            labels.extend(std::iter::repeat_n(clip.label, clip.segments));
        }
    }
    (inputs, labels)
}

/// Returns the inputs for the segments of each clip that start at the frames `starts`.
fn inputs_of(
    predictor: &Predictor,
    clips: &[LabelledClip<'_>],
    starts: impl Fn(&ClipFeatures) -> Vec<usize>,
    observer: &dyn Observer,
) -> Result<Vec<ClipInputs>, Error> {
    let mut inputs = Vec::with_capacity(clips.len());
    for (done, clip) in clips.iter().enumerate() {
        if observer.stop() {
            return Err(Error::Interrupted);
        }
        let starts = starts(clip.features);
        let units = predictor.embed(clip.features, &starts)?.units;
        inputs.push(ClipInputs { units, segments: starts.len(), label: clip.label });
        observer.event(Event::Step { done: done + 1, total: clips.len() });
    }
    Ok(inputs)
}
