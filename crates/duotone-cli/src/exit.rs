//! How a command ends.

use std::io::{self, ErrorKind};

/// A command that came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// All went well.
    Well,
    /// Some files were left out.
    Partly,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work itself, in words for the user.
    Work(String),
    /// Words of the command line that do not go together.
    Usage(String),
    /// Stopped on request; the words tell how to go on.
    Stopped(String),
    /// Standard output takes no more.
    Stdout(io::Error),
}

impl From<duotone::Error> for Failure {
    fn from(error: duotone::Error) -> Self {
        match error {
            duotone::Error::Interrupted => Self::Stopped("stopped".into()),
            error => Self::Work(format!("{}{}", with_flags(&error.to_string()), cure(&error))),
        }
    }
}

/// Words of the library, which names settings as `group=artist`, with the flags that set them.
pub(crate) fn with_flags(words: &str) -> String {
    let words = words.replace("`group=", "`--group ").replace("`device=", "`--device ");
    words.replace("`min_per_label=", "`--min-per-label ")
}

/// What would help, for reasons that the system gives in its own words.
fn cure(error: &duotone::Error) -> &'static str {
    let source = match error {
        duotone::Error::Io { source, .. } => source,
        duotone::Error::Device(_) if cfg!(not(feature = "gpu")) => {
            return " (to add it: cargo build --release --features gpu)";
        }
        _ => return "",
    };
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            ": make room and run it again, with --resume where there is one: what is done is kept"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            ": change its permissions, or name another place"
        }
        _ => "",
    }
}

impl Failure {
    /// Tells somebody who stopped the work how to go on with it.
    pub(crate) fn when_stopped(self, hint: &str) -> Self {
        match self {
            Self::Stopped(_) => Self::Stopped(format!("stopped; {hint}")),
            other => other,
        }
    }
}
