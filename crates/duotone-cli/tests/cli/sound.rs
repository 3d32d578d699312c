//! Small collections of synthesised signals.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::{TempDir, tempdir};

pub(crate) const RATE: u32 = 11_025;

/// A tiny network that trains quickly. Its segments are 0.73 seconds long.
const TINY: &str = "\
bands = 8
frames = 20
hidden_units = 8

[[pipeline]]
filters = 4
kernel = [4, 5]
pool = [1, 8]
";

pub(crate) fn tiny(folder: &Path) -> PathBuf {
    let path = folder.join("tiny.toml");
    fs::write(&path, TINY).unwrap();
    path
}

/// Creates a folder with a collection of `clips` clips per label and `tiny.toml`.
pub(crate) fn folder(clips: usize) -> (TempDir, PathBuf) {
    let folder = tempdir().unwrap();
    let dir = folder.path().to_owned();
    collection(&dir, clips);
    tiny(&dir);
    (folder, dir)
}

/// Writes a folder `music` with two label folders, `low` and `high`, of `clips` easily
/// distinguished clips each.
pub(crate) fn collection(folder: &Path, clips: usize) -> PathBuf {
    let music = folder.join("music");
    for (label, hertz) in [("low", 220.0), ("high", 2_500.0)] {
        fs::create_dir_all(music.join(label)).unwrap();
        for i in 0..clips {
            let samples = tone(hertz * (1.0 + 0.03 * i as f64), 1.5, i as u64);
            let path = music.join(label).join(format!("{label}{i}.wav"));
            fs::write(path, wav(&samples)).unwrap();
        }
    }
    music
}

/// A tone with noise that depends on the seed.
pub(crate) fn tone(hertz: f64, seconds: f64, seed: u64) -> Vec<f64> {
    let mut state = seed.wrapping_mul(2_862_933_555_777_941_757).wrapping_add(3_037_000_493);
    (0..(seconds * f64::from(RATE)) as usize)
        .map(|i| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            let noise = (state >> 33) as f64 / (1_u64 << 31) as f64 - 0.5;
            let t = i as f64 / f64::from(RATE);
            0.4 * (std::f64::consts::TAU * hertz * t).sin() + 0.02 * noise
        })
        .collect()
}

/// A mono WAV file of 16-bit samples.
pub(crate) fn wav(samples: &[f64]) -> Vec<u8> {
    let data = samples.iter().flat_map(|x| ((x * 32_767.0) as i16).to_le_bytes()).collect();
    riff(1, 16, data)
}

/// A mono WAV file of 32-bit floats.
pub(crate) fn float_wav(samples: &[f32]) -> Vec<u8> {
    riff(3, 32, samples.iter().flat_map(|x| x.to_le_bytes()).collect())
}

fn riff(format: u16, bits: u16, data: Vec<u8>) -> Vec<u8> {
    let block = bits / 8;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + data.len() as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt ");
    bytes.extend(16_u32.to_le_bytes());
    bytes.extend([format, 1].map(u16::to_le_bytes).concat());
    bytes.extend([RATE, RATE * u32::from(block)].map(u32::to_le_bytes).concat());
    bytes.extend([block, bits].map(u16::to_le_bytes).concat());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(data);
    bytes
}
