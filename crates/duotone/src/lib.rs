//! The toolkit: labelled collections, features, training, honest evaluation, self-describing
//! models and classification.
#![forbid(unsafe_code)]

pub mod backend;
pub mod classify;
pub mod data;
pub mod demo;
mod error;
pub mod evaluate;
pub mod features;
#[cfg(test)]
mod fixtures;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod io;
pub mod leaks;
pub mod mirex;
pub mod model;
mod path_text;
mod progress;
pub mod report;
pub mod train;

pub use classify::Classifier;
pub use duotone_audio as audio;
#[cfg(feature = "gpu")]
pub use duotone_gpu as gpu;
pub use duotone_nn as nn;
pub use error::Error;
pub use model::Model;
pub use path_text::{on_disk, path_text};
pub use progress::{Event, Observer};
