//! Training of several networks with different seeds, as one model.

use std::path::{Path, PathBuf};

use duotone_nn::Weights;

use crate::backend::trainer;
use crate::classify::predictor::Predictor;
use crate::error::Error;
use crate::io::write;
use crate::model::{EpochRecord, TrainSettings};
use crate::progress::Observer;
use crate::train::run::{TrainedModel, TrainingRun};

impl TrainingRun<'_> {
    /// Trains the networks one after the other and joins them. They share the scaler of the first.
    pub(super) fn fit_ensemble(&self, observer: &dyn Observer) -> Result<TrainedModel, Error> {
        let count = self.settings.networks;
        let scaler = self.start()?.scaler;
        let (mut networks, mut histories) = (Vec::new(), Vec::new());
        for number in 0..count {
            let settings = TrainSettings {
                networks: 1,
                seed: self.settings.seed.wrapping_add(number as u64),
                ..self.settings.clone()
            };
            let name = format!("{}, network {} of {count}", self.name, number + 1);
            let checkpoint = self.checkpoint.map(|path| numbered(path, number));
            let run = TrainingRun {
                name: &name,
                settings: &settings,
                checkpoint: checkpoint.as_deref(),
                ..*self
            };
            let trained = run.fit_network(Some(&scaler), observer)?;
            networks.push(trained.weights);
            histories.push(trained.history);
        }
        let weights = Weights::side_by_side(&self.network_architecture(), &networks)?;
        let network = trainer::network(self.device, &self.architecture(), &weights)?;
        let history = mean_history(&histories);
        let predictor = Predictor { network, scaler };
        Ok(TrainedModel { predictor, weights, history, weight_decay: None })
    }

    /// Removes the checkpoints of all networks, those of inner folds too.
    pub(crate) fn remove_checkpoints(&self) -> Result<(), Error> {
        let Some(path) = self.checkpoint else { return Ok(()) };
        checkpoints(path, self.settings).iter().try_for_each(|path| write::remove(path))
    }
}

/// Returns the paths of all checkpoints of a run, given the first one: one per network, and the same for each
/// inner fold.
pub(crate) fn checkpoints(first: &Path, settings: &TrainSettings) -> Vec<PathBuf> {
    let inner = (0..settings.calibrate).map(|fold| of_inner_fold(first, fold));
    let runs = std::iter::once(first.to_owned()).chain(inner);
    runs.flat_map(|run| (0..settings.networks).map(move |number| numbered(&run, number))).collect()
}

/// Returns the checkpoint path of an inner fold, counted from 0.
pub(super) fn of_inner_fold(first: &Path, fold: usize) -> PathBuf {
    write::with_suffix(first, &format!("-inner{}", fold + 1))
}

fn numbered(first: &Path, number: usize) -> PathBuf {
    match number {
        0 => first.to_owned(),
        _ => write::with_suffix(first, &format!("-{}", number + 1)),
    }
}

/// Returns the networks' mean loss and accuracy after each epoch.
fn mean_history(histories: &[Vec<EpochRecord>]) -> Vec<EpochRecord> {
    let epochs = histories.iter().map(Vec::len).min().unwrap_or(0);
    let mean = |values: Vec<f64>| values.iter().sum::<f64>() / values.len().max(1) as f64;
    let of_epoch = |epoch: usize| {
        let records: Vec<&EpochRecord> = histories.iter().map(|history| &history[epoch]).collect();
        let optional = |value: fn(&EpochRecord) -> Option<f64>| {
            let values: Option<Vec<f64>> = records.iter().map(|record| value(record)).collect();
            values.map(mean)
        };
        EpochRecord {
            epoch: epoch + 1,
            loss: mean(records.iter().map(|record| record.loss).collect()),
            accuracy: mean(records.iter().map(|record| record.accuracy).collect()),
            validation_loss: optional(|record| record.validation_loss),
            validation_accuracy: optional(|record| record.validation_accuracy),
        }
    };
    (0..epochs).map(of_epoch).collect()
}
