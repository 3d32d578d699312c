//! How a command ends.

use std::io::{self, ErrorKind};
use std::path::Path;

/// The outcome of a command that did not fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Done {
    /// Everything was done.
    Fully,
    /// Some files were skipped.
    Partly,
}

/// Why a command failed.
#[derive(Debug)]
pub(crate) enum Failure {
    /// The work failed, with a message for the user.
    Work(String),
    /// Arguments that contradict each other.
    Usage(String),
    /// Stopped on request, with a message on how to continue.
    Stopped(String),
    /// Standard output cannot be written.
    Stdout(io::Error),
}

impl From<duotone::Error> for Failure {
    fn from(error: duotone::Error) -> Self {
        match error {
            duotone::Error::Interrupted => Self::Stopped("stopped".into()),
            error => Self::Work(format!("{}{}", with_flags(&error.to_string()), remedy(&error))),
        }
    }
}

/// Replaces settings such as `group=artist` in a message of the library by the flags that set them.
pub(crate) fn with_flags(message: &str) -> String {
    let message = message.replace("`group=", "`--group ").replace("`device=", "`--device ");
    let message = message.replace("`sample_rate`", "`--sample-rate`");
    let message = message.replace("`learning_rate`", "`--learning-rate`");
    let message = message.replace("`folds`", "`--folds`");
    message.replace("`min_per_label=", "`--min-per-label ")
}

/// Suggests a remedy for errors reported by the operating system.
fn remedy(error: &duotone::Error) -> &'static str {
    let source = match error {
        duotone::Error::Io { source, .. } => source,
        duotone::Error::Device(_) if cfg!(not(feature = "gpu")) => {
            return " (to enable it: cargo build --release --features gpu)";
        }
        _ => return "",
    };
    match source.kind() {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge => {
            ": free some space and run the command again, with --resume if it has that option; \
             finished work is kept"
        }
        ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
            ": change its permissions or choose another location"
        }
        _ => "",
    }
}

impl Failure {
    /// An error of a plan or journal.
    pub(crate) fn of_tags(path: &Path, error: &duotone_tags::TagError) -> Self {
        Self::Work(format!("{}: {error}", duotone::path_text(path)))
    }

    /// If the work was stopped, adds a hint on how to continue.
    pub(crate) fn when_stopped(self, hint: &str) -> Self {
        match self {
            Self::Stopped(_) => Self::Stopped(format!("stopped; {hint}")),
            other => other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::with_flags;

    #[test]
    fn settings_are_named_as_flags() {
        let notice = "set `sample_rate` to choose another, or `group=artist`";
        assert_eq!(
            with_flags(notice),
            "set `--sample-rate` to choose another, or `--group artist`"
        );
    }
}
