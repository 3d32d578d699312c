//! Training of models, on a collection or on clips in memory.

pub(crate) mod checkpoint;
mod clips;
pub(crate) mod ensemble;
mod guessing;
mod inner_folds;
pub(crate) mod job;
mod output_layer;
pub(crate) mod run;

pub use clips::{ClipsJob, train_clips};
pub use job::{TrainJob, TrainReport, train};
