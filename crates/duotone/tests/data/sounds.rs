//! Small WAV files for tests.

use std::f32::consts::TAU;
use std::path::{Path, PathBuf};

use duotone::audio::FrontEnd;

pub(crate) const RATE: u32 = 11_025;

pub(crate) fn front_end() -> FrontEnd {
    FrontEnd::paper(RATE)
}

/// Writes a tone of `hertz` (0 is silence), 16 bits, mono. Creates the folder if it does not exist.
pub(crate) fn write_tone(path: &Path, hertz: f32, seconds: f32, rate: u32) {
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    let spec = hound::WavSpec {
        channels: 1,
        sample_rate: rate,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(seconds * rate as f32) as usize {
        let sample = (TAU * hertz * i as f32 / rate as f32).sin() * 12_000.0;
        file.write_sample(sample as i16).unwrap();
    }
    file.finalize().unwrap();
}

/// Writes two channels that cancel each other when averaged.
pub(crate) fn write_cancelling(path: &Path, seconds: f32) {
    let spec = hound::WavSpec {
        channels: 2,
        sample_rate: RATE,
        bits_per_sample: 16,
        sample_format: hound::SampleFormat::Int,
    };
    let mut file = hound::WavWriter::create(path, spec).unwrap();
    for i in 0..(seconds * RATE as f32) as usize {
        let sample = ((TAU * 440.0 * i as f32 / RATE as f32).sin() * 12_000.0) as i16;
        file.write_sample(sample).unwrap();
        file.write_sample(-sample).unwrap();
    }
    file.finalize().unwrap();
}

/// Writes tones of different frequencies and lengths to a folder, and returns their paths.
pub(crate) fn tones(folder: &Path, count: usize) -> Vec<PathBuf> {
    let tone = |i: usize| {
        let path = folder.join(format!("{i}.wav"));
        write_tone(&path, 200.0 + 150.0 * i as f32, 3.0 + (i % 4) as f32 / 2.0, RATE);
        path
    };
    (0..count).map(tone).collect()
}
