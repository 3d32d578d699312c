//! Music composed by the demo, and functions that alter it.

use std::fs;
use std::path::{Path, PathBuf};

use duotone_demo::{DemoOptions, compose};

/// Composes a piece of `seconds` seconds in each of the four styles, and pieces by new artists.
/// Returns the files and their styles.
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

/// Reads mono samples and their sample rate.
pub(crate) fn read(path: &Path) -> (Vec<f32>, u32) {
    let mut file = hound::WavReader::open(path).unwrap();
    let samples = file.samples::<i16>().map(|x| f32::from(x.unwrap()) / 32_768.0).collect();
    (samples, file.spec().sample_rate)
}

/// Writes samples as stereo with 24 bits: the same sound in other bytes.
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

/// Resamples by linear interpolation, like a poor resampler.
pub(crate) fn resample(samples: &[f32], from: u32, to: u32) -> Vec<f32> {
    let step = f64::from(from) / f64::from(to);
    let count = (samples.len() as f64 / step) as usize;
    let at = |i: usize| {
        let position = i as f64 * step;
        let (i, part) = (position as usize, position.fract() as f32);
        let next = samples.get(i + 1).copied().unwrap_or_default();
        samples[i] * (1.0 - part) + next * part
    };
    (0..count).map(at).collect()
}
