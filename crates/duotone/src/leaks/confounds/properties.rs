//! The technical properties of a clip, and their columns of numbers.

use std::collections::BTreeSet;
use std::path::Path;

use duotone_audio::FrontEnd;

use crate::features::ClipFeatures;
use crate::leaks::findings::Property;

/// A band is empty if its mean power is at most this far above that of the weakest band, in decibels,
const NEAR_FLOOR: f64 = 6.0;
/// and at least this far below that of the strongest.
const FAR_BELOW_PEAK: f64 = 40.0;

/// The technical properties of a clip.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::leaks) struct Properties {
    pub(super) sound: Sound,
    /// In bits per second.
    pub(super) bit_rate: f64,
    pub(super) codec: String,
    /// In hertz.
    pub(super) sample_rate: f64,
    pub(super) channels: f64,
}

/// Properties that are measured in a spectrogram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::leaks) struct Sound {
    /// Mean log power over all bands and frames, in decibels.
    pub(super) level: f64,
    /// In hertz.
    pub(super) bandwidth: f64,
    /// In seconds.
    pub(super) length: f64,
}

/// Measures [`Sound`] in the spectrograms of one front end.
pub(in crate::leaks) struct Listener {
    /// The frequency at which each band is most sensitive, in hertz.
    centers: Vec<f64>,
    frame_seconds: f64,
}

impl Listener {
    pub(in crate::leaks) fn new(front_end: &FrontEnd) -> Self {
        let bin_hertz = f64::from(front_end.sample_rate) / front_end.window as f64;
        let center = |weights: Vec<f32>| {
            let bins = (0..weights.len()).rev();
            let bin = bins.max_by(|&a, &b| weights[a].total_cmp(&weights[b])).unwrap_or(0);
            bin as f64 * bin_hertz
        };
        let centers = front_end.mel_filters().into_iter().map(center).collect();
        Self { centers, frame_seconds: front_end.frame_seconds() }
    }

    pub(in crate::leaks) fn measure(&self, clip: &ClipFeatures) -> Sound {
        let frames = clip.frames().max(1) as f64;
        let mut sum = 0.0;
        let mut spectrum = Vec::with_capacity(clip.bands());
        for band in 0..clip.bands() {
            let mut power = 0.0;
            for &log in clip.band(band) {
                sum += f64::from(log);
                power += f64::from(10_f32.powf(log));
            }
            spectrum.push(10.0 * (power / frames).log10());
        }
        let level = 10.0 * sum / (frames * clip.bands().max(1) as f64);
        let length = clip.frames() as f64 * self.frame_seconds;
        Sound { level, bandwidth: self.bandwidth(&spectrum), length }
    }

    /// The frequency above which a spectrum (decibels per band) is empty.
    fn bandwidth(&self, spectrum: &[f64]) -> f64 {
        let lowest = spectrum.iter().copied().fold(f64::INFINITY, f64::min);
        let highest = spectrum.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let empty = (lowest + NEAR_FLOOR).min(highest - FAR_BELOW_PEAK);
        let last = spectrum.iter().rposition(|&power| power > empty);
        last.and_then(|band| self.centers.get(band)).copied().unwrap_or(0.0)
    }
}

impl Properties {
    /// Adds what the header of the clip's file says.
    pub(in crate::leaks) fn new(path: &Path, sound: Sound) -> Self {
        let bytes = std::fs::metadata(path).map_or(0, |about| about.len());
        // The file has just been decoded; without its header, nothing differs between the clips.
        let (codec, sample_rate, channels) = match duotone_audio::probe(path) {
            Ok(info) => (info.codec, f64::from(info.sample_rate), info.channels as f64),
            Err(_) => (String::new(), 0.0, 0.0),
        };
        let bit_rate = 8.0 * bytes as f64 / sound.length.max(f64::MIN_POSITIVE);
        Self { sound, bit_rate, codec, sample_rate, channels }
    }
}

/// The columns of a property, one number per clip; none if the property is the same for all clips.
/// A codec is a column per codec, which is 1 for the clips that have it.
pub(super) fn columns(property: Property, clips: &[Properties]) -> Vec<Vec<f64>> {
    let numbers = |number: fn(&Properties) -> f64| vec![clips.iter().map(number).collect()];
    let mut columns: Vec<Vec<f64>> = match property {
        Property::Level => numbers(|clip| clip.sound.level),
        Property::Bandwidth => numbers(|clip| clip.sound.bandwidth),
        Property::Length => numbers(|clip| clip.sound.length),
        Property::BitRate => numbers(|clip| clip.bit_rate),
        Property::SampleRate => numbers(|clip| clip.sample_rate),
        Property::Channels => numbers(|clip| clip.channels),
        Property::Codec => {
            let codecs: BTreeSet<&String> = clips.iter().map(|clip| &clip.codec).collect();
            let has =
                |codec: &String| clips.iter().map(|clip| f64::from(clip.codec == *codec)).collect();
            codecs.into_iter().map(has).collect()
        }
    };
    columns.retain(|column| column.iter().any(|value| *value != column[0]));
    columns
}

#[cfg(test)]
mod tests {
    use duotone_audio::{FrontEnd, Spectrogram};

    use super::Listener;
    use crate::features::{ClipFeatures, Notes};

    fn clip(of_band: impl Fn(usize) -> f32) -> ClipFeatures {
        let data = (0..40 * 80).map(|i| of_band(i / 80)).collect();
        ClipFeatures {
            spectrogram: Spectrogram::new(40, 80, data).unwrap(),
            digest: String::new(),
            source_rate: 22_050,
            notes: Notes::default(),
        }
    }

    #[test]
    fn measures_level_and_bandwidth() {
        let listener = Listener::new(&FrontEnd::paper(22_050));
        assert!(listener.centers.is_sorted() && listener.centers[39] < 11_025.0);
        let measure = |of_band: &dyn Fn(usize) -> f32| listener.measure(&clip(of_band));
        let white = measure(&|_| -3.0);
        assert!((white.level + 30.0).abs() < 1e-4, "{white:?}");
        assert_eq!(white.bandwidth, listener.centers[39]);
        let low = measure(&|band| if band < 20 { -1.0 - 0.1 * band as f32 } else { -9.5 });
        assert_eq!(low.bandwidth, listener.centers[19]);
        // A spectrum that falls without a gap reaches the last bands.
        let slope = measure(&|band| -1.0 - 0.15 * band as f32);
        assert!(slope.bandwidth > listener.centers[30], "{slope:?}");
        assert!((measure(&|_| -10.0).level + 100.0).abs() < 1e-3);
    }
}
