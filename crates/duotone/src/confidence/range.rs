//! The level, bandwidth and sample rate of the training files, outside of which a model was never tested.

use duotone_audio::{FrontEnd, Spectrogram};
use serde::{Deserialize, Serialize};

/// The smallest and the largest value of technical properties, as seen through a front end.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingRange {
    /// Mean power over all bands and frames, in decibels; `None` if the model brings all inputs to one level.
    pub level: Option<(f64, f64)>,
    /// The frequency above which there is hardly any power, in hertz.
    pub bandwidth: (f64, f64),
    /// The lowest sample rate of the files in hertz, or that of the model if it is lower.
    pub sample_rate: u32,
}

/// Measures the power of a recording, in every eighth frame.
#[derive(Clone, Debug, Default)]
pub(crate) struct PowerMeter {
    /// Sum over the frames of each band's power.
    bands: Vec<f64>,
    frames: usize,
}

/// The properties of one recording.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Recording {
    pub(crate) level: f64,
    pub(crate) bandwidth: f64,
    pub(crate) sample_rate: u32,
}

const EVERY: usize = 8;
/// Differences that neither a person nor a network would notice: decibels, and a share of the bandwidth.
const LEVEL_MARGIN: f64 = 3.0;
const BANDWIDTH_MARGIN: f64 = 0.1;

impl PowerMeter {
    /// Adds a part of the recording.
    pub(crate) fn add(&mut self, part: &Spectrogram) {
        self.bands.resize(part.bands(), 0.0);
        for (band, sum) in self.bands.iter_mut().enumerate() {
            let values = part.band(band).iter().step_by(EVERY);
            *sum += values.map(|&log| f64::from(10_f32.powf(log))).sum::<f64>();
        }
        self.frames += part.frames().div_ceil(EVERY);
    }

    /// Returns the properties of the recording, whose file has the sample rate `source_rate`.
    pub(crate) fn finish(&self, front_end: &FrontEnd, source_rate: u32) -> Recording {
        let cells = (self.frames * self.bands.len()).max(1) as f64;
        Recording {
            level: 10.0 * (self.bands.iter().sum::<f64>() / cells).log10(),
            bandwidth: front_end.bandwidth_of(&self.bands),
            sample_rate: source_rate.min(front_end.sample_rate),
        }
    }
}

impl TrainingRange {
    /// The range of recordings; `None` if there are none. `level` is whether the model's answers depend on it.
    pub(crate) fn of(recordings: &[Recording], level: bool) -> Option<Self> {
        let span = |value: fn(&Recording) -> f64| {
            let values = || recordings.iter().map(value);
            (values().fold(f64::INFINITY, f64::min), values().fold(f64::NEG_INFINITY, f64::max))
        };
        Some(Self {
            level: level.then(|| span(|r| r.level)),
            bandwidth: span(|r| r.bandwidth),
            sample_rate: recordings.iter().map(|r| r.sample_rate).min()?,
        })
    }

    /// Returns a sentence for each property of a recording that lies outside.
    pub(crate) fn warnings(&self, recording: &Recording) -> Vec<String> {
        let mut warnings = Vec::new();
        let mut warn = |what: &str, value: String, side: &str, span: String| {
            warnings
                .push(format!("{what} of {value} is {side} that of the training files ({span})"));
        };
        if let Some((low, high)) = self.level {
            let span = format!("{low:.0} to {high:.0} dB");
            let value = format!("{:.0} dB", recording.level);
            if recording.level < low - LEVEL_MARGIN {
                warn("its level", value, "below", span);
            } else if recording.level > high + LEVEL_MARGIN {
                warn("its level", value, "above", span);
            }
        }
        let (low, high) = self.bandwidth;
        let span = format!("{low:.0} to {high:.0} Hz");
        let value = format!("{:.0} Hz", recording.bandwidth);
        if recording.bandwidth < low * (1.0 - BANDWIDTH_MARGIN) {
            warn("its bandwidth", value, "below", span);
        } else if recording.bandwidth > high * (1.0 + BANDWIDTH_MARGIN) {
            warn("its bandwidth", value, "above", span);
        }
        if recording.sample_rate < self.sample_rate {
            let span = format!("{} Hz or more", self.sample_rate);
            warn("its sample rate", format!("{} Hz", recording.sample_rate), "below", span);
        }
        warnings
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let valid = |(low, high): (f64, f64)| low.is_finite() && high.is_finite() && low <= high;
        match self.level.is_none_or(valid) && valid(self.bandwidth) {
            true => Ok(()),
            false => Err("its range of training files is impossible".into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use duotone_audio::{FrontEnd, Spectrogram};

    use super::{PowerMeter, Recording, TrainingRange};

    #[test]
    fn parts_give_the_level_and_the_bandwidth_of_the_whole() {
        let front_end = FrontEnd::paper(22_050);
        let part = |frames: usize, log: f32| {
            let data = (0..40)
                .flat_map(|band| std::iter::repeat_n(if band < 20 { log } else { -9.0 }, frames));
            Spectrogram::new(40, frames, data.collect()).unwrap()
        };
        let mut meter = PowerMeter::default();
        meter.add(&part(80, -2.0));
        meter.add(&part(80, -3.0));
        let recording = meter.finish(&front_end, 44_100);
        // Half of the bands, and the mean of two levels.
        let expected = 10.0 * (0.5 * 0.5 * (0.01_f64 + 0.001)).log10();
        assert!((recording.level - expected).abs() < 1e-4, "{recording:?}");
        assert_eq!(recording.bandwidth, front_end.bandwidth(&part(80, -2.0)));
        assert_eq!(recording.sample_rate, 22_050);
    }

    #[test]
    fn warns_of_each_property_that_lies_outside() {
        let recording = |level, bandwidth, sample_rate| Recording { level, bandwidth, sample_rate };
        let trained = [recording(-30.0, 8000.0, 22_050), recording(-10.0, 10_000.0, 22_050)];
        let range = TrainingRange::of(&trained, true).unwrap();
        range.check().unwrap();
        assert!(range.warnings(&recording(-32.0, 7500.0, 22_050)).is_empty());
        let warnings = range.warnings(&recording(-50.0, 4000.0, 8000));
        assert_eq!(warnings.len(), 3, "{warnings:?}");
        assert_eq!(
            warnings[0],
            "its level of -50 dB is below that of the training files (-30 to -10 dB)"
        );
        assert!(warnings[1].contains("bandwidth of 4000 Hz is below"), "{warnings:?}");
        assert!(warnings[2].contains("sample rate of 8000 Hz is below"), "{warnings:?}");
        let loud = range.warnings(&recording(0.0, 11_025.0, 22_050));
        assert!(loud.iter().all(|warning| warning.contains("above")) && loud.len() == 2);
        let levelled = TrainingRange::of(&trained, false).unwrap();
        assert!(levelled.warnings(&recording(-50.0, 9000.0, 22_050)).is_empty());
        assert!(TrainingRange::of(&[], true).is_none());
    }
}
