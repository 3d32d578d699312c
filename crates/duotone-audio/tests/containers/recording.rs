//! The recording, the headers of WAV files, and the checks of decoded files.

use std::ops::Range;
use std::path::{Path, PathBuf};

use duotone_audio::{FrontEnd, decode, extract, extract_range, probe};
use tempfile::TempDir;

pub(crate) const RATE: u32 = 8000;
pub(crate) const SAMPLES: usize = 4001;
pub(crate) const UNKNOWN: u32 = u32::MAX;

/// The recording: a chirp, then silence, none of which may be mistaken for padding.
pub(crate) fn recording() -> Vec<i16> {
    let chirp = |i: usize| ((i as f64).powi(2) * 1e-4).sin() * 12_000.0;
    (0..SAMPLES).map(|i| if i < 3500 { chirp(i) as i16 } else { 0 }).collect()
}

/// The recording's bytes in little-endian order.
pub(crate) fn little() -> Vec<u8> {
    recording().iter().flat_map(|x| x.to_le_bytes()).collect()
}

pub(crate) fn big() -> Vec<u8> {
    recording().iter().flat_map(|x| x.to_be_bytes()).collect()
}

/// A RIFF chunk with any stated size.
pub(crate) fn chunk(name: &[u8], stated: u32, body: &[u8]) -> Vec<u8> {
    [name, &stated.to_le_bytes(), body, &vec![0; body.len() % 2]].concat()
}

pub(crate) fn true_chunk(name: &[u8], body: &[u8]) -> Vec<u8> {
    chunk(name, body.len() as u32, body)
}

pub(crate) fn format(tag: u16, channels: u16, bits: u16) -> Vec<u8> {
    let block = channels * bits.div_ceil(8);
    let mut body = [tag, channels].map(u16::to_le_bytes).concat();
    body.extend([RATE, RATE * u32::from(block)].map(u32::to_le_bytes).concat());
    body.extend([block, bits].map(u16::to_le_bytes).concat());
    body
}

/// A WAV file with chunks before and after its audio data.
pub(crate) fn wav(riff: u32, before: &[u8], data: u32, sound: &[u8], after: &[u8]) -> Vec<u8> {
    let data = chunk(b"data", data, sound);
    [&chunk(b"RIFF", riff, b"WAVE"), before, &data, after].concat()
}

pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }

    pub(crate) fn file(&self, content: &[u8]) -> PathBuf {
        let path = self.0.path().join("recording");
        std::fs::write(&path, content).unwrap();
        path
    }

    pub(crate) fn error(&self, content: &[u8]) -> String {
        probe(&self.file(content)).unwrap_err().to_string()
    }
}

pub(crate) fn small() -> FrontEnd {
    FrontEnd { segment_frames: 2, ..FrontEnd::paper(RATE) }
}

/// Checks that a file decodes to exactly the recording, states its length, and causes no warnings.
#[track_caller]
pub(crate) fn check(what: &str, content: &[u8]) {
    let folder = Folder::new();
    let path = folder.file(content);
    let clip = decode(&path);
    assert!(clip.is_ok(), "{what}: {:?}", clip.err());
    let clip = clip.unwrap();
    let expected: Vec<f32> = recording().iter().map(|&x| f32::from(x) / 32_768.0).collect();
    assert_eq!(clip.rate, RATE, "{what}");
    assert_eq!(clip.samples.len(), expected.len(), "{what}");
    assert!(clip.samples == expected, "{what}: different samples");
    let seconds = probe(&path).unwrap().seconds.unwrap();
    assert!((seconds - SAMPLES as f64 / f64::from(RATE)).abs() < 1e-9, "{what}: {seconds} s");
    let extraction = extract(&path, &small()).unwrap();
    assert_eq!((extraction.decode_errors, extraction.warnings), (None, vec![]), "{what}");
    range(what, &path, &expected, 0.1..0.3);
}

/// Checks that a range of the file is the same range of its samples.
#[track_caller]
fn range(what: &str, path: &Path, samples: &[f32], range: Range<f64>) {
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(RATE) };
    let [start, end] = [range.start, range.end].map(|s| (s * f64::from(RATE)) as usize);
    let (_, found) = extract_range(path, &front_end, range).unwrap();
    assert_eq!(found.spectrogram, front_end.spectrogram(&samples[start..end]).unwrap(), "{what}");
}
