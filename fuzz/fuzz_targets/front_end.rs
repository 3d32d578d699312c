//! Any samples at any rate through the resampler and the front end.
#![no_main]

use duotone::audio::{FrontEnd, extract};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: (u32, [u32; 5], bool, &[u8])| {
    let (rate, [sample_rate, window, hop, bands, segment_frames], centered, samples) = input;
    let [window, hop, bands, segment_frames] =
        [window, hop, bands, segment_frames].map(|number| number as usize % 5_000);
    let front_end = FrontEnd { sample_rate, window, hop, bands, segment_frames, centered };
    // Long windows with a short hop would be too much work for a small input.
    if front_end.validate().is_err() || front_end.segment_samples() / front_end.hop > 2_000 {
        return;
    }
    // The resampler is only reachable through a file: AU with 32-bit floats.
    let mut bytes = b".snd".to_vec();
    bytes.extend([24, u32::MAX, 6, rate, 1].map(u32::to_be_bytes).concat());
    bytes.extend(samples);
    if let Ok(found) = extract(&duotone_fuzz::file("samples.au", &bytes), &front_end) {
        assert_eq!(found.spectrogram.bands(), front_end.bands);
        assert!(found.spectrogram.frames() >= front_end.segment_frames);
        assert!(found.spectrogram.data().iter().all(|x| x.is_finite()));
    }
});
