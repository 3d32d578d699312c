//! Any bytes as an audio file, through every container and codec, resampler and front end: the whole of it, and
//! a range, since a jump takes other ways through a reader.
//! Start it on a corpus of one format to stay near that format.
#![no_main]

use duotone::audio::{FrontEnd, extract, extract_range, hide_decoder_panics};
use libfuzzer_sys::fuzz_target;

/// Where the latest range starts, in seconds.
const LATEST: f64 = 8.0;

// A panic of a decoding library becomes an error, and is no finding.
fuzz_target!(init: hide_decoder_panics(), |bytes: &[u8]| {
    // Small and mostly at the fixtures' own rate, so that decoding takes the time and not what follows.
    let front_end = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(44_100) };
    let path = duotone_fuzz::file("audio", &duotone_fuzz::with_right_checksums(bytes));
    if let Ok(found) = extract(&path, &front_end) {
        assert!(found.spectrogram.frames() >= front_end.segment_frames);
        assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
    }
    // Early starts are the likelier ones: most inputs are short.
    let part = f64::from(bytes.last().copied().unwrap_or(0)) / 255.0;
    let start = LATEST * part * part;
    if let Ok((read, found)) = extract_range(&path, &front_end, start..start + 0.2) {
        assert!(read.end > read.start && read.end - read.start < 0.21);
        assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
    }
});
