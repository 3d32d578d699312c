//! A recording in pieces, so that one of hours takes no more memory than a song.

use std::path::Path;

use duotone_audio::{FrontEnd, Spectrogram};

use crate::error::Error;
use crate::features::{ClipFeatures, Notes};

/// Number of segments in a piece: about three minutes of music, and one batch of a network.
const PIECE_SEGMENTS: usize = 64;

/// What is known about a recording once all of it has been read.
#[derive(Clone, Debug)]
pub(crate) struct Whole {
    /// Length in seconds.
    pub(crate) seconds: f64,
    pub(crate) notes: Notes,
    /// Sample rate of the file in hertz.
    pub(crate) source_rate: u32,
}

/// Passes a file's spectrogram to `each` in pieces of whole segments, the last of which may be shorter, with the
/// start of each in seconds. The segments of all pieces are the consecutive segments of the file.
///
/// # Errors
/// Those of `each`; [`Error::Audio`].
pub(crate) fn pieces(
    path: &Path,
    front_end: &FrontEnd,
    mut each: impl FnMut(f64, ClipFeatures) -> Result<(), Error>,
) -> Result<Whole, Error> {
    let frames = front_end.piece_frames(PIECE_SEGMENTS);
    let step = PIECE_SEGMENTS * front_end.segment_hops();
    let piece_seconds = step as f64 * front_end.frame_seconds();
    let mut start = 0.0;
    let last = duotone_audio::extract_pieces(path, front_end, frames, step, |piece| {
        each(start, ClipFeatures::of_part(piece, front_end))?;
        start += piece_seconds;
        Ok::<_, Error>(())
    })?;
    let decoded = start + last.spectrogram.frames() as f64 * front_end.frame_seconds();
    let whole = Whole {
        seconds: last.source.seconds.unwrap_or(decoded),
        notes: Notes::of(&last),
        source_rate: last.source.sample_rate,
    };
    each(start, ClipFeatures::of_part(last.spectrogram, front_end))?;
    Ok(whole)
}

impl ClipFeatures {
    /// Wraps the spectrogram of a part of a recording.
    pub(crate) fn of_part(spectrogram: Spectrogram, front_end: &FrontEnd) -> Self {
        Self {
            spectrogram,
            digest: String::new(),
            source_rate: front_end.sample_rate,
            notes: Notes::default(),
            bandwidth: None,
        }
    }
}
