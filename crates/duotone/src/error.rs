use std::path::PathBuf;

use crate::path_text::path_text;

/// What ends a piece of work. Single bad files do not: they become a [`LeftOut`](crate::io::LeftOut).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// A file or folder could not be read or written.
    #[error("{}: {source}", path_text(path))]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// The system's reason.
        source: std::io::Error,
    },
    /// A collection, its list or its columns are not usable; the message names the cure.
    #[error("{}: {reason}", path_text(path))]
    Collection {
        /// The collection as the user named it.
        path: PathBuf,
        /// What is wrong and what would help.
        reason: String,
    },
    /// A model, checkpoint or stored-feature file is damaged or of another version.
    #[error("{}: {reason}", path_text(path))]
    File {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// Settings that contradict each other or the data.
    #[error("{0}")]
    Settings(String),
    /// A loss that is no longer finite.
    #[error("{0}")]
    Diverged(String),
    /// A GPU that is not there, too small for the work, or lost in the midst of it.
    #[error("{0}")]
    Device(String),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Interrupted,
    /// From the audio room.
    #[error(transparent)]
    Audio(#[from] duotone_audio::Error),
    /// From the network room.
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
    /// Puts the path before an I/O error; made for `map_err(Error::io(path))`.
    pub fn io(path: impl Into<PathBuf>) -> impl FnOnce(std::io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { path, source }
    }
}
