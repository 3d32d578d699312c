use crate::error::Error;

/// Lower bound on mel power; anything below is raised to it.
pub(crate) const AMIN: f32 = 1e-10;
/// The lowest value of a spectrogram: `log10(AMIN)`.
pub(crate) const FLOOR: f32 = -10.0;

/// A log-mel spectrogram, bands × frames, band-major: each band's frames are contiguous.
#[derive(Clone, Debug, PartialEq)]
pub struct Spectrogram {
    bands: usize,
    frames: usize,
    data: Vec<f32>,
}

impl Spectrogram {
    /// Wraps `data` of `bands * frames` values, band-major.
    ///
    /// # Errors
    /// [`Error::Spec`] if the length does not match.
    pub fn new(bands: usize, frames: usize, data: Vec<f32>) -> Result<Self, Error> {
        if bands.checked_mul(frames) != Some(data.len()) {
            return Err(Error::Spec(format!(
                "{} values for {bands} bands × {frames} frames",
                data.len()
            )));
        }
        Ok(Self { bands, frames, data })
    }

    /// Concatenates parts of one recording, freeing each one once it is copied. The operating
    /// system provides the memory of the result only as it is written, so memory use hardly grows.
    ///
    /// # Errors
    /// [`Error::Spec`] if the numbers of bands differ.
    pub(crate) fn join(parts: Vec<Self>) -> Result<Self, Error> {
        let bands = parts.first().map_or(0, |part| part.bands);
        if parts.iter().any(|part| part.bands != bands) {
            return Err(Error::Spec("parts have different numbers of bands".into()));
        }
        let frames = parts.iter().map(|part| part.frames).sum();
        let mut data = vec![0.0; bands * frames];
        let mut start = 0;
        for part in parts {
            for band in 0..bands {
                data[band * frames + start..][..part.frames].copy_from_slice(part.band(band));
            }
            start += part.frames;
        }
        Self::new(bands, frames, data)
    }

    /// Number of mel bands.
    #[must_use]
    pub fn bands(&self) -> usize {
        self.bands
    }

    /// Number of frames.
    #[must_use]
    pub fn frames(&self) -> usize {
        self.frames
    }

    /// All values, band-major.
    #[must_use]
    pub fn data(&self) -> &[f32] {
        &self.data
    }

    /// Consumes the spectrogram and returns all values, band-major.
    #[must_use]
    pub fn into_data(self) -> Vec<f32> {
        self.data
    }

    /// One band over time.
    ///
    /// # Panics
    /// If `band` is not below [`bands`](Self::bands).
    #[must_use]
    pub fn band(&self, band: usize) -> &[f32] {
        &self.data[band * self.frames..(band + 1) * self.frames]
    }

    /// Returns whether every value is at the floor, as in digital silence.
    #[must_use]
    pub fn is_silent(&self) -> bool {
        self.data.iter().all(|&x| x <= FLOOR)
    }
}
