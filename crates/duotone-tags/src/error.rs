use std::io;

/// Why a file's tags were not written. The file is unchanged.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum TagError {
    /// The system refused an operation.
    #[error("{action}: {source}")]
    Io {
        /// What was attempted.
        action: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// Tags of this format, or of this unusual form, are not written.
    #[error("its tags cannot be written: {0}")]
    Unsupported(&'static str),
    /// The file does not follow its format.
    #[error("the file is damaged: {0}")]
    Damaged(&'static str),
    /// The new version of the file differs in more than the requested fields.
    #[error("not written, because {0} would not be preserved")]
    NotPreserved(&'static str),
    /// A field or value that cannot be written.
    #[error("{0}")]
    Value(String),
    /// The file is not the one that the plan or the journal describes.
    #[error("{0}")]
    Changed(&'static str),
    /// The file is one that must not be replaced: a link, or protected from writing.
    #[error("not written: {0}")]
    Protected(&'static str),
    /// A line of a plan or journal that cannot be understood.
    #[error("{0}")]
    Line(String),
}

impl TagError {
    /// For `map_err`: adds what was attempted to an error of the system.
    pub(crate) fn io(action: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { action, source }
    }
}
