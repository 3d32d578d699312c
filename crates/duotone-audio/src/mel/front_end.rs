use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::mel::filterbank::empty_band;
use crate::mel::options::MelOptions;

/// The parameters of the log-mel front end. They determine how a recording becomes a spectrogram.
///
/// Paper, section 2.1. Periodic Hann window, power spectrum, mel bands by librosa's conventions
/// (Slaney scale and area normalisation, 0 Hz to Nyquist, unless [`mel`](Self::mel) says otherwise),
/// `log10(max(x, 1e-10))`.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FrontEnd {
    /// Sample rate in hertz to which every recording is resampled.
    pub sample_rate: u32,
    /// Samples per frame: the length of the window and of the Fourier transform.
    pub window: usize,
    /// Samples from one frame to the next.
    pub hop: usize,
    /// Number of mel bands.
    pub bands: usize,
    /// Frames per segment, the network's input.
    pub segment_frames: usize,
    /// Whether frame `i` is centred on sample `i * hop` (with zeros before the start and after the
    /// end, as `librosa.stft(center=True)` pads) or starts there.
    pub centered: bool,
    /// How a published network deviates from the paper.
    #[serde(default, skip_serializing_if = "MelOptions::is_paper")]
    pub mel: MelOptions,
}

impl FrontEnd {
    /// The paper's front end at a sample rate. At 44.1 kHz it has a window of 3072, a hop of 1536,
    /// 40 bands and segments of 80 frames; window and hop scale with the rate.
    #[must_use]
    pub fn paper(sample_rate: u32) -> Self {
        let hop = ((u64::from(sample_rate) * 1536 + 22_050) / 44_100) as usize;
        Self {
            sample_rate,
            window: 2 * hop,
            hop,
            bands: 40,
            segment_frames: 80,
            centered: false,
            mel: MelOptions::PAPER,
        }
    }

    /// Checks that the parameters give a usable spectrogram of reasonable size.
    ///
    /// # Errors
    /// [`Error::Spec`] names the parameter and the values it may have.
    pub fn validate(&self) -> Result<(), Error> {
        let within = |what: &str, value: usize, low: usize, high: usize| -> Result<(), Error> {
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
        self.validate_mel(within)?;
        match empty_band(self) {
            Some(band) => Err(Error::Spec(format!(
                "band {band} of {} holds no Fourier bin of a window of {} at {} Hz; \
                 use fewer bands or a longer window",
                self.bands, self.window, self.sample_rate
            ))),
            None => Ok(()),
        }
    }

    fn validate_mel(
        &self,
        within: impl Fn(&str, usize, usize, usize) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let MelOptions { fmin, fmax, window_length, reflect, .. } = self.mel;
        let nyquist = self.sample_rate as usize / 2;
        let top = fmax.map_or(nyquist, |hertz| hertz as usize);
        within("the highest frequency", top, 1, nyquist)?;
        within("the lowest frequency", fmin as usize, 0, top - 1)?;
        within("the window's length", window_length.unwrap_or(self.window), 2, self.window)?;
        if reflect && self.centered {
            // A frame must not need more samples than there are on the other side of the recording's end.
            let least = self.window / 2 + 1;
            within("the number of samples in a segment", self.segment_samples(), least, 1 << 24)?;
        }
        Ok(())
    }

    /// Number of samples spanned by one segment.
    #[must_use]
    pub fn segment_samples(&self) -> usize {
        let steps = self.segment_frames.saturating_sub(1).saturating_mul(self.hop);
        if self.centered { steps.max(1) } else { steps.saturating_add(self.window) }
    }

    /// Number of hops of audio spanned by one segment, rounded up: 81 for the paper's segments.
    /// Consecutive segments start this many frames apart.
    #[must_use]
    pub fn segment_hops(&self) -> usize {
        self.segment_samples().div_ceil(self.hop.max(1))
    }

    /// Number of frames in a piece that contains `segments` consecutive segments. The next piece
    /// begins `segments * segment_hops()` frames later. If a segment has more frames than hops
    /// (centred frames), neighbouring pieces overlap by the frames that both need.
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
    use super::{FrontEnd, MelOptions};

    #[test]
    fn window_and_hop_scale_with_the_rate() {
        for (rate, window, hop) in [(44_100, 3072, 1536), (22_050, 1536, 768), (11_025, 768, 384)] {
            let front_end = FrontEnd::paper(rate);
            front_end.validate().unwrap();
            assert_eq!((front_end.window, front_end.hop), (window, hop));
            assert_eq!(front_end.segment_samples(), 81 * hop);
            assert!((front_end.frame_seconds() - 0.034_83).abs() < 1e-5);
        }
    }

    #[test]
    fn segment_samples_give_segment_frames() {
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
    fn rejects_invalid_options() {
        let options = |mel: MelOptions| FrontEnd { mel, ..FrontEnd::paper(16_000) };
        let paper = MelOptions::PAPER;
        for (front_end, expected) in [
            (options(MelOptions { fmin: 8000, ..paper }), "lowest frequency is 8000"),
            (options(MelOptions { fmax: Some(8001), ..paper }), "highest frequency is 8001"),
            (options(MelOptions { fmax: Some(0), ..paper }), "highest frequency is 0"),
            (options(MelOptions { window_length: Some(1), ..paper }), "window's length is 1"),
            (options(MelOptions { window_length: Some(5000), ..paper }), "window's length is 5000"),
            (options(MelOptions { fmin: 7990, ..paper }), "use fewer bands or a longer window"),
            (
                FrontEnd {
                    centered: true,
                    segment_frames: 1,
                    ..options(MelOptions { reflect: true, ..paper })
                },
                "samples in a segment is 1",
            ),
        ] {
            let error = front_end.validate().unwrap_err().to_string();
            assert!(error.contains(expected), "{error}");
        }
    }

    /// Files that have been written before the options existed, and those of the paper, are the same.
    #[test]
    fn the_papers_options_are_not_written() {
        let paper = FrontEnd::paper(44_100);
        let text = serde_json::to_string(&paper).unwrap();
        assert!(!text.contains("mel\""), "{text}");
        assert_eq!(serde_json::from_str::<FrontEnd>(&text).unwrap(), paper);
        let other = FrontEnd { mel: MelOptions { fmin: 60, ..MelOptions::PAPER }, ..paper };
        let text = serde_json::to_string(&other).unwrap();
        assert_eq!(serde_json::from_str::<FrontEnd>(&text).unwrap(), other);
    }

    #[test]
    fn rejects_invalid_parameters() {
        let paper = || FrontEnd::paper(44_100);
        for (front_end, expected) in [
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
            assert!(error.contains(expected), "{error}");
        }
    }
}
