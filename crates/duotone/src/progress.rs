use std::path::Path;

use crate::io::SkippedFile;
use crate::model::EpochRecord;

/// The progress of a long operation.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// A file was read, found in the feature store, or skipped.
    Extracted {
        /// Files done so far.
        done: usize,
        /// Total number of files.
        total: usize,
        /// The file.
        path: &'a Path,
    },
    /// A file cannot be used and is skipped.
    SkippedFile(&'a SkippedFile),
    /// Something the user should know, which does not stop the operation.
    Warning(&'a str),
    /// How a step of an evaluation ended.
    Info(&'a str),
    /// A training run started.
    RunStarted {
        /// Name of the run: `model2`, or `model2, fold 1 of 5`.
        name: &'a str,
        /// Epochs already done, if the run was resumed.
        done: usize,
        /// Total number of epochs.
        epochs: usize,
    },
    /// A mini-batch of the current epoch is done.
    Step {
        /// Segments of this epoch done so far.
        done: usize,
        /// Segments in an epoch.
        total: usize,
    },
    /// An epoch ended and its checkpoint was written.
    Epoch(&'a EpochRecord),
    /// A training run ended.
    RunEnded,
    /// A test clip was classified under every deformation.
    Deformed {
        /// Clips of this fold done so far.
        done: usize,
        /// Total number of clips in the fold.
        total: usize,
    },
}

/// Receives the progress of a long operation, from any thread, and may ask it to stop.
pub trait Observer: Sync {
    /// Called for every event; should return quickly.
    fn event(&self, _event: Event<'_>) {}

    /// Called between files and between mini-batches. If it returns `true`, the operation ends with
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    fn stop(&self) -> bool {
        false
    }
}

/// Ignores every event and never asks to stop.
impl Observer for () {}
