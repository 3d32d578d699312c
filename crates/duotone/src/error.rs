use std::path::PathBuf;

use crate::path_text::path_text;

/// An error that ends an operation. A single unusable file does not: it is reported as a
/// [`SkippedFile`](crate::io::SkippedFile).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path_text(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The error that the system returned.
        source: std::io::Error,
    },
    /// A collection, its list or its columns cannot be used; the message says what would help.
    #[error("{}: {reason}", path_text(path))]
    Collection {
        /// The collection, as given by the user.
        path: PathBuf,
        /// What is wrong and what would help.
        reason: String,
    },
    /// A file cannot be used or must not be replaced: it is damaged, of another version or of
    /// another kind.
    #[error("{}: {reason}", path_text(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// A setting is out of its range, or contradicts another setting.
    #[error("{reason}")]
    Setting {
        /// The field or parameter: `learning_rate`.
        name: &'static str,
        /// What is wrong with it and what it may be.
        reason: String,
    },
    /// No preset has this name.
    #[error(
        "no architecture is called {name:?}: choose one of {}, or a .toml file",
        presets.join(", ")
    )]
    UnknownPreset {
        /// The name.
        name: String,
        /// The names that there are.
        presets: &'static [&'static str],
    },
    /// Clips cannot be divided as requested: there are too few of a class, or their groups are too
    /// large. The message says what would help.
    #[error("{0}")]
    Split(String),
    /// Values in memory cannot be used: there are too few, their lengths differ, or a class number
    /// has no label.
    #[error("{0}")]
    Input(String),
    /// Features do not have the size that a network needs, so they are those of another front end.
    #[error(
        "a spectrogram of {} bands × {} frames, but the network needs {} bands × {} frames",
        found.0, found.1, needed.0, needed.1
    )]
    FeatureSize {
        /// Bands and frames of the features.
        found: (usize, usize),
        /// Bands and, at least, frames that the network needs.
        needed: (usize, usize),
    },
    /// A model cannot be used: its card is invalid, its tensors do not match the card, or its outputs
    /// are not finite.
    #[error("{0}")]
    Model(String),
    /// A checkpoint or a stored result is of another run, so the run cannot be resumed from it.
    #[error("{}: {reason}", path_text(path))]
    OtherRun {
        /// The checkpoint or result.
        path: PathBuf,
        /// What differs, and what would help.
        reason: String,
    },
    /// A value cannot be written as JSON.
    #[error("{what} cannot be serialized: {source}")]
    Serialize {
        /// The value.
        what: &'static str,
        /// The error from `serde_json`.
        source: serde_json::Error,
    },
    /// Training diverged: the loss is no longer finite.
    #[error("{reason}")]
    Diverged {
        /// The epoch in which it diverged, from 1.
        epoch: usize,
        /// Which run diverged, and what would help.
        reason: String,
    },
    /// A GPU is missing, has too little memory, or was lost during the operation.
    #[error("{0}")]
    Device(String),
    /// The observer asked to stop.
    #[error("stopped on request")]
    Interrupted,
    /// An audio file cannot be used.
    #[error("{}: {source}", path_text(path))]
    AudioFile {
        /// The file.
        path: PathBuf,
        /// Why it cannot be used.
        source: duotone_audio::Error,
    },
    /// An error from [`duotone_audio`] that is not about a file.
    #[error(transparent)]
    Audio(#[from] duotone_audio::Error),
    /// An error from [`duotone_nn`].
    #[error(transparent)]
    Network(#[from] duotone_nn::Error),
}

#[cfg(feature = "gpu")]
impl From<duotone_gpu::Error> for Error {
    fn from(error: duotone_gpu::Error) -> Self {
        match error {
            duotone_gpu::Error::Interrupted => Self::Interrupted,
            duotone_gpu::Error::Network(error) => Self::Network(error),
            error => Self::Device(error.to_string()),
        }
    }
}

impl Error {
    /// Adds the path to an I/O error, for use as `map_err(Error::io(path))`.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }

    pub(crate) fn setting(name: &'static str, reason: impl Into<String>) -> Self {
        Self::Setting { name, reason: reason.into() }
    }
}
