//! Training on features in memory, for callers that manage files and folds themselves.

use std::sync::Arc;

use duotone_audio::FrontEnd;

use crate::backbone::parts;
use crate::backend::Device;
use crate::data::hold_out;
use crate::error::Error;
use crate::features::ClipFeatures;
use crate::features::segments::LabelledClip;
use crate::model::trained_labels;
use crate::model::{LabelCount, Model, ModelCard, ModelSpec, TrainSettings};
use crate::plural::plural;
use crate::progress::{Event, Observer};
use crate::train::run::{TrainingRun, clips_digest};

/// A model to train on clips in memory.
#[derive(Clone, Debug)]
pub struct ClipsJob<'a> {
    /// The clips, all extracted with `front_end`.
    pub clips: &'a [&'a ClipFeatures],
    /// Class number of each clip: an index into `labels`.
    pub classes: &'a [usize],
    /// Group number of each clip (any numbers). Either all clips of a group are held out, or none.
    pub groups: Option<&'a [usize]>,
    /// The labels.
    pub labels: &'a [String],
    /// The recipe.
    pub recipe: ModelSpec,
    /// The front end that the clips were extracted with.
    pub front_end: FrontEnd,
    /// The training settings.
    pub settings: TrainSettings,
}

/// Trains a model like [`train`](crate::train::train()), but on clips in memory and without writing
/// any file.
///
/// # Errors
/// [`Error::Setting`] if a setting is invalid; [`Error::Input`] if the fields of `job` do not match
/// each other or a label has no clip; [`Error::FeatureSize`] if a clip does not match the front end;
/// [`Error::Split`] if no clip can be held out; [`Error::Network`] if the architecture is invalid;
/// [`Error::Diverged`]; [`Error::Interrupted`].
pub fn train_clips(job: &ClipsJob<'_>, observer: &dyn Observer) -> Result<Model, Error> {
    job.check()?;
    let used: Vec<usize> = (0..job.clips.len()).filter(|&i| !job.clips[i].notes.silent).collect();
    job.warnings(used.len()).iter().for_each(|warning| observer.event(Event::Warning(warning)));
    let pick = |all: &[usize]| used.iter().map(|&clip| all[clip]).collect::<Vec<_>>();
    let held_out = match job.settings.validation {
        0.0 => vec![false; used.len()],
        share => {
            let groups = job.groups.map(pick);
            hold_out(&pick(job.classes), groups.as_deref(), share, job.settings.seed)?
        }
    };
    let labelled = |wanted: bool| {
        let clips = used.iter().zip(&held_out).filter(|&(_, &out)| out == wanted);
        let example = |(&clip, _): (&usize, _)| LabelledClip {
            features: job.clips[clip],
            label: job.classes[clip] as u32,
            group: job.groups.map(|groups| groups[clip]),
        };
        clips.map(example).collect()
    };
    let (train, held_out): (Vec<_>, Vec<_>) = (labelled(false), labelled(true));
    let run = TrainingRun {
        name: &job.recipe.name,
        recipe: &job.recipe,
        front_end: &job.front_end,
        labels: job.labels,
        settings: &job.settings,
        train: &train,
        held_out: &held_out,
        device: &Device::Cpu,
        checkpoint: None,
        resume: false,
        embeddings: &Arc::default(),
    };
    let architecture = run.architecture();
    let trained = run.fit(observer)?;
    let group_column = job.groups.map(|_| "group");
    let measured = run.measure(&trained.predictor, group_column)?;
    let (confidence, familiarity) = run.confidence(&trained, observer)?.unzip();
    let backbones = parts::cards(&architecture)?;
    let card = ModelCard {
        version: env!("CARGO_PKG_VERSION").into(),
        recipe: job.recipe.name.clone(),
        architecture,
        backbones,
        front_end: job.front_end.clone(),
        labels: trained_labels(job.labels, classes_of(&train), classes_of(&held_out)),
        settings: job.settings.clone(),
        collection_digest: clips_digest(&[&train, &held_out]),
        label_column: "label".into(),
        group_column: group_column.map(Into::into),
        weight_decay: trained.weight_decay,
        measured,
        confidence,
        history: trained.history,
    };
    let familiarity = familiarity.flatten();
    Ok(Model { card, scaler: trained.predictor.scaler, weights: trained.weights, familiarity })
}

fn classes_of(labelled: &[LabelledClip<'_>]) -> Vec<usize> {
    labelled.iter().map(|example| example.label as usize).collect()
}

impl ClipsJob<'_> {
    /// Warnings about the clips, of which `used` are not silent.
    fn warnings(&self, used: usize) -> Vec<String> {
        let repeated = self.clips.iter().filter(|clip| clip.notes.repeated).count();
        let warning = |count: usize, what: &str| {
            (count > 0).then(|| format!("{}: {what}", plural(count, "clip")))
        };
        let silent = warning(self.clips.len() - used, "silent, so skipped: nothing to learn from");
        let repeated = warning(repeated, "shorter than a segment");
        silent.into_iter().chain(repeated).collect()
    }

    fn check(&self) -> Result<(), Error> {
        let wrong = |message: String| Err(Error::Input(message));
        self.settings.validate()?;
        let groups = self.groups.map_or(self.clips.len(), <[usize]>::len);
        if self.classes.len() != self.clips.len() || groups != self.clips.len() {
            return wrong(format!(
                "{} clips, {} classes, {groups} groups: one per clip is needed",
                self.clips.len(),
                self.classes.len()
            ));
        }
        let counts = self.label_counts();
        if self.classes.iter().any(|&class| class >= counts.len()) {
            return wrong(format!("a class number is not less than {}", counts.len()));
        }
        if counts.len() < 2 {
            return wrong(format!("{}: at least two are needed", plural(counts.len(), "label")));
        }
        if let Some(empty) = counts.iter().find(|count| count.clips == 0) {
            return wrong(format!(
                "no usable clip of the label `{}`: there is none, or all are silent",
                empty.name
            ));
        }
        self.clips.iter().try_for_each(|clip| clip.check(&self.front_end))
    }

    /// The number of clips of each label, without silent ones.
    fn label_counts(&self) -> Vec<LabelCount> {
        let sounding =
            || self.classes.iter().zip(self.clips).filter(|(_, clip)| !clip.notes.silent);
        let clips = |c| sounding().filter(|&(&class, _)| class == c).count();
        let count =
            |(c, name): (usize, &String)| LabelCount { name: name.clone(), clips: clips(c) };
        self.labels.iter().enumerate().map(count).collect()
    }
}

#[cfg(test)]
mod tests {
    use duotone_audio::Segmenter;

    use super::{ClipsJob, train_clips};
    use crate::classify::{Classifier, ClassifyOptions};
    use crate::error::Error;
    use crate::features::ClipFeatures;
    use crate::fixtures::{clip, front_end, recipe};
    use crate::model::TrainSettings;
    use crate::progress::{Event, Observer};

    fn labels() -> Vec<String> {
        vec!["low".into(), "high".into()]
    }

    fn job<'a>(
        clips: &'a [&'a ClipFeatures],
        classes: &'a [usize],
        labels: &'a [String],
    ) -> ClipsJob<'a> {
        let settings = TrainSettings {
            epochs: 20,
            learning_rate: 0.1,
            segments: Segmenter::Random(4),
            validation: 0.25,
            ..Default::default()
        };
        let (recipe, front_end) = (recipe(), front_end());
        ClipsJob { clips, classes, groups: None, labels, recipe, front_end, settings }
    }

    #[test]
    fn learns_and_measures_accuracy_on_held_out_clips() {
        let classes: Vec<usize> = (0..16).map(|i| i % 2).collect();
        let clips: Vec<_> = (0..16).map(|i| clip(i, i as usize % 2, 40)).collect();
        let clips: Vec<&ClipFeatures> = clips.iter().collect();
        let labels = labels();
        let model = train_clips(&job(&clips, &classes, &labels), &()).unwrap();
        let measured = model.card.measured.clone().unwrap();
        assert_eq!((measured.clips, model.card.history.len()), (4, 20));
        assert_eq!((model.card.training_clips(), model.card.held_out_clips()), (12, 4));
        assert!(model.card.labels.iter().all(|l| (l.clips, l.held_out) == (6, 2)));
        assert!(measured.protocol.contains("25 %"), "{}", measured.protocol);
        let classifier = Classifier::new(model).unwrap();
        for (number, label) in labels.iter().enumerate() {
            let new = clip(100 + number as u64, number, 30);
            let options = ClassifyOptions::default();
            let decision = classifier.classify_clip("new".as_ref(), &new, &options).unwrap();
            assert_eq!(decision.label, *label);
            assert_eq!(classifier.embed_clip(&new).unwrap().units.len() % 8, 0);
        }
    }

    #[derive(Default)]
    struct Warnings(std::sync::Mutex<Vec<String>>);

    impl Observer for Warnings {
        fn event(&self, event: Event<'_>) {
            if let Event::Warning(warning) = event {
                self.0.lock().unwrap().push(warning.to_owned());
            }
        }
    }

    #[test]
    fn ignores_silent_clips() {
        let mut clips: Vec<_> = (0..10).map(|i| clip(i, i as usize % 2, 40)).collect();
        let mut classes: Vec<usize> = (0..10).map(|i| i % 2).collect();
        let labels = labels();
        let train = |clips: &[ClipFeatures], classes: &[usize], warnings: &Warnings| {
            let clips: Vec<&ClipFeatures> = clips.iter().collect();
            train_clips(&job(&clips, classes, &labels), warnings)
        };
        let without = train(&clips, &classes, &Warnings::default()).unwrap();
        for number in [50, 51] {
            let mut silent = clip(number, 0, 40);
            silent.notes.silent = true;
            clips.insert(3, silent);
            classes.insert(3, 0);
        }
        clips[0].notes.repeated = true;
        let warnings = Warnings::default();
        assert_eq!(train(&clips, &classes, &warnings).unwrap(), without);
        let warnings = warnings.0.into_inner().unwrap();
        assert!(warnings[0].starts_with("2 clips: silent"), "{warnings:?}");
        assert!(warnings[1].starts_with("1 clip: shorter than a segment"), "{warnings:?}");
        clips.iter_mut().zip(&classes).for_each(|(clip, &class)| clip.notes.silent |= class == 1);
        let error = train(&clips, &classes, &Warnings::default()).unwrap_err().to_string();
        assert!(error.contains("`high`") && error.contains("silent"), "{error}");
    }

    #[test]
    fn mismatched_fields_are_refused() {
        let one = clip(0, 0, 40);
        let short = clip(1, 1, 5);
        let labels = labels();
        for (clips, classes, words) in [
            (vec![&one, &one], vec![0], "one per clip"),
            (vec![&one, &one], vec![0, 2], "not less than 2"),
            (vec![&one, &one], vec![0, 0], "`high`"),
            (vec![&one, &short], vec![0, 1], "5 frames"),
        ] {
            let error = train_clips(&job(&clips, &classes, &labels), &()).unwrap_err();
            assert!(matches!(error, Error::Input(_) | Error::FeatureSize { .. }), "{error:?}");
            assert!(error.to_string().contains(words), "{error}");
        }
    }
}
