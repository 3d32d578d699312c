use duotone_audio::{Extraction, FrontEnd, Spectrogram};

use crate::error::Error;
use crate::features::Notes;

/// The spectrogram of one clip, from which segments are cut, and the notes from its extraction.
#[derive(Clone, Debug)]
pub struct ClipFeatures {
    pub(crate) spectrogram: Spectrogram,
    /// BLAKE3 digest of the file's content, hexadecimal.
    pub digest: String,
    /// Sample rate of the file itself in hertz.
    pub source_rate: u32,
    /// What the user should know about the recording.
    pub notes: Notes,
    /// The frequency above which the file has hardly any power, in hertz; `None` if it was not
    /// measured, as for features from a store.
    pub bandwidth: Option<f32>,
}

impl ClipFeatures {
    /// Wraps what was extracted from a file with this content digest.
    #[must_use]
    pub fn new(extraction: Extraction, digest: String) -> Self {
        Self {
            digest,
            source_rate: extraction.source.sample_rate,
            notes: Notes::of(&extraction),
            bandwidth: extraction.bandwidth,
            spectrogram: extraction.spectrogram,
        }
    }

    /// Checks that the spectrogram has the bands of a front end and enough frames for a segment.
    ///
    /// # Errors
    /// [`Error::FeatureSize`], with both sizes.
    pub fn check(&self, front_end: &FrontEnd) -> Result<(), Error> {
        if self.bands() == front_end.bands && self.frames() >= front_end.segment_frames {
            return Ok(());
        }
        Err(Error::FeatureSize {
            found: (self.bands(), self.frames()),
            needed: (front_end.bands, front_end.segment_frames),
        })
    }

    /// Number of mel bands.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.spectrogram.bands()
    }

    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.spectrogram.frames()
    }

    /// The values of one band, one per frame.
    #[must_use]
    pub fn band(&self, band: usize) -> &[f32] {
        self.spectrogram.band(band)
    }

    /// Copies the segment that starts at frame `start` to `out`, band-major. The length of `out`
    /// determines the number of frames.
    pub fn copy_segment(&self, start: usize, out: &mut [f32]) {
        let frames = out.len() / self.bands();
        for (band, row) in out.chunks_exact_mut(frames).enumerate() {
            row.copy_from_slice(&self.band(band)[start..start + frames]);
        }
    }
}
