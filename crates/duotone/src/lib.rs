//! The toolkit: labelled collections, features, training, honest evaluation, self-describing
//! models and classification.
#![forbid(unsafe_code)]

mod check;
mod checkpoint;
mod classify;
mod collection;
pub mod demo;
mod device;
mod division;
mod error;
mod evaluate;
mod examples;
mod excerpts;
pub mod export;
mod extract;
mod features;
mod fit;
#[cfg(test)]
mod fixtures;
mod fold_run;
mod folds;
mod folds_file;
#[cfg(fuzzing)]
pub mod fuzzing;
mod json;
mod learner;
mod metrics;
pub mod mirex;
mod model;
mod notes;
mod outputs;
mod path_text;
mod predict;
mod predictions;
mod prepare;
mod progress;
mod recipe;
pub mod report;
mod results;
mod sampling;
mod scaler;
mod settings;
mod significance;
pub mod statistics;
mod store;
mod tensor_file;
mod train;
mod train_clips;
mod vote;
mod write;

pub use check::{
    AlikeNames, CheckReport, ClipName, Findings, Harm, RareLabel, SameRecording, SplitGroup, check,
};
pub use classify::{Classifier, ClassifyOptions, Decision, SegmentDecision};
pub use collection::{AudioFiles, Collection, CollectionOptions, Item, Row, audio_files};
pub use device::{Device, DeviceChoice};
pub use division::{Column, Folds};
pub use duotone_audio as audio;
#[cfg(feature = "gpu")]
pub use duotone_gpu as gpu;
pub use duotone_nn as nn;
pub use error::{Error, LeftOut};
pub use evaluate::{EvaluateJob, evaluate};
pub use excerpts::Excerpts;
pub use extract::{RateChoice, automatic_rate, choose_rate, extract_all, extract_each};
pub use features::ClipFeatures;
pub use folds::{digest as folds_digest, fold_counts, folds, hold_out};
pub use metrics::scores;
pub use model::{Measured, Model, ModelCard, TrainedLabel};
pub use notes::Notes;
pub use outputs::{refuse_inputs, refuse_other_kind};
pub use path_text::{on_disk, path_text};
pub use progress::{Event, Observer};
pub use recipe::Recipe;
pub use results::{
    Balance, Candidate, ClassScores, EpochRecord, FoldResult, LabelCount, NetworkInfo, PairTest,
    Prediction, Protocol, Ranking, Results, Scores, Selection, Significance, SystemResult,
};
pub use scaler::{SMALLEST_DEVIATION, Scaler};
pub use settings::{Sampling, Standardize, TrainSettings, Vote};
pub use store::FeatureStore;
pub use train::{TrainJob, TrainReport, train};
pub use train_clips::{ClipsJob, train_clips};
pub use write::write_file;
