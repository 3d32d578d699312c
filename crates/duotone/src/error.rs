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
    /// Settings are out of range, or contradict each other or the data.
    #[error("{0}")]
    Settings(String),
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
}
