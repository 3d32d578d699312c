use std::path::{Path, PathBuf};

use duotone_audio::Spectrogram;
use duotone_nn::Embedding;
use rayon::prelude::*;

use crate::backend::{Device, trainer};
use crate::classify::decision::Decision;
use crate::classify::excerpts::Excerpts;
use crate::classify::options::ClassifyOptions;
use crate::classify::predictor::{Predictor, Scores};
use crate::confidence::{PowerMeter, UnitScale, UnitSums};
use crate::error::Error;
use crate::features::each_file::each_file;
use crate::features::pieces::pieces;
use crate::features::segments::consecutive;
use crate::features::{ClipFeatures, Notes};
use crate::io::SkippedFile;
use crate::model::{Model, ModelCard};
use crate::progress::Observer;

/// A model that classifies recordings.
#[derive(Debug)]
pub struct Classifier {
    pub(super) card: ModelCard,
    predictor: Predictor,
    /// By which unfamiliar recordings are recognised.
    pub(super) familiarity: Option<UnitScale>,
}

/// The network's outputs for one file.
#[derive(Default)]
pub(super) struct FileScores {
    /// Probabilities (segments × classes).
    pub(super) rows: Vec<f64>,
    /// Start of each segment in seconds.
    pub(super) starts: Vec<f64>,
    /// Length of the whole file in seconds.
    pub(super) seconds: f64,
    pub(super) notes: Notes,
    /// Start and end of each excerpt in seconds, unless the whole file was decoded.
    pub(super) excerpts: Option<Vec<(f64, f64)>>,
    /// Sample rate of the file in hertz.
    pub(super) source_rate: u32,
    /// The inputs of the output layer, if they are needed.
    pub(super) units: UnitSums,
    pub(super) power: PowerMeter,
}

impl Classifier {
    /// Reads a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        Self::new(Model::load(path)?)
    }

    /// Prepares a model for classification on the CPU.
    ///
    /// # Errors
    /// [`Error::Network`] if the weights do not match the architecture.
    pub fn new(model: Model) -> Result<Self, Error> {
        Self::on(&Device::Cpu, model)
    }

    /// Prepares a model for classification on a device.
    ///
    /// # Errors
    /// As [`new`](Self::new); [`Error::Device`] if the GPU has too little memory.
    pub fn on(device: &Device, model: Model) -> Result<Self, Error> {
        let Model { card, scaler, weights, familiarity } = model;
        let network = trainer::network(device, &card.architecture, &weights)?;
        let familiarity = familiarity.filter(|_| network.has_embeddings());
        Ok(Self { card, predictor: Predictor { network, scaler }, familiarity })
    }

    /// The description stored in the model.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Classifies a file.
    ///
    /// # Errors
    /// [`Error::AudioFile`] if the file cannot be used; [`Error::Setting`] if there are no excerpts or
    /// they are shorter than a segment of the model; [`Error::Model`] if the model's outputs are not
    /// finite.
    pub fn classify_file(
        &self,
        path: impl AsRef<Path>,
        options: &ClassifyOptions,
    ) -> Result<Decision, Error> {
        let path = path.as_ref();
        self.classify_path(path, options).map_err(|error| match error {
            Error::Audio(source) => Error::AudioFile { path: path.into(), source },
            other => other,
        })
    }

    /// As [`classify_file`](Self::classify_file), but errors do not name the file.
    fn classify_path(&self, path: &Path, options: &ClassifyOptions) -> Result<Decision, Error> {
        let scores = match options.excerpts {
            Some(excerpts) => self.score_excerpts(path, excerpts)?,
            None => self.score_file(path)?,
        };
        self.decide(path, scores, options)
    }

    /// Classifies mono samples at a sample rate in hertz, as if they were read from a file. `path`
    /// becomes the path of the decision. Full scale is 1: 16-bit samples must be divided by 32,768.
    /// `options.excerpts` is ignored.
    ///
    /// # Errors
    /// [`Error::Audio`] if there are no samples, some are not finite, or the rate is below 8,000 or
    /// above 192,000 Hz; [`Error::Model`] if the model's outputs are not finite.
    pub fn classify_samples(
        &self,
        path: &Path,
        samples: &[f32],
        rate: u32,
        options: &ClassifyOptions,
    ) -> Result<Decision, Error> {
        let extraction = duotone_audio::extract_samples(samples, rate, &self.card.front_end)?;
        let mut scores = FileScores {
            seconds: samples.len() as f64 / f64::from(rate),
            source_rate: rate,
            notes: Notes::of(&extraction),
            ..FileScores::default()
        };
        self.part(&mut scores, 0.0, extraction.spectrogram)?;
        self.decide(path, scores, options)
    }

    /// Classifies a clip whose features were extracted with the model's front end. `path` becomes the
    /// path of the decision, and its length is that of the frames. `options.excerpts` is ignored.
    ///
    /// # Errors
    /// [`Error::FeatureSize`] if the features do not match the model's front end; [`Error::Model`] if
    /// the model's outputs are not finite.
    pub fn classify_clip(
        &self,
        path: &Path,
        clip: &ClipFeatures,
        options: &ClassifyOptions,
    ) -> Result<Decision, Error> {
        clip.check(&self.card.front_end)?;
        let mut scores = FileScores {
            seconds: clip.frames() as f64 * self.card.front_end.frame_seconds(),
            notes: clip.notes.clone(),
            source_rate: clip.source_rate,
            ..FileScores::default()
        };
        self.segments(&mut scores, 0.0, clip)?;
        self.decide(path, scores, options)
    }

    /// Embeddings of a clip's consecutive segments.
    ///
    /// # Errors
    /// As [`classify_clip`](Self::classify_clip); [`Error::Device`] on a GPU.
    pub fn embed_clip(&self, clip: &ClipFeatures) -> Result<Embedding, Error> {
        clip.check(&self.card.front_end)?;
        self.predictor.embed(clip, &consecutive(clip, &self.card.front_end))
    }

    /// Scores the whole file, some segments at a time, so that a recording of hours takes no more
    /// memory than a song.
    fn score_file(&self, path: &Path) -> Result<FileScores, Error> {
        let mut scores = FileScores::default();
        let whole = pieces(path, &self.card.front_end, |start, piece| {
            self.segments(&mut scores, start, &piece)
        })?;
        scores.seconds = whole.seconds;
        scores.notes = whole.notes;
        scores.source_rate = whole.source_rate;
        Ok(scores)
    }

    fn check_excerpts(&self, excerpts: Excerpts) -> Result<(), Error> {
        if excerpts.count == 0 {
            return Err(Error::setting("excerpts", "0 excerpts: choose at least 1"));
        }
        let segment = self.segment_seconds();
        if f64::from(excerpts.seconds) < segment {
            let reason = format!(
                "excerpts of {} s are shorter than a segment of the model: use at least {} s",
                excerpts.seconds,
                segment.ceil()
            );
            return Err(Error::setting("excerpts", reason));
        }
        Ok(())
    }

    /// Scores excerpts, or the whole file if they would cover nearly all of it or its length is
    /// unknown.
    fn score_excerpts(&self, path: &Path, excerpts: Excerpts) -> Result<FileScores, Error> {
        self.check_excerpts(excerpts)?;
        let file = duotone_audio::Measured::open(path)?;
        let length = file.info().seconds;
        let Some((seconds, ranges)) = length.and_then(|s| Some((s, excerpts.ranges(s)?))) else {
            return self.score_file(path);
        };
        let extract = |range| match file.extract_range(&self.card.front_end, range) {
            // The file is shorter than its header states.
            Err(duotone_audio::Error::NoAudio) => Ok(None),
            extracted => extracted.map(Some),
        };
        let extracted: Vec<_> =
            ranges.into_par_iter().with_max_len(1).map(extract).collect::<Result<_, _>>()?;
        // The identity of `Notes::add`.
        let notes = Notes { silent: true, ..Notes::default() };
        let source_rate = file.info().sample_rate;
        let mut scores = FileScores { seconds, notes, source_rate, ..FileScores::default() };
        let missing = extracted.iter().filter(|part| part.is_none()).count();
        let mut parts = Vec::new();
        for (range, extraction) in extracted.into_iter().flatten() {
            scores.notes.add(Notes::of(&extraction));
            self.part(&mut scores, range.start, extraction.spectrogram)?;
            parts.push((range.start, range.end));
        }
        if parts.is_empty() {
            return self.score_file(path);
        }
        if missing > 0 {
            scores.notes.warnings.push(format!(
                "{missing} of {} excerpts missing: the file ends before its stated length",
                missing + parts.len()
            ));
        }
        scores.excerpts = Some(parts);
        Ok(scores)
    }

    /// Adds the scores of a part of a file that starts at `start` seconds.
    fn part(&self, scores: &mut FileScores, start: f64, part: Spectrogram) -> Result<(), Error> {
        let clip = ClipFeatures::of_part(part, &self.card.front_end);
        self.segments(scores, start, &clip)
    }

    /// Adds the scores of the consecutive segments of features that start at `start` seconds.
    fn segments(
        &self,
        scores: &mut FileScores,
        start: f64,
        clip: &ClipFeatures,
    ) -> Result<(), Error> {
        let front_end = &self.card.front_end;
        let frames = consecutive(clip, front_end);
        match &self.familiarity {
            None => scores.rows.extend(self.predictor.probabilities(clip, &frames)?),
            Some(scale) => {
                let Scores { rows, units } = self.predictor.scores(clip, &frames)?;
                scores.rows.extend(rows);
                scores.units.add(&units.unwrap_or_default(), scale.mean.len());
            }
        }
        if self.card.confidence.is_some() {
            scores.power.add(&clip.spectrogram);
        }
        let frame_seconds = front_end.frame_seconds();
        scores.starts.extend(frames.iter().map(|&frame| start + frame as f64 * frame_seconds));
        Ok(())
    }

    pub(super) fn segment_seconds(&self) -> f64 {
        let front_end = &self.card.front_end;
        front_end.segment_samples() as f64 / f64::from(front_end.sample_rate)
    }

    /// Classifies many files in parallel, one per thread of the current rayon pool. Calls `each` with
    /// every result in the order of `paths`, as soon as all earlier ones are available. The observer
    /// receives [`Event::Extracted`](crate::progress::Event) for every file, with counts that never
    /// decrease.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer asks to stop; [`Error::Setting`] if there are no excerpts
    /// or they are shorter than a segment of the model. A file that cannot be used is not an error:
    /// `each` receives a [`SkippedFile`] for it.
    pub fn classify_many(
        &self,
        paths: &[PathBuf],
        options: &ClassifyOptions,
        observer: &dyn Observer,
        each: impl FnMut(Result<Decision, SkippedFile>) + Send,
    ) -> Result<(), Error> {
        options.excerpts.map_or(Ok(()), |excerpts| self.check_excerpts(excerpts))?;
        self.threshold(options)?;
        each_file(paths, observer, |path| self.classify_path(path, options), each)
    }
}
