//! Learns to tell music apart by listening: labelled collections, features, training, evaluation,
//! self-describing model files and classification.
//!
//! A trained model classifies a recording in a few lines:
//!
//! ```no_run
//! use duotone::classify::{Classifier, ClassifyOptions};
//!
//! fn main() -> Result<(), duotone::Error> {
//!     let classifier = Classifier::load("genre.safetensors")?;
//!     let decision = classifier.classify_file("song.mp3", &ClassifyOptions::default())?;
//!     println!("{}", decision.label);
//!     for (label, probability) in &decision.probabilities {
//!         println!("{probability:.3} {label}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! Any number of threads may use a `Classifier` at once; share it by reference or in an `Arc`. It can
//! also classify samples in memory or many files, and return the decision on each segment:
//!
//! ```no_run
//! # use std::path::{Path, PathBuf};
//! # use duotone::classify::{Classifier, ClassifyOptions};
//! use duotone::{Error, audio};
//!
//! # fn show(classifier: &Classifier, samples: &[f32], paths: &[PathBuf]) -> Result<(), Error> {
//! // Mono samples at 44.1 kHz, in the range -1 to 1. The path only names the decision.
//! let options = ClassifyOptions::default().with_segments(true);
//! let decision = classifier.classify_samples(Path::new("microphone"), samples, 44_100, &options)?;
//! for segment in decision.segments.unwrap_or_default() {
//!     println!("{:.1} s to {:.1} s: {}", segment.start_seconds, segment.end_seconds, segment.label);
//! }
//!
//! // Many files, on all cores. Results are in the order of the paths; `()` ignores all events.
//! classifier.classify_many(paths, &ClassifyOptions::default(), &(), |result| match result {
//!     Ok(decision) => println!("{}: {}", decision.path.display(), decision.label),
//!     Err(skipped) => eprintln!("{}: {}", skipped.path.display(), skipped.error),
//! })?;
//!
//! // Handling errors by kind.
//! match classifier.classify_file("upload", &ClassifyOptions::default()) {
//!     Ok(decision) => println!("{}", decision.label),
//!     Err(Error::AudioFile { source: audio::Error::Io(e), .. }) => eprintln!("cannot be read: {e}"),
//!     Err(Error::AudioFile { source, .. }) => eprintln!("no usable audio: {source}"),
//!     Err(error) => return Err(error),
//! }
//!
//! // The description stored in the model.
//! let card = classifier.card();
//! println!("{} at {} Hz", card.recipe, card.front_end.sample_rate);
//! # Ok(())
//! # }
//! ```
//!
//! The modules follow the pipeline: [`data`] reads collections and splits them, [`features`]
//! extracts spectrograms, [`train`] makes a [`model`], [`classify`] applies it, [`embed`] stops before its last layer, [`evaluate`] measures
//! its accuracy on clips that it was not trained on, and [`leaks`] finds anything that would inflate
//! that accuracy. [`backend`] runs networks on the CPU or a GPU. `examples/` has a program for each
//! step.
#![forbid(unsafe_code)]

pub mod backbone;
pub mod backend;
pub mod classify;
pub mod confidence;
pub mod data;
pub mod embed;
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
mod plural;
mod progress;
pub mod statistics;
pub mod train;

pub use classify::Classifier;
pub use duotone_audio as audio;
#[cfg(feature = "gpu")]
pub use duotone_gpu as gpu;
pub use duotone_nn as nn;
pub use error::Error;
pub use model::Model;
pub use path_text::{on_disk, path_text};
pub use plural::plural;
pub use progress::{Event, Observer};
