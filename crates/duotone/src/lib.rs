//! Learns to tell music apart by listening: labelled collections, features, training, evaluation,
//! self-describing models and classification.
//!
//! A trained model classifies a recording in a few lines:
//!
//! ```no_run
//! use std::path::Path;
//!
//! use duotone::classify::{Classifier, ClassifyOptions};
//!
//! fn main() -> Result<(), duotone::Error> {
//!     let classifier = Classifier::load(Path::new("genre.safetensors"))?;
//!     let decision = classifier.classify_file(Path::new("song.mp3"), &ClassifyOptions::default())?;
//!     println!("{}", decision.label);
//!     for (label, probability) in &decision.probabilities {
//!         println!("{probability:.3} {label}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! The modules follow the pipeline: [`data`] reads collections and splits them, [`features`]
//! extracts spectrograms, [`train`] makes a [`model`], [`classify`] applies it, [`evaluate`] measures
//! it on clips that it was not trained on, and [`leaks`] finds what would make the result too high.
//! [`backend`] runs networks on the processor or a GPU. `examples/` has a program for each step.
#![forbid(unsafe_code)]

pub mod backend;
pub mod classify;
pub mod data;
mod error;
pub mod evaluate;
pub mod features;
#[cfg(test)]
mod fixtures;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod io;
pub mod leaks;
pub mod model;
mod path_text;
mod progress;
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
