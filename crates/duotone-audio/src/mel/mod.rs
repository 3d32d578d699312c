//! The log-mel front end: samples in, spectrogram out. No files, threads or clocks.

mod bands;
mod filterbank;
mod log10;
#[cfg(test)]
mod parity;
#[cfg(test)]
mod reference;
mod spectrum;
mod stream;

pub(crate) use filterbank::empty_band;
pub use stream::MelStream;

use crate::{Error, FrontEnd, Spectrogram};

impl FrontEnd {
    /// The log-mel spectrogram of samples at this front end's rate.
    ///
    /// # Errors
    /// As [`MelStream::new`] and [`MelStream::push`].
    pub fn spectrogram(&self, samples: &[f32]) -> Result<Spectrogram, Error> {
        let mut stream = MelStream::new(self)?;
        stream.push(samples)?;
        stream.finish()
    }
}
