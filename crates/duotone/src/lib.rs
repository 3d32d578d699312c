//! The toolkit: labelled collections, features, training, honest evaluation, self-describing
//! models and classification.
#![forbid(unsafe_code)]

mod classify;
mod collection;
pub mod demo;
mod error;
mod evaluate;
mod features;
<<<<<<< HEAD
mod model;
=======
mod folds;
mod metrics;
>>>>>>> main
mod progress;
mod recipe;
mod results;
mod scaler;
mod settings;
mod train;

pub use classify::{Classifier, ClassifyOptions, Decision, SegmentDecision};
pub use collection::{Collection, Item};
pub use duotone_audio as audio;
pub use duotone_nn as nn;
pub use error::{Error, LeftOut};
pub use evaluate::{EvaluateJob, evaluate};
pub use features::ClipFeatures;
<<<<<<< HEAD
pub use model::{Measured, Model, ModelCard};
=======
pub use folds::{digest as folds_digest, fold_counts, folds, hold_out};
pub use metrics::scores;
>>>>>>> main
pub use progress::{Event, Observer};
pub use recipe::Recipe;
pub use results::{
    ClassScores, EpochRecord, FoldResult, LabelCount, Prediction, Protocol, Results, Scores,
    SystemResult,
};
pub use scaler::Scaler;
pub use settings::{Standardize, TrainSettings, Vote};
pub use train::{TrainJob, TrainReport, train};
