//! Faults of files and clocks. Faults of disks, signals and processes are in the tests of the command
//! line.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod changing;
mod nesting;
mod store;

use std::path::Path;

use duotone::audio::FrontEnd;
use duotone::features::{ClipFeatures, FeatureStore, extract_all};
use duotone::io::SkippedFile;

fn front_end() -> FrontEnd {
    FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(11_025) }
}

/// An AU file of noise, 16 bits at 11,025 Hz.
fn sound(seed: u64, seconds: f32) -> Vec<u8> {
    let random = duotone::nn::random::Philox::new(seed, 0);
    let mut bytes = b".snd".to_vec();
    bytes.extend([24, u32::MAX, 3, 11_025, 1].map(u32::to_be_bytes).concat());
    let count = (seconds * 11_025.0) as u64;
    bytes.extend((0..count).flat_map(|i| ((random.uniform(i) * 9_000.0) as i16).to_be_bytes()));
    bytes
}

fn extract(path: &Path, store: Option<&FeatureStore>) -> Result<ClipFeatures, SkippedFile> {
    extract_all(&[path.to_owned()], &front_end(), store, &()).unwrap().remove(0)
}

/// Features as text. Floats are printed exactly.
fn text(features: &ClipFeatures) -> String {
    format!("{features:?}")
}
