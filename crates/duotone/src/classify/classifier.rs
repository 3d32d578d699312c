use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use duotone_audio::Spectrogram;
use duotone_nn::Embedding;
use rayon::prelude::*;
use serde::{Serialize, Serializer};

use crate::backend::{Device, trainer};
use crate::classify::predictor::Predictor;
use crate::classify::vote::{largest, vote};
use crate::classify::{Excerpts, Vote};
use crate::error::Error;
use crate::features::segments::consecutive;
use crate::features::{ClipFeatures, Notes};
use crate::io::LeftOut;
use crate::model::{Model, ModelCard};
use crate::progress::{Event, Observer};

/// Segments of a file that are decided at a time: three minutes of music, one batch of the network.
const PIECE_SEGMENTS: usize = 64;

/// A model ready to decide on files.
#[derive(Debug)]
pub struct Classifier {
    card: ModelCard,
    predictor: Predictor,
}

/// What a caller wants to know of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassifyOptions {
    /// How segments decide together.
    pub vote: Vote,
    /// Whether single segments' probabilities are wanted, too.
    pub segments: bool,
    /// Listen to these only; to the whole where they would cover it or its length is not told.
    pub excerpts: Option<Excerpts>,
}

/// The scores of one file.
#[derive(Default)]
struct FileScores {
    /// One row of classes a segment.
    rows: Vec<f64>,
    /// Each segment's start in seconds.
    begins: Vec<f64>,
    /// How long the whole file plays.
    seconds: f64,
    notes: Notes,
    /// Where not the whole file was decoded.
    excerpts: Option<Vec<(f64, f64)>>,
}

/// The decision on a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The file as the caller named it.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// The class decided for.
    pub label: String,
    /// Each class and its probability, in the model's order; an object in JSON.
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
    /// How long the file plays, in seconds.
    pub seconds: f64,
    /// What the user should know of the file; its fields stand beside the others in JSON.
    #[serde(flatten)]
    pub notes: Notes,
    /// Start and end in seconds of the excerpts that decided, where not the whole file did.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub excerpts: Option<Vec<(f64, f64)>>,
    /// Segment by segment, where asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segments: Option<Vec<SegmentDecision>>,
}

/// What the network says of one segment.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SegmentDecision {
    /// Where it starts, in seconds.
    pub start_seconds: f64,
    /// Where it ends, in seconds.
    pub end_seconds: f64,
    /// The most probable class.
    pub label: String,
    /// Each class and its probability, in the model's order; an object in JSON.
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
}

fn as_object<S: Serializer>(pairs: &[(String, f64)], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_map(pairs.iter().map(|(label, probability)| (label, probability)))
}

impl Classifier {
    /// Reads a model file.
    ///
    /// # Errors
    /// As [`Model::load`].
    pub fn load(path: &Path) -> Result<Self, Error> {
        Self::new(Model::load(path)?)
    }

    /// Makes a model ready.
    ///
    /// # Errors
    /// [`Error::Network`] when its weights do not fit its architecture.
    pub fn new(model: Model) -> Result<Self, Error> {
        Self::on(&Device::Cpu, model)
    }

    /// Makes a model ready on a device.
    ///
    /// # Errors
    /// As [`new`](Self::new), and [`Error::Device`] for a GPU that is too small for it.
    pub fn on(device: &Device, model: Model) -> Result<Self, Error> {
        let Model { card, scaler, weights } = model;
        let network = trainer::network(device, &card.architecture, &weights)?;
        Ok(Self { card, predictor: Predictor { network, scaler } })
    }

    /// What the model says of itself.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.card
    }

    /// Decides on one file, by its consecutive segments or those of its excerpts.
    ///
    /// # Errors
    /// [`Error::Audio`] for a file that cannot be used, whose message gives the reason but not the
    /// file's name; [`Error::Settings`] for no excerpts at all or excerpts shorter than a segment.
    pub fn classify_file(&self, path: &Path, options: &ClassifyOptions) -> Result<Decision, Error> {
        let scores = match options.excerpts {
            Some(excerpts) => self.score_excerpts(path, excerpts)?,
            None => self.score_file(path)?,
        };
        self.decide(path, scores, options)
    }

    /// Decides on mono samples at a rate in hertz, as on a file that holds them; `path` is what the
    /// decision calls them. Full scale is 1: samples of 16 bits are divided by 32,768 first. Excerpts
    /// are not taken of them.
    ///
    /// # Errors
    /// [`Error::Audio`] for samples that cannot be used: none at all, some that are not finite, or a
    /// rate below 8,000 or above 192,000 Hz.
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
            notes: Notes::of(&extraction),
            ..FileScores::default()
        };
        self.part(&mut scores, 0.0, extraction.spectrogram)?;
        self.decide(path, scores, options)
    }

    /// Decides on one clip whose features this model's front end made, by its consecutive
    /// segments; `path` is what the decision calls it. Excerpts are not taken of it, and its seconds
    /// are those of its frames.
    ///
    /// # Errors
    /// [`Error::Settings`] for features of another size, or a model that cannot be computed with.
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
            ..FileScores::default()
        };
        self.segments(&mut scores, 0.0, clip)?;
        self.decide(path, scores, options)
    }

    /// What the network finds in a clip's consecutive segments before it decides.
    ///
    /// # Errors
    /// As [`classify_clip`](Self::classify_clip).
    pub fn embed_clip(&self, clip: &ClipFeatures) -> Result<Embedding, Error> {
        clip.check(&self.card.front_end)?;
        self.predictor.embed(clip, &consecutive(clip, &self.card.front_end))
    }

    fn decide(
        &self,
        path: &Path,
        scores: FileScores,
        options: &ClassifyOptions,
    ) -> Result<Decision, Error> {
        let card = &self.card;
        if scores.rows.iter().any(|p| !p.is_finite()) {
            let reason =
                "the model produced non-finite outputs; retrain it with a lower learning rate";
            return Err(Error::Settings(reason.into()));
        }
        let classes = card.labels.len();
        let voted = vote(&scores.rows, classes, options.vote);
        let length = self.segment_seconds();
        let segment = |(&begin, row): (&f64, &[f64])| SegmentDecision {
            start_seconds: begin,
            end_seconds: begin + length,
            label: card.labels[largest(row)].name.clone(),
            probabilities: self.named(row),
        };
        let segments = || scores.begins.iter().zip(scores.rows.chunks_exact(classes)).map(segment);
        Ok(Decision {
            path: path.to_owned(),
            label: card.labels[voted.winner].name.clone(),
            probabilities: self.named(&voted.probabilities),
            seconds: scores.seconds,
            notes: scores.notes,
            excerpts: scores.excerpts,
            segments: options.segments.then(|| segments().collect()),
        })
    }

    /// The whole file, some segments at a time: a recording of hours needs no more memory than a
    /// song.
    fn score_file(&self, path: &Path) -> Result<FileScores, Error> {
        let front_end = &self.card.front_end;
        let frames = front_end.piece_frames(PIECE_SEGMENTS);
        let step = PIECE_SEGMENTS * front_end.segment_hops();
        let piece_seconds = step as f64 * front_end.frame_seconds();
        let mut scores = FileScores::default();
        let mut begin = 0.0;
        let last = duotone_audio::extract_pieces(path, front_end, frames, step, |piece| {
            self.part(&mut scores, begin, piece)?;
            begin += piece_seconds;
            Ok::<_, Error>(())
        })?;
        let played = begin + last.spectrogram.frames() as f64 * front_end.frame_seconds();
        scores.seconds = last.source.seconds.unwrap_or(played);
        scores.notes = Notes::of(&last);
        self.part(&mut scores, begin, last.spectrogram)?;
        Ok(scores)
    }

    fn check_excerpts(&self, excerpts: Excerpts) -> Result<(), Error> {
        if excerpts.count == 0 {
            return Err(Error::Settings("0 excerpts: choose at least 1".into()));
        }
        let least = self.segment_seconds();
        if f64::from(excerpts.seconds) < least {
            return Err(Error::Settings(format!(
                "excerpts of {} s are shorter than a segment of the model: use at least {} s",
                excerpts.seconds,
                least.ceil()
            )));
        }
        Ok(())
    }

    /// Excerpts only, unless they would cover the whole or its length is not told.
    fn score_excerpts(&self, path: &Path, excerpts: Excerpts) -> Result<FileScores, Error> {
        self.check_excerpts(excerpts)?;
        let file = duotone_audio::Measured::open(path)?;
        let told = file.info().seconds;
        let Some((seconds, ranges)) = told.and_then(|s| Some((s, excerpts.ranges(s)?))) else {
            return self.score_file(path);
        };
        let extract = |range| match file.extract_range(&self.card.front_end, range) {
            // It told more than it holds.
            Err(duotone_audio::Error::NoAudio) => Ok(None),
            extracted => extracted.map(Some),
        };
        let extracted: Vec<_> =
            ranges.into_par_iter().with_max_len(1).map(extract).collect::<Result<_, _>>()?;
        // Silent until a part is not.
        let notes = Notes { silent: true, ..Notes::default() };
        let mut scores = FileScores { seconds, notes, ..FileScores::default() };
        let mut parts = Vec::new();
        for (range, extraction) in extracted.into_iter().flatten() {
            scores.notes.add(Notes::of(&extraction));
            self.part(&mut scores, range.start, extraction.spectrogram)?;
            parts.push((range.start, range.end));
        }
        if parts.is_empty() {
            return self.score_file(path);
        }
        scores.excerpts = Some(parts);
        Ok(scores)
    }

    /// Adds what the network says of a part of a file that begins at so many seconds.
    fn part(&self, scores: &mut FileScores, begin: f64, part: Spectrogram) -> Result<(), Error> {
        let clip = ClipFeatures {
            spectrogram: part,
            digest: String::new(),
            source_rate: self.card.front_end.sample_rate,
            notes: Notes::default(),
        };
        self.segments(scores, begin, &clip)
    }

    /// Adds what the network says of the consecutive segments of features that begin at so many
    /// seconds.
    fn segments(
        &self,
        scores: &mut FileScores,
        begin: f64,
        clip: &ClipFeatures,
    ) -> Result<(), Error> {
        let front_end = &self.card.front_end;
        let starts = consecutive(clip, front_end);
        scores.rows.extend(self.predictor.probabilities(clip, &starts)?);
        let frame = front_end.frame_seconds();
        scores.begins.extend(starts.iter().map(|&start| begin + start as f64 * frame));
        Ok(())
    }

    fn segment_seconds(&self) -> f64 {
        let front_end = &self.card.front_end;
        front_end.segment_samples() as f64 / f64::from(front_end.sample_rate)
    }

    fn named(&self, probabilities: &[f64]) -> Vec<(String, f64)> {
        let labels = self.card.labels.iter().map(|label| label.name.clone());
        labels.zip(probabilities.iter().copied()).collect()
    }

    /// Decides on many files in parallel, one on each thread, and hands each result to `each` in
    /// the order of `paths` as soon as those before it are there. The threads are the current rayon
    /// pool's. The observer gets [`Event::Extracted`](crate::progress::Event) for every file, with a
    /// rising count.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the observer asks to stop, [`Error::Settings`] for no excerpts or
    /// excerpts shorter than a segment; single bad files go to `each`.
    pub fn classify_many(
        &self,
        paths: &[PathBuf],
        options: &ClassifyOptions,
        observer: &dyn Observer,
        each: impl FnMut(Result<Decision, LeftOut>) + Send,
    ) -> Result<(), Error> {
        options.excerpts.map_or(Ok(()), |excerpts| self.check_excerpts(excerpts))?;
        // Held while the observer is told, so that it sees the count rise.
        let done = Mutex::new(0);
        let one = |path: &PathBuf| {
            if observer.stop() {
                return Err(Error::Interrupted);
            }
            let result = self
                .classify_file(path, options)
                .map_err(|e| LeftOut { path: path.clone(), reason: e.to_string() });
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            observer.event(Event::Extracted { done: *done, total: paths.len(), path });
            if let Err(left_out) = &result {
                observer.event(Event::LeftOut(left_out));
            }
            Ok(result)
        };
        let out = Mutex::new((0, BTreeMap::new(), each));
        // Files are begun in their order, and no thread waits for another but at the very end.
        paths.iter().enumerate().par_bridge().try_for_each(|(i, path)| {
            let result = one(path)?;
            let mut out = out.lock().unwrap_or_else(PoisonError::into_inner);
            let (next, waiting, each) = &mut *out;
            waiting.insert(i, result);
            while let Some(result) = waiting.remove(next) {
                *next += 1;
                each(result);
            }
            Ok(())
        })
    }
}
