//! The technical properties of a clip, and their columns of numbers.

use std::collections::BTreeSet;
use std::path::Path;

use duotone_audio::FrontEnd;

use crate::features::ClipFeatures;
use crate::leaks::findings::Property;

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
    /// Mean power over all bands and frames, in decibels.
    pub(super) level: f64,
    /// In hertz.
    pub(super) bandwidth: f64,
    /// In seconds.
    pub(super) length: f64,
}

impl Sound {
    /// Measures a clip's spectrogram under a front end.
    pub(in crate::leaks) fn of(clip: &ClipFeatures, front_end: &FrontEnd) -> Self {
        Self::with(clip, front_end, front_end.bandwidth(&clip.spectrogram))
    }

    /// The same, but with the bandwidth of the file itself, if it was measured.
    pub(in crate::leaks) fn of_file(clip: &ClipFeatures, front_end: &FrontEnd) -> Self {
        match clip.bandwidth {
            Some(bandwidth) => Self::with(clip, front_end, f64::from(bandwidth)),
            None => Self::of(clip, front_end),
        }
    }

    fn with(clip: &ClipFeatures, front_end: &FrontEnd, bandwidth: f64) -> Self {
        let data = clip.spectrogram.data();
        let power: f64 = data.iter().map(|&log| f64::from(10_f32.powf(log))).sum();
        Self {
            level: 10.0 * (power / data.len().max(1) as f64).log10(),
            bandwidth,
            length: clip.frames() as f64 * front_end.frame_seconds(),
        }
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

    use super::{Properties, Sound, columns};
    use crate::features::{ClipFeatures, Notes};
    use crate::leaks::findings::Property;

    fn clip(of_band: impl Fn(usize) -> f32) -> ClipFeatures {
        let data = (0..40 * 80).map(|i| of_band(i / 80)).collect();
        ClipFeatures {
            spectrogram: Spectrogram::new(40, 80, data).unwrap(),
            digest: String::new(),
            source_rate: 22_050,
            notes: Notes::default(),
            bandwidth: Some(123.0),
        }
    }

    #[test]
    fn measures_level_bandwidth_and_length() {
        let front_end = FrontEnd::paper(22_050);
        let white = Sound::of(&clip(|_| -3.0), &front_end);
        assert!((white.level + 30.0).abs() < 1e-4, "{white:?}");
        assert!((10_000.0..11_025.0).contains(&white.bandwidth), "{white:?}");
        assert!((white.length - 80.0 * front_end.frame_seconds()).abs() < 1e-9);
        let low = clip(|band| if band < 20 { -1.0 } else { -6.5 });
        assert!((1_000.0..3_000.0).contains(&Sound::of(&low, &front_end).bandwidth));
        assert_eq!(Sound::of_file(&low, &front_end).bandwidth, 123.0);
    }

    #[test]
    fn only_properties_that_vary_have_columns() {
        let sound = Sound { level: -20.0, bandwidth: 4000.0, length: 30.0 };
        let clip = |codec: &str, level: f64| Properties {
            sound: Sound { level, ..sound },
            bit_rate: 128_000.0,
            codec: codec.into(),
            sample_rate: 44_100.0,
            channels: 2.0,
        };
        let clips = [clip("MP3", -20.0), clip("FLAC", -30.0), clip("MP3", -40.0)];
        assert_eq!(columns(Property::Level, &clips), [[-20.0, -30.0, -40.0]]);
        assert_eq!(columns(Property::Codec, &clips), [[0.0, 1.0, 0.0], [1.0, 0.0, 1.0]]);
        assert!(columns(Property::BitRate, &clips).is_empty());
    }
}
