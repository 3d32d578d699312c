//! Classification of recordings with a trained model.

pub(crate) mod classifier;
pub(crate) mod excerpts;
pub(crate) mod options;
pub(crate) mod predictor;
pub(crate) mod vote;

pub use classifier::{Classifier, Decision, SegmentDecision};
pub use excerpts::Excerpts;
pub use options::ClassifyOptions;
pub use vote::Vote;
