//! Classification of recordings with a trained model.

pub(crate) mod classifier;
pub(crate) mod excerpts;
pub(crate) mod predictor;
pub(crate) mod vote;

pub use classifier::{Classifier, ClassifyOptions, Decision, SegmentDecision};
pub use excerpts::Excerpts;
pub use vote::Vote;
