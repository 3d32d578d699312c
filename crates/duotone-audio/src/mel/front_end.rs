use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mel::filterbank::empty_band;

/// Everything that decides which numbers a recording becomes: the spec of the log-mel front end.
///
/// Paper, section 2.1. Periodic Hann window, power spectrum, mel bands by librosa's conventions
/// (Slaney scale and area normalisation, 0 Hz to Nyquist), `log10(max(x, 1e-10))`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// Sample rate in hertz that every recording is brought to.
    pub sample_rate: u32,
    /// Samples in a frame: the length of the window and of the Fourier transform.
    pub window: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Mel bands.
    pub bands: usize,
    /// Frames in a segment, what the network sees at once.
    pub segment_frames: usize,
    /// Whether frame `i` is centred on sample `i * hop` (with zeros before the start and after the
    /// end, as `librosa.stft(center=True)` pads) or starts there.
    pub centered: bool,
}

impl FrontEnd {
    /// The paper's front end at a sample rate: at 44.1 kHz window 3072, hop 1536, 40 bands,
    /// segments of 80 frames; sample counts scale with the rate.
    #[must_use]
    pub fn paper(sample_rate: u32) -> Self {
        let hop = ((u64::from(sample_rate) * 1536 + 22_050) / 44_100) as usize;
        Self { sample_rate, window: 2 * hop, hop, bands: 40, segment_frames: 80, centered: false }
    }

    /// Refuses a spec that no spectrogram can be made by, or only a useless or huge one.
    ///
    /// # Errors
    /// [`Error::Spec`] names the number and what it may be.
    pub fn validate(&self) -> Result<(), Error> {
        let within = |what: &str, value: usize, low: usize, high: usize| {
            if (low..=high).contains(&value) {
                return Ok(());
            }
            Err(Error::Spec(format!("{what} is {value}; it must be {low} to {high}")))
        };
        within("the sample rate", self.sample_rate as usize, 1_000, 384_000)?;
        within("the window", self.window, 2, 1 << 16)?;
        within("the hop", self.hop, 1, self.window)?;
        within("the number of bands", self.bands, 1, 1024)?;
        within("the number of segment frames", self.segment_frames, 1, 1 << 16)?;
        within("the number of samples in a segment", self.segment_samples(), 1, 1 << 24)?;
        if self.window % 2 == 1 {
            return Err(Error::Spec(format!("the window is {}; it must be even", self.window)));
        }
        match empty_band(self) {
            Some(band) => Err(Error::Spec(format!(
                "band {band} of {} holds no Fourier bin of a window of {} at {} Hz; \
                 use fewer bands or a longer window",
                self.bands, self.window, self.sample_rate
            ))),
            None => Ok(()),
        }
    }

    /// Samples that one segment spans.
    #[must_use]
    pub fn segment_samples(&self) -> usize {
        let steps = self.segment_frames.saturating_sub(1).saturating_mul(self.hop);
        if self.centered { steps.max(1) } else { steps.saturating_add(self.window) }
    }

    /// Hops of audio that one segment spans, rounded up: 81 for the paper's segments. Consecutive
    /// segments start this many frames apart.
    #[must_use]
    pub fn segment_hops(&self) -> usize {
        self.segment_samples().div_ceil(self.hop.max(1))
    }

    /// Frames of a piece that so many consecutive segments are cut from. The next piece begins
    /// `segments * segment_hops()` frames later: where a segment has more frames than hops (centred
    /// frames), neighbouring pieces share the frames that both need.
    #[must_use]
    pub fn piece_frames(&self, segments: usize) -> usize {
        let hops = self.segment_hops();
        segments.saturating_mul(hops).saturating_add(self.segment_frames.saturating_sub(hops))
    }

    /// Seconds from one frame to the next.
    #[must_use]
    pub fn frame_seconds(&self) -> f64 {
        self.hop as f64 / f64::from(self.sample_rate)
    }
}

#[cfg(test)]
mod tests {
    use super::FrontEnd;

    #[test]
    fn the_papers_sizes_scale_with_the_rate() {
        for (rate, window, hop) in [(44_100, 3072, 1536), (22_050, 1536, 768), (11_025, 768, 384)] {
            let front_end = FrontEnd::paper(rate);
            front_end.validate().unwrap();
            assert_eq!((front_end.window, front_end.hop), (window, hop));
            assert_eq!(front_end.segment_samples(), 81 * hop);
            assert!((front_end.frame_seconds() - 0.034_83).abs() < 1e-5);
        }
    }

    #[test]
    fn a_segment_of_samples_has_its_frames() {
        for centered in [false, true] {
            for hop in [384, 700, 768] {
                let front_end = FrontEnd { centered, hop, ..FrontEnd::paper(11_025) };
                let samples = vec![0.0; front_end.segment_samples()];
                assert_eq!(front_end.spectrogram(&samples).unwrap().frames(), 80);
                let fewer = &samples[1..];
                assert_eq!(front_end.spectrogram(fewer).unwrap().frames(), 79);
            }
        }
    }

    #[test]
    fn impossible_specs_are_refused() {
        let paper = || FrontEnd::paper(44_100);
        for (front_end, words) in [
            (FrontEnd { sample_rate: 0, ..paper() }, "sample rate is 0"),
            (FrontEnd { sample_rate: 400_000, ..paper() }, "sample rate is 400000"),
            (FrontEnd { window: 0, hop: 0, ..paper() }, "window is 0"),
            (FrontEnd { window: usize::MAX, ..paper() }, "window is"),
            (FrontEnd { window: 3071, ..paper() }, "must be even"),
            (FrontEnd { hop: 0, ..paper() }, "hop is 0"),
            (FrontEnd { hop: 3073, ..paper() }, "hop is 3073"),
            (FrontEnd { bands: 0, ..paper() }, "bands is 0"),
            (FrontEnd { bands: 2000, ..paper() }, "bands is 2000"),
            (FrontEnd { bands: 1000, ..paper() }, "use fewer bands or a longer window"),
            (FrontEnd { segment_frames: 0, ..paper() }, "segment frames is 0"),
            (FrontEnd { segment_frames: usize::MAX, ..paper() }, "segment frames is"),
            (FrontEnd { segment_frames: 60_000, ..paper() }, "samples in a segment"),
        ] {
            let error = front_end.validate().unwrap_err().to_string();
            assert!(error.contains(words), "{error}");
        }
    }
}
