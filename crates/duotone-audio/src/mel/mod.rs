//! The log-mel front end: samples in, spectrogram out.

mod bands;
mod filterbank;
mod front_end;
mod log10;
mod options;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod reference;
mod reflection;
mod spectrum;
mod stream;

pub(crate) use filterbank::bands_above;
use filterbank::{Triangle, triangles};
pub use front_end::FrontEnd;
pub use options::{MelNorm, MelOptions, MelScale};
pub use stream::MelStream;

use crate::error::Error;
use crate::spectrogram::Spectrogram;

impl FrontEnd {
    /// Computes the log-mel spectrogram of samples at this front end's rate.
    ///
    /// # Errors
    /// As [`MelStream::new`] and [`MelStream::push`].
    pub fn spectrogram(&self, samples: &[f32]) -> Result<Spectrogram, Error> {
        let mut stream = MelStream::new(self)?;
        stream.push(samples)?;
        stream.finish()
    }

    /// The mel filterbank: for each band, one weight per Fourier bin from 0 Hz to Nyquist.
    #[must_use]
    pub fn mel_filters(&self) -> Vec<Vec<f32>> {
        let dense = |triangle: Triangle| {
            let mut row = vec![0.0; self.window / 2 + 1];
            let weights = row.iter_mut().skip(triangle.first).zip(triangle.weights);
            weights.for_each(|(out, weight)| *out = weight as f32);
            row
        };
        triangles(self).into_iter().map(dense).collect()
    }
}
