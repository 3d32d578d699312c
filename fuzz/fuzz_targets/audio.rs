//! Any bytes as an audio file, through every container and codec, resampler and front end.
//! Start it on a corpus of one format to stay near that format.
#![no_main]

use duotone::audio::{FrontEnd, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    // Small and mostly at the fixtures' own rate, so that decoding takes the time and not what follows.
    let front_end = FrontEnd { bands: 8, segment_frames: 10, ..FrontEnd::paper(44_100) };
    if let Ok(found) = extract(&duotone_fuzz::file("audio", bytes), &front_end) {
        assert!(found.spectrogram.frames() >= front_end.segment_frames);
        assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
    }
});
