use std::path::Path;

use crate::analysis::Analysis;
use crate::decode::{Source, limits};
use crate::{Clip, Error, FrontEnd, Spectrogram};

/// What a file says it holds.
#[derive(Clone, Debug, PartialEq)]
pub struct SourceInfo {
    /// Sample rate in hertz.
    pub sample_rate: u32,
    /// Channels.
    pub channels: usize,
    /// Codec, as people call it: `MP3`, `FLAC`, `PCM 16 bit`.
    pub codec: String,
    /// Length in seconds, where the container tells or the file was decoded.
    pub seconds: Option<f64>,
}

/// A file's spectrogram and what happened on the way.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// At least one segment long.
    pub spectrogram: Spectrogram,
    /// What the file held.
    pub source: SourceInfo,
    /// The clip was shorter than a segment and was repeated to fill one.
    pub repeated: bool,
    /// Every value is at the floor.
    pub silent: bool,
    /// Parts that could not be decoded and were left out, in words.
    pub damage: Option<String>,
}

/// Reads a file's header and first packet: its rate, channels and codec.
///
/// # Errors
/// See [`Error`].
pub fn probe(path: &Path) -> Result<SourceInfo, Error> {
    Ok(Source::open(path)?.info().clone())
}

/// Samples of the longest clip that [`decode`] holds in memory: 1 GiB, 100 minutes at 44.1 kHz.
const MAX_CLIP: usize = 1 << 28;

/// Decodes a whole file to mono at its own rate.
///
/// # Errors
/// See [`Error`]; [`Error::Limit`] past 2²⁸ samples, for which there is [`extract`].
pub fn decode(path: &Path) -> Result<Clip, Error> {
    let mut source = Source::open(path)?;
    let mut samples = Vec::new();
    while let Some(block) = source.next()? {
        if samples.len() + block.len() > MAX_CLIP {
            return Err(Error::Limit(format!("more than {MAX_CLIP} samples; cut the recording")));
        }
        samples.extend_from_slice(block);
    }
    Ok(Clip { samples, rate: source.info().sample_rate })
}

/// From a file to its log-mel spectrogram in one streaming pass: samples are never all in memory.
///
/// # Errors
/// See [`Error`].
pub fn extract(path: &Path, front_end: &FrontEnd) -> Result<Extraction, Error> {
    front_end.validate()?;
    let mut source = Source::open(path)?;
    let mut analysis = Analysis::new(front_end, source.info().sample_rate)?;
    while let Some(block) = source.next()? {
        analysis.push(block)?;
    }
    let (spectrogram, repeated) = analysis.finish()?;
    Ok(Extraction {
        silent: spectrogram.is_silent(),
        source: SourceInfo { seconds: Some(source.seconds()), ..source.info().clone() },
        damage: source.damage(),
        spectrogram,
        repeated,
    })
}

/// Samples handed on at a time: what a short clip needs held, a long one must not.
const BLOCK: usize = 1 << 14;

/// From mono samples at a rate in hertz to their log-mel spectrogram, as [`extract`] makes it of a
/// file.
///
/// # Errors
/// [`Error::NoAudio`], [`Error::Malformed`] for samples that are not finite, [`Error::Limit`] and
/// [`Error::Spec`].
pub fn extract_samples(
    samples: &[f32],
    rate: u32,
    front_end: &FrontEnd,
) -> Result<Extraction, Error> {
    front_end.validate()?;
    let seconds = |count: usize| count as f64 / f64::from(rate);
    let source = SourceInfo {
        sample_rate: rate,
        channels: 1,
        codec: "samples".into(),
        seconds: Some(seconds(samples.len())),
    };
    limits::check(&source)?;
    let strange = |x: &f32| x.is_nan() || x.abs() > limits::LARGEST_SAMPLE;
    if let Some(at) = samples.iter().position(strange) {
        let (at, value) = (seconds(at), samples[at]);
        return Err(Error::Malformed(format!("the sample at {at:.3} s is {value}")));
    }
    let mut analysis = Analysis::new(front_end, rate)?;
    for block in samples.chunks(BLOCK) {
        analysis.push(block)?;
    }
    let (spectrogram, repeated) = analysis.finish()?;
    Ok(Extraction { silent: spectrogram.is_silent(), spectrogram, source, repeated, damage: None })
}
