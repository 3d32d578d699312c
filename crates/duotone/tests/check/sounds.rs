//! Music of the demo's own composer, and what can be done to it without other programs.

use std::fs;
use std::path::{Path, PathBuf};

use duotone_demo::{DemoOptions, compose};

/// Composes pieces of so many seconds in all four styles, one artist and one piece each (and the
/// new artists' pieces): files and styles.
pub(crate) fn pieces(folder: &Path, seconds: f64) -> Vec<(PathBuf, String)> {
    let options = DemoOptions { artists: 1, pieces: 1, seconds, ..DemoOptions::default() };
    let demo = compose(&folder.join("composed"), &options, &(), &|_, _| {}).unwrap();
    let mut pieces = demo.new_pieces;
    for style in ["breakbeat", "chorale", "ragtime", "techno"] {
        for file in fs::read_dir(folder.join("composed/collection").join(style)).unwrap() {
            pieces.push((file.unwrap().path(), style.to_owned()));
        }
    }
    pieces
}

/// Mono samples and their rate.
pub(crate) fn read(path: &Path) -> (Vec<f32>, u32) {
    let mut file = hound::WavReader::open(path).unwrap();
    let samples = file.samples::<i16>().map(|x| f32::from(x.unwrap()) / 32_768.0).collect();
    (samples, file.spec().sample_rate)
}

/// Stereo, 24 bits: other bytes for the same sound.
pub(crate) fn write(path: &Path, samples: &[f32], rate: u32) {
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: rate,
        bits_per_sample: 24,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for x in samples {
        let sample = (x * 8_388_607.0) as i32;
        file.write_sample(sample).unwrap();
        file.write_sample(sample).unwrap();
    }
    file.finalize().unwrap();
}

/// At another rate, by straight lines between the samples: a poor resampler's work.
pub(crate) fn resample(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let step = f64::from(from) / f64::from(to);
    let count = (samples.len() as f64 / step) as usize;
    let at = |i: usize| {
        let place = i as f64 * step;
        let (i, part) = (place as usize, place.fract() as f32);
        let next = samples.get(i + 1).copied().unwrap_or_default();
        samples[i] * (1.0 - part) + next * part
    };
    (0..count).map(at).collect()
}
