//! The toolkit: labelled collections, features, training, honest evaluation, self-describing
//! models and classification.
#![forbid(unsafe_code)]

mod collection;
pub mod demo;
mod error;
mod extract;
mod features;
mod folds;
mod metrics;
mod progress;
pub mod report;
mod results;
mod settings;
mod store;
mod write;

pub use collection::{Collection, CollectionOptions, Item};
pub use duotone_audio as audio;
pub use duotone_nn as nn;
pub use error::{Error, LeftOut};
pub use extract::{choose_rate, extract_all, extract_each};
pub use features::ClipFeatures;
pub use folds::{digest as folds_digest, fold_counts, folds, hold_out};
pub use metrics::scores;
pub use progress::{Event, Observer};
pub use results::{
    ClassScores, EpochRecord, FoldResult, LabelCount, Prediction, Protocol, Results, Scores,
    SystemResult,
};
pub use settings::{Standardize, TrainSettings, Vote};
pub use store::FeatureStore;
pub use write::write_file;
