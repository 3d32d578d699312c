//! Training: from a dataset and settings to a model.

pub(crate) mod checkpoint;
mod clips;
pub(crate) mod job;
pub(crate) mod run;

pub use clips::{ClipsJob, train_clips};
pub use job::{TrainJob, TrainReport, train};
