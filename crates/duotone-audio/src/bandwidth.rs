//! The frequency above which a recording has hardly any power, as after a low-pass filter.

use crate::mel::{FrontEnd, MelStream};
use crate::spectrogram::Spectrogram;

/// Power relative to that of the strongest band, in powers of ten, at which a band counts as empty.
/// Measured on music with and without low-pass filters: 40 and 60 dB separate them less well.
const EMPTY: f64 = -5.0;
/// One window of samples in this many is analysed.
const SPARSE: usize = 16;

impl FrontEnd {
    /// Returns the center of the highest mel band whose mean power over a spectrogram is within 50 dB
    /// of the strongest band's, in hertz.
    #[must_use]
    pub fn bandwidth(&self, spectrogram: &Spectrogram) -> f64 {
        let power = |band: usize| {
            let values = spectrogram.band(band).iter();
            values.map(|&log| f64::from(10_f32.powf(log))).sum::<f64>()
        };
        self.bandwidth_of(&(0..spectrogram.bands()).map(power).collect::<Vec<f64>>())
    }

    /// The same, from the mean power of each mel band, or from any multiple of it.
    #[must_use]
    pub fn bandwidth_of(&self, power: &[f64]) -> f64 {
        let enough = power.iter().copied().fold(0.0, f64::max) * 10_f64.powf(EMPTY);
        let highest = power.iter().rposition(|&power| power > enough);
        let filters = self.mel_filters();
        let Some(filter) = highest.and_then(|band| filters.get(band)) else { return 0.0 };
        let bins = (0..filter.len()).rev();
        let center = bins.max_by(|&a, &b| filter[a].total_cmp(&filter[b])).unwrap_or(0);
        center as f64 * f64::from(self.sample_rate) / self.window as f64
    }
}

/// Measures the bandwidth of a stream of samples at its own rate, from a sixteenth of them.
pub(crate) struct BandwidthMeter {
    front_end: FrontEnd,
    stream: MelStream,
    /// Number of samples pushed so far.
    position: usize,
}

impl BandwidthMeter {
    /// `None` at rates at which there is no front end.
    pub(crate) fn new(rate: u32) -> Option<Self> {
        let paper = FrontEnd::paper(rate);
        // Each frame is one window, so that the windows need not follow each other.
        let front_end = FrontEnd { hop: paper.window, segment_frames: 1, ..paper };
        let stream = MelStream::new(&front_end).ok()?;
        Some(Self { front_end, stream, position: 0 })
    }

    pub(crate) fn push(&mut self, mut samples: &[f32]) {
        let window = self.front_end.window;
        while !samples.is_empty() {
            let phase = self.position % (SPARSE * window);
            let (used, end) =
                if phase < window { (true, window) } else { (false, SPARSE * window) };
            let (now, later) = samples.split_at(samples.len().min(end - phase));
            // Past the longest spectrogram, the rest is ignored.
            if used && self.stream.push(now).is_err() {
                return;
            }
            self.position += now.len();
            samples = later;
        }
    }

    /// Returns the bandwidth in hertz; `None` if the recording is shorter than a window.
    pub(crate) fn finish(self) -> Option<f64> {
        let spectrogram = self.stream.finish().ok()?;
        (spectrogram.frames() > 0).then(|| self.front_end.bandwidth(&spectrogram))
    }
}

#[cfg(test)]
mod tests {
    use super::BandwidthMeter;

    /// Bandwidth of a sum of equally loud tones 100 Hz apart, pushed in blocks of this size.
    fn of_tones(rate: u32, highest: f64, block: usize) -> Option<f64> {
        let tone = |i: usize, hertz: f64| {
            (std::f64::consts::TAU * hertz * i as f64 / f64::from(rate) + hertz).sin()
        };
        let tones = (highest / 100.0) as usize;
        let sample = |i| (1..=tones).map(|k| tone(i, 100.0 * k as f64)).sum::<f64>() / 100.0;
        let samples: Vec<f32> = (0..rate as usize).map(|i| sample(i) as f32).collect();
        let mut meter = BandwidthMeter::new(rate)?;
        samples.chunks(block).for_each(|block| meter.push(block));
        meter.finish()
    }

    #[test]
    fn measures_where_the_spectrum_ends() {
        for (rate, highest) in [(44_100, 16_000.0), (44_100, 4_000.0), (11_025, 3_000.0)] {
            let found = of_tones(rate, highest, 1000).unwrap();
            assert!((found / highest - 1.0).abs() < 0.12, "{highest} at {rate}: {found}");
            assert_eq!(of_tones(rate, highest, 7777), Some(found));
        }
    }

    #[test]
    fn needs_one_window() {
        let meter = |samples: usize| {
            let mut meter = BandwidthMeter::new(44_100).unwrap();
            meter.push(&vec![0.5; samples]);
            meter.finish()
        };
        assert_eq!(meter(3071), None);
        assert!(meter(3072).is_some());
        assert!(BandwidthMeter::new(100).is_none());
    }
}
