//! From an audio file to a log-mel spectrogram and its segments.
#![forbid(unsafe_code)]

mod analysis;
mod clip;
mod decode;
mod error;
mod extract;
mod front_end;
mod mel;
mod resample;
mod segment;
mod spectrogram;

pub use clip::Clip;
pub use error::Error;
pub use extract::{
    Extraction, SourceInfo, decode, extract, extract_pieces, extract_range, extract_samples,
    measure, probe,
};
pub use front_end::FrontEnd;
pub use mel::MelStream;
pub use segment::Segmenter;
pub use spectrogram::Spectrogram;
