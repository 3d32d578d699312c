use std::path::Path;

use crate::io::LeftOut;
use crate::model::EpochRecord;

/// What long work reports as it goes.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Event<'a> {
    /// One more file was read (or found in the store, or left out).
    Extracted {
        /// Files done so far.
        done: usize,
        /// Files in all.
        total: usize,
        /// The file.
        path: &'a Path,
    },
    /// A file will not take part.
    LeftOut(&'a LeftOut),
    /// Something the user should know that stops nothing.
    Notice(&'a str),
    /// A training run begins.
    RunStarted {
        /// What is trained: `model2`, or `model2, fold 1 of 5`.
        name: &'a str,
        /// Epochs already done, when resumed.
        done: usize,
        /// Epochs in all.
        epochs: usize,
    },
    /// One more mini-batch of the present epoch is done.
    Step {
        /// Segments of this epoch seen so far.
        done: usize,
        /// Segments of an epoch.
        total: usize,
    },
    /// An epoch ended and its checkpoint is on disk.
    Epoch(&'a EpochRecord),
    /// A training run ended.
    RunEnded,
}

/// Watches long work, from any thread, and may ask it to stop.
pub trait Observer: Sync {
    /// Called for every event; must return soon.
    fn event(&self, _event: Event<'_>) {}

    /// Asked between files and between mini-batches: `true` ends the work cleanly with
    /// [`Error::Interrupted`](crate::error::Error::Interrupted).
    fn stop(&self) -> bool {
        false
    }
}

/// Nobody watches.
impl Observer for () {}
