use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::analysis::{Analysed, Analysis};
use crate::bandwidth::BandwidthMeter;
use crate::clip::Clip;
use crate::decode::{Marks, Source, limits};
use crate::error::Error;
use crate::mel::{FrontEnd, bands_above};
use crate::source_info::SourceInfo;
use crate::spectrogram::Spectrogram;

/// A file's spectrogram and notes about the recording.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// At least one segment long.
    pub spectrogram: Spectrogram,
    /// What the file contains.
    pub source: SourceInfo,
    /// Whether the clip was shorter than a segment and was repeated to fill one.
    pub repeated: bool,
    /// Whether the recording is silent: every value is at the floor, or all samples are equal.
    pub silent: bool,
    /// A description of the parts that could not be decoded and were skipped.
    pub decode_errors: Option<String>,
    /// What else the user should know about the recording, one sentence each, such as channels that
    /// cancel in the mono mix.
    pub warnings: Vec<String>,
    /// The frequency above which the file has hardly any power, in hertz, measured at its own sample
    /// rate; `None` for samples, for pieces or parts of a file, and if the file is too short.
    pub bandwidth: Option<f32>,
}

/// Reads a file's header and first packet: its rate, channels and codec.
///
/// # Errors
/// See [`Error`].
pub fn probe(path: &Path) -> Result<SourceInfo, Error> {
    Ok(Source::open(path)?.info().clone())
}

/// Like [`probe`], but with the true length if it can be determined without decoding: by walking
/// over the headers of all frames in MPEG audio, by finding the last frame in FLAC.
///
/// # Errors
/// See [`Error`].
pub fn measure(path: &Path) -> Result<SourceInfo, Error> {
    Ok(Measured::open(path)?.info)
}

/// Samples in the longest clip that [`decode`] holds in memory: 1 GiB, 100 minutes at 44.1 kHz.
const MAX_CLIP: usize = 1 << 28;

/// Decodes a whole file to mono at its own rate.
///
/// # Errors
/// See [`Error`]; [`Error::Limit`] past 2²⁸ samples. Use [`extract`] for longer recordings.
pub fn decode(path: &Path) -> Result<Clip, Error> {
    collect(Source::open(path)?)
}

/// Like [`decode`], but returns the left and the right channel of a stereo file as one clip each. A
/// file of more channels is mixed to mono.
///
/// # Errors
/// As [`decode`].
pub fn decode_channels(path: &Path) -> Result<Vec<Clip>, Error> {
    let left = Source::open_channel(path, Some(0))?;
    if left.info().channels != 2 {
        return Ok(vec![decode(path)?]);
    }
    // One at a time, because readers mix as they decode.
    Ok(vec![collect(left)?, collect(Source::open_channel(path, Some(1))?)?])
}

fn collect(mut source: Source) -> Result<Clip, Error> {
    let mut samples = Vec::new();
    while let Some(block) = source.next()? {
        if samples.len() + block.len() > MAX_CLIP {
            return Err(Error::Limit(format!("more than {MAX_CLIP} samples; split the recording")));
        }
        samples.extend_from_slice(block);
    }
    Ok(Clip { samples, rate: source.info().sample_rate })
}

/// Frames rearranged at a time: few enough to hardly matter next to a spectrogram of several hours.
const PIECE: usize = 4096;

/// Computes a file's log-mel spectrogram in one streaming pass, without holding all samples in
/// memory.
///
/// # Errors
/// See [`Error`].
pub fn extract(path: &Path, front_end: &FrontEnd) -> Result<Extraction, Error> {
    front_end.validate()?;
    let mut pieces = Vec::new();
    let mut source = Source::open(path)?;
    let mut meter = BandwidthMeter::new(source.info().sample_rate);
    let mut extraction = pieces_of(&mut source, front_end, (PIECE, PIECE), &mut meter, |piece| {
        pieces.push(piece);
        Ok::<_, Error>(())
    })?;
    extraction.bandwidth = meter.and_then(BandwidthMeter::finish).map(|hertz| hertz as f32);
    if !pieces.is_empty() {
        pieces.push(extraction.spectrogram);
        extraction.spectrogram = Spectrogram::join(pieces)?;
    }
    Ok(extraction)
}

/// Like [`extract`], but passes the spectrogram to `each` in pieces of `frames` frames as they
/// become ready, for recordings of any length. Each piece begins `step` frames after the previous
/// one; pieces overlap if `step` is below `frames`. The extraction holds the last piece, which may
/// be shorter, or empty if it is not the only one. [`Extraction::silent`] covers all pieces.
///
/// To cut consecutive segments from pieces, see [`FrontEnd::piece_frames`].
///
/// # Errors
/// The first error of `each`; otherwise see [`Error`].
pub fn extract_pieces<E: From<Error>>(
    path: &Path,
    front_end: &FrontEnd,
    frames: usize,
    step: usize,
    each: impl FnMut(Spectrogram) -> Result<(), E>,
) -> Result<Extraction, E> {
    front_end.validate()?;
    pieces_of(&mut Source::open(path)?, front_end, (frames, step), &mut None, each)
}

/// Does the work of [`extract_pieces`], and pushes all samples to the meter, if there is one.
fn pieces_of<E: From<Error>>(
    source: &mut Source,
    front_end: &FrontEnd,
    (frames, step): (usize, usize),
    meter: &mut Option<BandwidthMeter>,
    mut each: impl FnMut(Spectrogram) -> Result<(), E>,
) -> Result<Extraction, E> {
    let mut analysis = Analysis::new(front_end, source.info().sample_rate)?;
    let mut silent = true;
    while let Some(block) = source.next()? {
        analysis.push(block)?;
        if let Some(meter) = meter {
            meter.push(block);
        }
        while let Some(piece) = analysis.take(frames, step)? {
            silent &= piece.is_silent();
            each(piece)?;
        }
    }
    let Analysed { spectrogram, repeated, constant } = analysis.finish()?;
    Ok(Extraction {
        silent: constant || (silent && spectrogram.is_silent()),
        source: SourceInfo { seconds: Some(source.seconds()), ..source.info().clone() },
        decode_errors: source.decode_errors(),
        warnings: warnings(source, front_end),
        bandwidth: None,
        spectrogram,
        repeated,
    })
}

/// Samples pushed at a time, so that a long recording is not buffered whole.
const BLOCK: usize = 1 << 14;

/// Computes the log-mel spectrogram of mono samples at a rate in hertz, as [`extract`] does for a
/// file. Full scale is ±1: divide 16-bit samples by 32,768.
///
/// # Errors
/// [`Error::NoSamples`], [`Error::Malformed`] for samples that are not finite, [`Error::Limit`] and
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
    let mut analysis = Analysis::new(front_end, rate)?;
    for (i, block) in samples.chunks(BLOCK).enumerate() {
        let usable = |x: &f32| x.abs() <= limits::MAX_SAMPLE;
        // No early exit, so that the compiler can vectorise the loop.
        if !block.iter().fold(true, |all, x| all & usable(x)) {
            let at = block.iter().position(|x| !usable(x)).unwrap_or_default();
            let (at, value) = (seconds(i * BLOCK + at), block[at]);
            return Err(Error::Malformed(format!("the sample at {at:.3} s is {value}")));
        }
        analysis.push(block)?;
    }
    let Analysed { spectrogram, repeated, constant } = match analysis.finish() {
        // Samples are not in a file.
        Err(Error::NoAudio) => return Err(Error::NoSamples),
        finished => finished?,
    };
    Ok(Extraction {
        silent: constant || spectrogram.is_silent(),
        spectrogram,
        source,
        repeated,
        decode_errors: None,
        warnings: low_rate_warning(rate, front_end).into_iter().collect(),
        bandwidth: None,
    })
}

fn warnings(source: &Source, front_end: &FrontEnd) -> Vec<String> {
    let mut warnings = source.warnings();
    warnings.extend(low_rate_warning(source.info().sample_rate, front_end));
    warnings
}

/// Warns about a sample rate so low that some of the bands are empty.
fn low_rate_warning(rate: u32, front_end: &FrontEnd) -> Option<String> {
    let empty = bands_above(front_end, rate);
    (empty > 0).then(|| {
        format!(
            "sampled at {rate} Hz: {empty} of the {} mel bands, which go up to {} Hz, are empty",
            front_end.bands,
            front_end.sample_rate / 2
        )
    })
}

/// Like [`extract`], but only from a range of the file, in seconds. Returns the extraction together
/// with the range actually decoded, which ends at the file's end at the latest.
///
/// Seeks to the range if the format allows it; otherwise decodes everything before it and drops it.
/// Either way the range starts at exactly the requested sample. [`Extraction::decode_errors`] counts only
/// packets that could not be decoded.
///
/// # Errors
/// See [`Error`]; [`Error::NoAudio`] if the range starts after the file's end.
pub fn extract_range(
    path: &Path,
    front_end: &FrontEnd,
    range: Range<f64>,
) -> Result<(Range<f64>, Extraction), Error> {
    range_of(path, front_end, range, &Marks::default())
}

/// A file whose length has been measured, for extracting several ranges. If measuring walks over
/// the frames, places on the way are remembered, so that seeking to a range need not start at the
/// file's start.
pub struct Measured {
    path: PathBuf,
    info: SourceInfo,
    marks: Marks,
}

impl Measured {
    /// Measures a file.
    ///
    /// # Errors
    /// See [`Error`].
    pub fn open(path: &Path) -> Result<Self, Error> {
        let mut source = Source::open(path)?;
        let seconds = source.length()?;
        let info = SourceInfo { seconds, ..source.info().clone() };
        Ok(Self { path: path.to_owned(), info, marks: source.marks() })
    }

    /// What [`measure`] returns.
    #[must_use]
    pub fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// Like [`extract_range`]; may be called from several threads at once.
    ///
    /// # Errors
    /// As [`extract_range`].
    pub fn extract_range(
        &self,
        front_end: &FrontEnd,
        range: Range<f64>,
    ) -> Result<(Range<f64>, Extraction), Error> {
        range_of(&self.path, front_end, range, &self.marks)
    }
}

fn range_of(
    path: &Path,
    front_end: &FrontEnd,
    range: Range<f64>,
    marks: &Marks,
) -> Result<(Range<f64>, Extraction), Error> {
    front_end.validate()?;
    let mut source = Source::open(path)?;
    source.use_marks(marks);
    let rate = source.info().sample_rate;
    // The cast turns negative numbers and NaN into 0.
    let [start, end] = [range.start, range.end].map(|s| (s * f64::from(rate)).round() as u64);
    if source.seek(start).is_err() {
        source = Source::open(path)?;
    }
    if !source.skip_to(start)? {
        return Err(Error::NoAudio);
    }
    let mut analysis = Analysis::new(front_end, rate)?;
    let mut left = end.saturating_sub(start);
    while left > 0 {
        let Some(block) = source.next()? else { break };
        let taken = &block[..block.len().min(usize::try_from(left).unwrap_or(usize::MAX))];
        analysis.push(taken)?;
        left -= taken.len() as u64;
    }
    let Analysed { spectrogram, repeated, constant } = analysis.finish()?;
    let [start, end] = [start, end - left].map(|sample| sample as f64 / f64::from(rate));
    let extraction = Extraction {
        silent: constant || spectrogram.is_silent(),
        source: source.info().clone(),
        decode_errors: source.damaged_packets(),
        warnings: warnings(&source, front_end),
        bandwidth: None,
        spectrogram,
        repeated,
    };
    Ok((start..end, extraction))
}
