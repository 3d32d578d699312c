//! From an audio file to a log-mel spectrogram and its segments.
#![forbid(unsafe_code)]

mod clip;
mod error;
mod extract;
mod front_end;
mod segment;
mod spectrogram;

pub use clip::Clip;
pub use error::Error;
pub use extract::{Extraction, SourceInfo, decode, extract, probe};
pub use front_end::FrontEnd;
pub use segment::Segmenter;
pub use spectrogram::Spectrogram;
