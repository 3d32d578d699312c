use std::path::{Path, PathBuf};

use duotone_audio::FrontEnd;
use serde::Serialize;

#[cfg(feature = "onnx")]
use super::source::onnx_scaler;
use super::source::{Source, musicnn_scaler};
#[cfg(feature = "onnx")]
use crate::backbone::OnnxBackbone;
use crate::backbone::{self, Backbone};
use crate::backend::trainer::BATCH;
use crate::error::Error;
use crate::features::each_file::each_file;
use crate::features::pieces::pieces;
use crate::features::segments::{consecutive, scaled};
use crate::features::{ClipFeatures, Notes};
use crate::io::SkippedFile;
use crate::model::{Model, Scaler};
use crate::progress::Observer;

/// What is computed from a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct EmbedOptions {
    /// One row per segment instead of the mean over all segments.
    pub segments: bool,
    /// The probabilities of a backbone's tags instead of the embedding.
    pub tags: bool,
}

impl EmbedOptions {
    /// Sets [`segments`](Self::segments).
    #[must_use]
    pub fn with_segments(self, segments: bool) -> Self {
        Self { segments, ..self }
    }

    /// Sets [`tags`](Self::tags).
    #[must_use]
    pub fn with_tags(self, tags: bool) -> Self {
        Self { tags, ..self }
    }
}

/// Computes the embeddings of recordings, on the CPU.
#[derive(Debug)]
pub struct Embedder {
    source: Source,
    scaler: Scaler,
    front_end: FrontEnd,
    tags: Option<Vec<String>>,
    segments: bool,
}

/// The embedding of a recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmbeddedFile {
    /// The file, as named by the caller.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// Length of the recording in seconds.
    pub seconds: f64,
    /// What the user should know about the recording. In JSON, its fields are those of the file.
    #[serde(flatten)]
    pub notes: Notes,
    /// One row for each consecutive segment if [`EmbedOptions::segments`] is set, otherwise a single row with
    /// the mean over the segments.
    pub rows: Vec<EmbeddedRow>,
}

/// The values of a segment, or of a whole recording.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct EmbeddedRow {
    /// Start in seconds.
    pub start_seconds: f64,
    /// End in seconds.
    pub end_seconds: f64,
    /// As many values as [`Embedder::width`] says.
    pub values: Vec<f32>,
}

impl Embedder {
    /// Opens a backbone by its name (one of [`NAMES`](crate::backbone::NAMES), or with the feature `onnx` that of
    /// an added graph), or a model by the path of its file.
    ///
    /// # Errors
    /// As [`Backbone::load`] and [`of_backbone`](Self::of_backbone), or [`Model::load`] and
    /// [`of_model`](Self::of_model).
    pub fn open(name_or_path: impl AsRef<Path>, options: &EmbedOptions) -> Result<Self, Error> {
        let given = name_or_path.as_ref();
        if let Some(name) = given.to_str().filter(|name| backbone::NAMES.contains(name)) {
            return Self::of_backbone(&Backbone::load(name)?, options);
        }
        #[cfg(feature = "onnx")]
        if let Some(name) = given.to_str()
            && let Some(backbone) = OnnxBackbone::find(name)?
        {
            return Self::of_onnx(&backbone, options);
        }
        Self::of_model(&Model::load(given)?, options)
    }

    /// The embedding of a segment consists of the inputs of the model's output layer: its hidden units, or what
    /// its pipelines compute if there are none.
    ///
    /// # Errors
    /// [`Error::Setting`] if tags are asked for, which a model does not have; [`Error::Network`] if the weights
    /// do not match the architecture.
    pub fn of_model(model: &Model, options: &EmbedOptions) -> Result<Self, Error> {
        if options.tags {
            let names = backbone::NAMES.join(" or ");
            return Err(Error::setting("tags", format!("a model has no tags: name {names}")));
        }
        Ok(Self {
            source: Source::of_model(model)?,
            scaler: model.scaler.clone(),
            front_end: model.card.front_end.clone(),
            tags: None,
            segments: options.segments,
        })
    }

    /// The embedding of a segment consists of musicnn's pooled values, the maximum and the mean over time of each
    /// of 753 channels in turn, and its 200 penultimate units. All segments are scaled to the same mean power,
    /// so that the volume makes no difference.
    ///
    /// # Errors
    /// [`Error::Network`] if the weights cannot be used.
    pub fn of_backbone(backbone: &Backbone, options: &EmbedOptions) -> Result<Self, Error> {
        Ok(Self {
            source: Source::of_backbone(backbone, options.tags)?,
            scaler: musicnn_scaler(),
            front_end: backbone.card.front_end.clone(),
            tags: options.tags.then(|| backbone.card.tags.clone()),
            segments: options.segments,
        })
    }

    /// The embedding of a segment is the output of the graph that its description names.
    ///
    /// # Errors
    /// [`Error::Setting`] if tags are asked for; [`Error::Model`] if the graph cannot be run.
    #[cfg(feature = "onnx")]
    pub fn of_onnx(backbone: &OnnxBackbone, options: &EmbedOptions) -> Result<Self, Error> {
        if options.tags {
            let names = backbone::NAMES.join(" or ");
            return Err(Error::setting("tags", format!("a graph has no tags: name {names}")));
        }
        Ok(Self {
            source: Source::of_onnx(backbone)?,
            scaler: onnx_scaler(),
            front_end: backbone.spec.front_end(),
            tags: None,
            segments: options.segments,
        })
    }

    /// Number of values in a row.
    #[must_use]
    pub fn width(&self) -> usize {
        self.source.width()
    }

    /// The names of the values, if they are probabilities of tags.
    #[must_use]
    pub fn tags(&self) -> Option<&[String]> {
        self.tags.as_deref()
    }

    /// Computes the embedding of a file, some segments at a time.
    ///
    /// # Errors
    /// [`Error::AudioFile`] if the file cannot be used; [`Error::Model`] if the network's outputs are not finite.
    pub fn embed_file(&self, path: impl AsRef<Path>) -> Result<EmbeddedFile, Error> {
        let path = path.as_ref();
        self.embed_path(path).map_err(|error| match error {
            Error::Audio(source) => Error::AudioFile { path: path.into(), source },
            other => other,
        })
    }

    /// Computes the embeddings of many files in parallel, one per thread of the current rayon pool. Calls `each`
    /// with every result in the order of `paths`, as soon as all earlier ones are available.
    ///
    /// # Errors
    /// [`Error::Interrupted`] if the observer asks to stop. A file that cannot be used is not an error: `each`
    /// receives a [`SkippedFile`] for it.
    pub fn embed_many(
        &self,
        paths: &[PathBuf],
        observer: &dyn Observer,
        each: impl FnMut(Result<EmbeddedFile, SkippedFile>) + Send,
    ) -> Result<(), Error> {
        each_file(paths, observer, |path| self.embed_path(path), each)
    }

    /// As [`embed_file`](Self::embed_file), but errors do not name the file.
    fn embed_path(&self, path: &Path) -> Result<EmbeddedFile, Error> {
        let width = self.width();
        let (mut rows, mut sums, mut count) = (Vec::new(), vec![0.0; width], 0_u32);
        let length =
            self.front_end.segment_samples() as f64 / f64::from(self.front_end.sample_rate);
        let frame_seconds = self.front_end.frame_seconds();
        let whole = pieces(path, &self.front_end, |start, piece| {
            let frames = consecutive(&piece, &self.front_end);
            let values = self.values(&piece, &frames)?;
            if values.iter().any(|x| !x.is_finite()) {
                return Err(Error::Model("the network produced non-finite outputs".into()));
            }
            for (&frame, values) in frames.iter().zip(values.chunks_exact(width)) {
                let start_seconds = start + frame as f64 * frame_seconds;
                let end_seconds = start_seconds + length;
                if self.segments {
                    let values = values.to_vec();
                    rows.push(EmbeddedRow { start_seconds, end_seconds, values });
                } else {
                    count += 1;
                    sums.iter_mut().zip(values).for_each(|(sum, &x)| *sum += f64::from(x));
                }
            }
            Ok(())
        })?;
        if !self.segments {
            let values = sums.iter().map(|sum| (sum / f64::from(count.max(1))) as f32).collect();
            rows.push(EmbeddedRow { start_seconds: 0.0, end_seconds: whole.seconds, values });
        }
        Ok(EmbeddedFile { path: path.to_owned(), seconds: whole.seconds, notes: whole.notes, rows })
    }

    /// The values of the segments that start at the frames `starts`, (segment, value).
    fn values(&self, clip: &ClipFeatures, starts: &[usize]) -> Result<Vec<f32>, Error> {
        let mut values = Vec::with_capacity(starts.len() * self.width());
        for batch in starts.chunks(BATCH) {
            let inputs = scaled(clip, batch, self.front_end.segment_frames, &self.scaler);
            values.extend(self.source.rows(&inputs)?);
        }
        Ok(values)
    }
}
