//! Decodes a file for `scripts/decoding_matrix`: writes its mono samples at the file's own rate as
//! little-endian 32-bit floats, and prints one JSON object about it.
//!
//! cargo run -p duotone-audio --example dump -- FILE SAMPLES

use std::error::Error;
use std::path::Path;

use duotone_audio::{Clip, FrontEnd, decode, extract, extract_range, probe};
use serde_json::{Value, json};

/// Ranges compared with the same samples of the whole, as fractions of its length: the middle, and
/// one that extends past the end.
const RANGES: [(f64, f64); 2] = [(0.55, 0.8), (0.85, 1.1)];

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [file, samples] = arguments.as_slice() else { return Err("dump FILE SAMPLES".into()) };
    let described = match decode(Path::new(file)) {
        Ok(clip) => {
            let bytes: Vec<u8> = clip.samples.iter().flat_map(|x| x.to_le_bytes()).collect();
            std::fs::write(samples, bytes)?;
            describe(Path::new(file), &clip)
        }
        Err(reason) => Err(reason),
    };
    println!("{}", described.unwrap_or_else(|reason| json!({ "refused": reason.to_string() })));
    Ok(())
}

fn describe(path: &Path, clip: &Clip) -> Result<Value, duotone_audio::Error> {
    let info = probe(path)?;
    // With segments of one frame, no range is short enough to be repeated.
    let front_end = FrontEnd { segment_frames: 1, ..FrontEnd::paper(clip.rate) };
    let whole = extract(path, &front_end)?;
    let ranges = RANGES.map(|(start, end)| range(path, clip, &front_end, start, end));
    Ok(json!({
        "codec": info.codec,
        "sample_rate": clip.rate,
        "channels": info.channels,
        "samples": clip.samples.len(),
        "stated_seconds": info.seconds,
        "decode_errors": whole.decode_errors,
        "warnings": whole.warnings,
        "ranges": ranges,
    }))
}

/// Compares a range with the same samples of the whole. Returns the largest difference of a log-mel
/// value above a millionth of the largest power, or an error if the range is at the wrong place.
fn range(path: &Path, clip: &Clip, front_end: &FrontEnd, start: f64, end: f64) -> Value {
    let rate = f64::from(clip.rate);
    let seconds = clip.samples.len() as f64 / rate;
    let (read, extraction) = match extract_range(path, front_end, start * seconds..end * seconds) {
        Ok(found) => found,
        Err(reason) => return json!({ "error": reason.to_string() }),
    };
    let sample = |seconds: f64| (seconds * rate).round() as usize;
    let [first, last] = [start, end].map(|part| sample(part * seconds).min(clip.samples.len()));
    if (sample(read.start), sample(read.end)) != (first, last) {
        return json!({ "error": format!(
            "samples {} to {} were read instead of {first} to {last}",
            sample(read.start),
            sample(read.end)
        )});
    }
    let expected = match front_end.spectrogram(&clip.samples[first..last]) {
        Ok(expected) => expected,
        Err(reason) => return json!({ "error": reason.to_string() }),
    };
    let frames = extraction.spectrogram.frames();
    if frames != expected.frames() && expected.frames() > 0 {
        return json!({ "error": format!("{frames} frames instead of {}", expected.frames()) });
    }
    let loudest = expected.data().iter().copied().fold(f32::MIN, f32::max);
    let mut largest: f32 = 0.0;
    for (got, wanted) in extraction.spectrogram.data().iter().zip(expected.data()) {
        if *wanted > loudest - 6.0 {
            largest = largest.max((got - wanted).abs());
        }
    }
    json!({ "frames": frames, "difference": largest })
}
