//! Training of models, on a collection or on clips in memory.

pub(crate) mod checkpoint;
mod clips;
mod guessing;
pub(crate) mod job;
pub(crate) mod run;

pub use clips::{ClipsJob, train_clips};
pub use job::{TrainJob, TrainReport, train};
