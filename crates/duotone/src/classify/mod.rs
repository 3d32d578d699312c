//! Classification of recordings with a trained model.

pub(crate) mod classifier;
pub(crate) mod decision;
pub(crate) mod excerpts;
pub(crate) mod options;
pub(crate) mod predictor;
pub(crate) mod vote;

pub use classifier::Classifier;
pub use decision::{Decision, SegmentDecision};
pub use excerpts::Excerpts;
pub use options::{ClassifyOptions, UNKNOWN};
pub use vote::Vote;
