//! Decodes audio files and computes their log-mel spectrograms.
#![forbid(unsafe_code)]

mod analysis;
mod bandwidth;
mod clip;
mod decode;
mod error;
mod extract;
mod mel;
mod resample;
mod segment;
mod source_info;
mod spectrogram;

pub use clip::Clip;
pub use decode::hide_decoder_panics;
pub use error::Error;
pub use extract::{
    Extraction, Measured, decode, decode_channels, extract, extract_pieces, extract_range,
    extract_samples, measure, probe,
};
pub use mel::{FrontEnd, MelNorm, MelOptions, MelScale, MelStream};
pub use resample::resample;
pub use segment::Segmenter;
pub use source_info::SourceInfo;
pub use spectrogram::Spectrogram;
