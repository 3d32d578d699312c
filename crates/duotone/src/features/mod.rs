//! Extraction of spectrograms from audio files, and the feature store that caches them.

pub(crate) mod clip;
pub(crate) mod dataset;
pub(crate) mod each_file;
pub(crate) mod embeddings;
pub(crate) mod extraction;
pub(crate) mod notes;
pub(crate) mod pieces;
pub(crate) mod segments;
pub(crate) mod store;

pub use clip::ClipFeatures;
pub use extraction::{
    RateChoice, automatic_rate, choose_rate, extract_all, extract_collection, extract_each,
};
pub use notes::Notes;
pub use store::FeatureStore;
