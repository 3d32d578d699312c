//! Any samples at any rate through the resampler and the front end.
#![no_main]

use duotone::audio::{FrontEnd, MelNorm, MelOptions, MelScale, extract};
use libfuzzer_sys::fuzz_target;

type Input<'a> = (u32, [u32; 5], [bool; 5], [u16; 3], &'a [u8]);

fuzz_target!(|input: Input| {
    let (rate, [sample_rate, window, hop, bands, segment_frames], flags, options, samples) = input;
    let [centered, htk, peaks, magnitude, reflect] = flags;
    let [fmin, fmax, window_length] = options;
    let mel = MelOptions {
        scale: if htk { MelScale::Htk } else { MelScale::Slaney },
        norm: if peaks { MelNorm::None } else { MelNorm::Slaney },
        fmin: fmin.into(),
        fmax: (fmax > 0).then(|| fmax.into()),
        magnitude,
        window_length: (window_length > 0).then(|| window_length.into()),
        reflect,
    };
    let [window, hop, bands, segment_frames] =
        [window, hop, bands, segment_frames].map(|number| number as usize % 5_000);
    let front_end = FrontEnd { sample_rate, window, hop, bands, segment_frames, centered, mel };
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
