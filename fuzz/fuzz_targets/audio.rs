//! Any bytes as an audio file, through containers, codecs, resampler and front end: the whole file,
//! and a range, because seeking takes other paths through a reader. Start it on a corpus of one
//! format to stay close to that format.
#![no_main]

use duotone::audio::{FrontEnd, extract, extract_range, hide_decoder_panics};
use libfuzzer_sys::fuzz_target;

/// Latest start of a range, in seconds.
const MAX_START: f64 = 8.0;

// Panics of decoding libraries become errors and are not findings.
fuzz_target!(init: hide_decoder_panics(), |bytes: &[u8]| {
    // Small and mostly at the fixtures' sample rate, so that most of the time is spent on decoding.
    let front_end = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(44_100) };
    let path = duotone_fuzz::file("audio", &duotone_fuzz::with_valid_checksums(bytes));
    if let Ok(found) = extract(&path, &front_end) {
        assert!(found.spectrogram.frames() >= front_end.segment_frames);
        assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
    }
    // Early starts are more likely, because most inputs are short.
    let part = f64::from(bytes.last().copied().unwrap_or(0)) / 255.0;
    let start = MAX_START * part * part;
    if let Ok((read, found)) = extract_range(&path, &front_end, start..start + 0.2) {
        assert!(read.end > read.start && read.end - read.start < 0.21);
        assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
    }
});
