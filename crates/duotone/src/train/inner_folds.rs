//! Inner folds: networks that are trained on a part of the training clips, to see how well their decisions on the
//! others can be trusted.

use std::collections::BTreeSet;

use crate::classify::Vote;
use crate::classify::vote::vote;
use crate::confidence::{
    Calibrated, Confidence, Familiarity, HeldOut, PowerMeter, Recording, TrainingRange, UnitScale,
    UnitSums,
};
use crate::data::folds;
use crate::error::Error;
use crate::features::segments::{LabelledClip, consecutive};
use crate::progress::{Event, Observer};
use crate::train::ensemble::of_inner_fold;
use crate::train::run::{TrainedModel, TrainingRun};

/// Inner folds that choose among weight decays, if no other number is set.
pub(super) const DEFAULT_FOLDS: usize = 3;

impl TrainingRun<'_> {
    /// Assigns each training clip to one of at most `count` inner folds, with all clips of a group in one. `None`
    /// if there are too few clips or groups for two folds.
    pub(super) fn inner_folds(&self, count: usize) -> Option<Vec<usize>> {
        let labels: Vec<usize> = self.train.iter().map(|clip| clip.label as usize).collect();
        let groups: Option<Vec<usize>> = self.train.iter().map(|clip| clip.group).collect();
        let seed = self.settings.seed;
        (2..=count).rev().find_map(|k| folds(&labels, groups.as_deref(), k, seed).ok())
    }

    /// Measures in inner folds how far the decisions of a model can be trusted, unless the settings leave that
    /// out. The second value is `None` on a GPU, which does not return the inputs of the output layer.
    pub(crate) fn confidence(
        &self,
        trained: &TrainedModel,
        observer: &dyn Observer,
    ) -> Result<Option<(Confidence, Option<UnitScale>)>, Error> {
        if self.settings.calibrate == 0 {
            return Ok(None);
        }
        let Some(folds) = self.inner_folds(self.settings.calibrate) else {
            let warning = format!(
                "{}: not calibrated: there are too few files or groups of a label for two inner folds",
                self.name
            );
            observer.event(Event::Warning(&warning));
            return Ok(None);
        };
        let count = folds.iter().max().map_or(0, |most| most + 1);
        // Inner folds do not choose the weight decay again.
        let mut settings = self.settings.clone();
        if let Some(chosen) = trained.weight_decay {
            settings.weight_decays = vec![chosen];
        }
        let mut held_out = HeldOut { classes: self.labels.len(), ..HeldOut::default() };
        for fold in 0..count {
            let part = |held_out: bool| -> Vec<LabelledClip<'_>> {
                let clips = self.train.iter().zip(&folds);
                clips.filter(|(_, of)| (**of == fold) == held_out).map(|(clip, _)| *clip).collect()
            };
            let name = format!("{}, inner fold {} of {count}", self.name, fold + 1);
            let checkpoint = self.checkpoint.map(|path| of_inner_fold(path, fold));
            let train = part(false);
            let run = TrainingRun {
                name: &name,
                settings: &settings,
                train: &train,
                held_out: &[],
                checkpoint: checkpoint.as_deref(),
                ..*self
            };
            let network = run.fit(observer)?;
            run.decide(&network, &part(true), &mut held_out)?;
        }
        let Calibrated { file_temperature, segment_temperature, before, after, risk } =
            held_out.calibrated()?;
        let groups: Option<BTreeSet<usize>> = self.train.iter().map(|clip| clip.group).collect();
        let familiarity = Familiarity::new(&held_out.strangeness);
        let scale = self.unit_scale(trained)?.filter(|_| familiarity.is_some());
        let Some(range) = self.range() else { return Ok(None) };
        let confidence = Confidence {
            folds: count,
            files: self.train.len(),
            groups: groups.map(|groups| groups.len()),
            file_temperature,
            segment_temperature,
            before,
            after,
            risk,
            familiarity: familiarity.filter(|_| scale.is_some()),
            range,
        };
        Ok(Some((confidence, scale)))
    }

    /// Adds the decisions of a network that was trained by this run on clips that were held out of it.
    fn decide(
        &self,
        network: &TrainedModel,
        clips: &[LabelledClip<'_>],
        out: &mut HeldOut,
    ) -> Result<(), Error> {
        let scale = self.unit_scale(network)?;
        for clip in clips {
            let starts = consecutive(clip.features, self.front_end);
            let scores = network.predictor.scores(clip.features, &starts)?;
            let segments = scores.rows.len() / out.classes;
            out.truth.push(clip.label as usize);
            out.files.extend(vote(&scores.rows, out.classes, Vote::Mean).probabilities);
            out.segment_truth.extend(std::iter::repeat_n(clip.label as usize, segments));
            out.segments.extend(scores.rows);
            if let (Some(scale), Some(units)) = (&scale, &scores.units) {
                let mut sums = UnitSums::default();
                sums.add(units, scale.mean.len());
                out.strangeness.extend(sums.strangeness(scale));
            }
        }
        Ok(())
    }

    /// The inputs of the output layer over all training clips; `None` on a GPU.
    fn unit_scale(&self, network: &TrainedModel) -> Result<Option<UnitScale>, Error> {
        let mut sums = UnitSums::default();
        let inputs = network.predictor.network.architecture().last_inputs();
        for clip in self.train {
            let starts = consecutive(clip.features, self.front_end);
            match network.predictor.scores(clip.features, &starts)?.units {
                Some(units) => sums.add(&units, inputs),
                None => return Ok(None),
            }
        }
        Ok(Some(sums.scale()))
    }

    /// The range of the training clips' properties; `None` without clips.
    fn range(&self) -> Option<TrainingRange> {
        let recording = |clip: &LabelledClip<'_>| -> Recording {
            let mut meter = PowerMeter::default();
            meter.add(&clip.features.spectrogram);
            meter.finish(self.front_end, clip.features.source_rate)
        };
        let recordings: Vec<Recording> = self.train.iter().map(recording).collect();
        let conditioning = self.settings.conditioning;
        let level = !conditioning.level && conditioning.compression.is_none();
        TrainingRange::of(&recordings, level)
    }
}
