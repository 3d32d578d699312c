use crate::error::Error;
use crate::mel::{FrontEnd, MelStream};
use crate::resample::Resampler;
use crate::spectrogram::Spectrogram;

/// Turns a stream of mono samples at any rate into a spectrogram of at least one segment.
pub(crate) struct Analysis {
    resampler: Option<Resampler>,
    fill: Fill,
    first: Option<f32>,
    /// Whether any sample differs from the first.
    varies: bool,
}

/// The outcome once all samples have been pushed.
pub(crate) struct Analysed {
    /// The frames that have not been taken yet.
    pub(crate) spectrogram: Spectrogram,
    /// Whether the samples were repeated to fill a segment.
    pub(crate) repeated: bool,
    /// Whether all samples are equal. That is silence, although a constant level other than 0 has
    /// power.
    pub(crate) constant: bool,
}

impl Analysis {
    pub(crate) fn new(front_end: &FrontEnd, rate: u32) -> Result<Self, Error> {
        let resampler = if rate == front_end.sample_rate {
            None
        } else {
            Some(Resampler::new(rate, front_end.sample_rate)?)
        };
        Ok(Self { resampler, fill: Fill::new(front_end)?, first: None, varies: false })
    }

    pub(crate) fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        if let Some(first) = self.first.or(samples.first().copied())
            && !self.varies
        {
            self.first = Some(first);
            self.varies = samples.iter().any(|&x| x != first);
        }
        match &mut self.resampler {
            Some(resampler) => resampler.push(samples, &mut |ready| self.fill.push(ready)),
            None => self.fill.push(samples),
        }
    }

    /// Takes the first `frames` frames once they are available. The next piece begins `step` frames
    /// later.
    pub(crate) fn take(
        &mut self,
        frames: usize,
        step: usize,
    ) -> Result<Option<Spectrogram>, Error> {
        self.fill.mel.take(frames, step)
    }

    /// Returns the rest of the spectrogram and what was found out about the samples.
    pub(crate) fn finish(mut self) -> Result<Analysed, Error> {
        if let Some(resampler) = self.resampler {
            resampler.finish(&mut |ready| self.fill.push(ready))?;
        }
        let (spectrogram, repeated) = self.fill.finish()?;
        Ok(Analysed { spectrogram, repeated, constant: !self.varies })
    }
}

/// Holds back the first segment's samples until a whole segment has arrived. A shorter clip is
/// repeated to fill one.
struct Fill {
    mel: MelStream,
    held: Vec<f32>,
    /// Samples still missing from the first segment.
    missing: usize,
    segment: usize,
}

impl Fill {
    fn new(front_end: &FrontEnd) -> Result<Self, Error> {
        let mel = MelStream::new(front_end)?;
        let segment = front_end.segment_samples();
        Ok(Self { mel, held: Vec::new(), missing: segment, segment })
    }

    fn push(&mut self, samples: &[f32]) -> Result<(), Error> {
        if self.missing == 0 {
            return self.mel.push(samples);
        }
        self.held.extend_from_slice(samples);
        self.missing = self.missing.saturating_sub(samples.len());
        if self.missing == 0 {
            self.mel.push(&std::mem::take(&mut self.held))?;
        }
        Ok(())
    }

    /// Returns the rest of the spectrogram, and whether the samples were repeated.
    fn finish(mut self) -> Result<(Spectrogram, bool), Error> {
        if self.missing == 0 {
            return Ok((self.mel.finish()?, false));
        }
        if self.held.is_empty() {
            return Err(Error::NoAudio);
        }
        let mut left = self.segment;
        while left > 0 {
            let now = left.min(self.held.len());
            self.mel.push(&self.held[..now])?;
            left -= now;
        }
        Ok((self.mel.finish()?, true))
    }
}
