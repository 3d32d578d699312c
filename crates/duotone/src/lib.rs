//! The toolkit: labelled collections, features, training, honest evaluation, self-describing
//! models and classification.
#![forbid(unsafe_code)]

pub mod demo;
mod error;
mod features;
mod folds;
mod metrics;
mod progress;
pub mod report;
mod results;
mod settings;
mod write;

pub use duotone_audio as audio;
pub use duotone_nn as nn;
pub use error::{Error, LeftOut};
pub use features::ClipFeatures;
pub use folds::{digest as folds_digest, fold_counts, folds, hold_out};
pub use metrics::scores;
pub use progress::{Event, Observer};
pub use results::{
    ClassScores, EpochRecord, FoldResult, LabelCount, Prediction, Protocol, Results, Scores,
    SystemResult,
};
pub use settings::{Standardize, TrainSettings, Vote};
pub use write::write_file;
