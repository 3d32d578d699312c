use std::ops::Range;
use std::path::{Path, PathBuf};

use crate::analysis::{Analysed, Analysis};
use crate::clip::Clip;
use crate::decode::{Marks, Source, limits};
use crate::error::Error;
use crate::mel::{FrontEnd, bands_above};
use crate::source_info::SourceInfo;
use crate::spectrogram::Spectrogram;

/// A file's spectrogram and what happened on the way.
#[derive(Clone, Debug)]
pub struct Extraction {
    /// At least one segment long.
    pub spectrogram: Spectrogram,
    /// What the file held.
    pub source: SourceInfo,
    /// The clip was shorter than a segment and was repeated to fill one.
    pub repeated: bool,
    /// Nothing sounds: every value is at the floor, or all samples are equal.
    pub silent: bool,
    /// Parts that could not be decoded and were left out, in words.
    pub damage: Option<String>,
    /// What else the user should know about the recording, one sentence each: channels that
    /// cancel in the mono mix, a codec of which only a part is decoded.
    pub warnings: Vec<String>,
}

/// Reads a file's header and first packet: its rate, channels and codec.
///
/// # Errors
/// See [`Error`].
pub fn probe(path: &Path) -> Result<SourceInfo, Error> {
    Ok(Source::open(path)?.info().clone())
}

/// As [`probe`], but with the true length, where it can be known without decoding: of MPEG audio the
/// headers of all frames are walked over, of FLAC the last frame is found.
///
/// # Errors
/// See [`Error`].
pub fn measure(path: &Path) -> Result<SourceInfo, Error> {
    Ok(Measured::open(path)?.info)
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

/// Frames that are put in their final order together: so few that they hardly count beside the
/// spectrogram of hours.
const PIECE: usize = 4096;

/// From a file to its log-mel spectrogram in one streaming pass: samples are never all in memory.
///
/// # Errors
/// See [`Error`].
pub fn extract(path: &Path, front_end: &FrontEnd) -> Result<Extraction, Error> {
    let mut pieces = Vec::new();
    let mut extraction = extract_pieces(path, front_end, PIECE, PIECE, |piece| {
        pieces.push(piece);
        Ok::<_, Error>(())
    })?;
    if !pieces.is_empty() {
        pieces.push(extraction.spectrogram);
        extraction.spectrogram = Spectrogram::join(pieces)?;
    }
    Ok(extraction)
}

/// As [`extract`], but hands over the spectrogram in pieces of `frames` frames as they are ready,
/// for recordings of any length. Each piece begins `step` frames after the one before: a `step`
/// below `frames` makes them overlap. The extraction holds the last piece, which may be shorter,
/// even without a frame when others came before; [`Extraction::silent`] is of all of them.
///
/// To cut consecutive segments from pieces, see [`FrontEnd::piece_frames`].
///
/// # Errors
/// Those of `each`, which end the work; otherwise see [`Error`].
pub fn extract_pieces<E: From<Error>>(
    path: &Path,
    front_end: &FrontEnd,
    frames: usize,
    step: usize,
    mut each: impl FnMut(Spectrogram) -> Result<(), E>,
) -> Result<Extraction, E> {
    front_end.validate()?;
    let mut source = Source::open(path)?;
    let mut analysis = Analysis::new(front_end, source.info().sample_rate)?;
    let mut silent = true;
    while let Some(block) = source.next()? {
        analysis.push(block)?;
        while let Some(piece) = analysis.take(frames, step)? {
            silent &= piece.is_silent();
            each(piece)?;
        }
    }
    let Analysed { spectrogram, repeated, constant } = analysis.finish()?;
    Ok(Extraction {
        silent: constant || (silent && spectrogram.is_silent()),
        source: SourceInfo { seconds: Some(source.seconds()), ..source.info().clone() },
        damage: source.damage(),
        warnings: warnings(&source, front_end),
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
    let mut analysis = Analysis::new(front_end, rate)?;
    for (i, block) in samples.chunks(BLOCK).enumerate() {
        let usable = |x: &f32| x.abs() <= limits::MAX_SAMPLE;
        // All of a block are looked at, so that the compiler looks at several at a time.
        if !block.iter().fold(true, |all, x| all & usable(x)) {
            let at = block.iter().position(|x| !usable(x)).unwrap_or_default();
            let (at, value) = (seconds(i * BLOCK + at), block[at]);
            return Err(Error::Malformed(format!("the sample at {at:.3} s is {value}")));
        }
        analysis.push(block)?;
    }
    let Analysed { spectrogram, repeated, constant } = analysis.finish()?;
    Ok(Extraction {
        silent: constant || spectrogram.is_silent(),
        spectrogram,
        source,
        repeated,
        damage: None,
        warnings: low_rate_warning(rate, front_end).into_iter().collect(),
    })
}

fn warnings(source: &Source, front_end: &FrontEnd) -> Vec<String> {
    let mut warnings = source.warnings();
    warnings.extend(low_rate_warning(source.info().sample_rate, front_end));
    warnings
}

/// What to say of a recording that has no sound in some of the bands, whatever the music.
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

/// As [`extract`], but only from a range of the file, in seconds. Comes with what was heard of it:
/// the range ends where the file does.
///
/// Reads by seeking, or, where the format does not seek, by decoding and dropping what lies
/// before; either way the range starts at its very sample. [`Extraction::damage`] counts only
/// packets that could not be decoded.
///
/// # Errors
/// See [`Error`]; [`Error::NoAudio`] for a range behind the file's end.
pub fn extract_range(
    path: &Path,
    front_end: &FrontEnd,
    range: Range<f64>,
) -> Result<(Range<f64>, Extraction), Error> {
    range_of(path, front_end, range, &Marks::default())
}

/// A file whose length was measured, to extract several ranges of it: where the length is found by
/// walking over the frames, the way to each range starts near it and not at the file's start.
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

    /// As [`measure`] gives it.
    #[must_use]
    pub fn info(&self) -> &SourceInfo {
        &self.info
    }

    /// As [`extract_range`], from several threads at once where that is wanted.
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
    // Casting takes what is negative or no number for 0.
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
        damage: source.damaged_packets(),
        warnings: warnings(&source, front_end),
        spectrogram,
        repeated,
    };
    Ok((start..end, extraction))
}
