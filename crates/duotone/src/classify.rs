use std::path::{Path, PathBuf};

use serde::{Serialize, Serializer};

use crate::{Error, LeftOut, Model, ModelCard, Observer, Vote};

/// A model ready to decide on files.
#[derive(Debug)]
pub struct Classifier {
    model: Model,
}

/// What a caller wants to know of a file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ClassifyOptions {
    /// How segments decide together.
    pub vote: Vote,
    /// Whether single segments' probabilities are wanted, too.
    pub segments: bool,
}

/// The decision on a file.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Decision {
    /// The file as the caller named it.
    pub path: PathBuf,
    /// The class decided for.
    pub label: String,
    /// Each class and its probability, in the model's order; an object in JSON.
    #[serde(serialize_with = "as_object")]
    pub probabilities: Vec<(String, f64)>,
    /// How long the file plays, in seconds.
    pub seconds: f64,
    /// Digital silence: the decision says nothing.
    pub silent: bool,
    /// Shorter than a segment and repeated to fill one.
    pub repeated: bool,
    /// Parts that could not be decoded, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub damage: Option<String>,
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
    /// What does not fit together in it.
    pub fn new(model: Model) -> Result<Self, Error> {
        Ok(Self { model })
    }

    /// What the model says of itself.
    #[must_use]
    pub fn card(&self) -> &ModelCard {
        &self.model.card
    }

    /// Decides on one file, by its consecutive segments.
    ///
    /// # Errors
    /// [`Error::Audio`] for a file that cannot be used.
    pub fn classify_file(&self, path: &Path, options: &ClassifyOptions) -> Result<Decision, Error> {
        let _ = options;
        Err(Error::Settings(path.display().to_string()))
    }

    /// Decides on many files in parallel, a bounded number at a time, and hands each result to
    /// `each` in the order of `paths`. The observer gets [`Event::Extracted`](crate::Event) for
    /// every file.
    ///
    /// # Errors
    /// [`Error::Interrupted`] when the observer asks to stop; single bad files go to `each`.
    pub fn classify_many(
        &self,
        paths: &[PathBuf],
        options: &ClassifyOptions,
        observer: &dyn Observer,
        mut each: impl FnMut(Result<Decision, LeftOut>),
    ) -> Result<(), Error> {
        let _ = (paths, options, observer, &mut each);
        Ok(())
    }
}
