//! Recordings that are silent, or of which nothing is left in the mono mix.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use duotone_audio::{Error, Extraction, FrontEnd, extract, extract_range, extract_samples};

const RATE: u32 = 8000;

fn front_end(rate: u32) -> FrontEnd {
    FrontEnd { segment_frames: 4, ..FrontEnd::paper(rate) }
}

/// One second of two tones.
fn music() -> Vec<f32> {
    let tone = |i: usize, hertz: f32| (i as f32 * hertz * 7.854e-4).sin();
    (0..RATE as usize).map(|i| 0.3 * tone(i, 440.0) + 0.1 * tone(i, 1000.0)).collect()
}

/// Writes channels to a WAV file of floats and extracts it.
fn of_channels(channels: &[Vec<f32>]) -> Extraction {
    let mut file = b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x03\0".to_vec();
    let frame = 4 * channels.len() as u16;
    file.extend((channels.len() as u16).to_le_bytes());
    file.extend([RATE, RATE * u32::from(frame)].map(u32::to_le_bytes).concat());
    file.extend([frame, 32].map(u16::to_le_bytes).concat());
    file.extend(b"data\0\0\0\0");
    for i in 0..channels[0].len() {
        channels.iter().for_each(|channel| file.extend(channel[i].to_le_bytes()));
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.wav");
    std::fs::write(&path, file).unwrap();
    let extraction = extract(&path, &front_end(RATE)).unwrap();
    let (_, range) = extract_range(&path, &front_end(RATE), 0.2..0.8).unwrap();
    assert_eq!((range.silent, &range.warnings), (extraction.silent, &extraction.warnings));
    extraction
}

fn scaled(samples: &[f32], by: f32) -> Vec<f32> {
    samples.iter().map(|x| x * by).collect()
}

#[test]
fn channels_that_cancel_give_a_warning() {
    let music = music();
    let silence = vec![0.0; music.len()];
    let inverted = scaled(&music, -1.0);
    let late: Vec<f32> = music.iter().skip(20).chain(&music[..20]).copied().collect();
    for channels in [
        vec![music.clone(), inverted.clone()],
        vec![music.clone(), scaled(&music, -0.99)],
        vec![music.clone(), inverted.clone(), silence.clone(), silence.clone()],
        vec![scaled(&music, 1e-3), scaled(&music, -1e-3)],
    ] {
        let warnings = of_channels(&channels).warnings;
        assert_eq!(warnings.len(), 1, "{} channels", channels.len());
        assert!(warnings[0].contains("cancel"), "{}", warnings[0]);
    }
    for channels in [
        vec![music.clone()],
        vec![music.clone(), music.clone()],
        vec![music.clone(), late],
        vec![music.clone(), silence.clone()],
        vec![silence.clone(), inverted],
        vec![silence.clone(), silence],
        vec![music.clone(), scaled(&music, -0.8)],
    ] {
        assert_eq!(of_channels(&channels).warnings, [""; 0], "{} channels", channels.len());
    }
}

#[test]
fn constant_signals_are_silent() {
    for level in [0.0, 0.25, -1.0, 1e-6] {
        assert!(of_channels(&vec![vec![level; 8000]; 2]).silent, "{level}");
        // Also at another rate, and repeated to a segment.
        for (count, rate) in [(8000, RATE), (8000, 44_100), (100, RATE)] {
            let extraction = extract_samples(&vec![level; count], RATE, &front_end(rate)).unwrap();
            assert!(extraction.silent, "{count} of {level} at {rate} Hz");
        }
    }
    let mut samples = vec![0.25; 8000];
    samples[7999] = 0.3;
    assert!(!extract_samples(&samples, RATE, &front_end(RATE)).unwrap().silent);
    let shifted: Vec<f32> = music().iter().map(|x| x + 0.25).collect();
    assert!(!of_channels(&[shifted]).silent);
}

/// Bands above the recording's Nyquist frequency are always empty, so a decision depends on the
/// others alone.
#[test]
fn rates_below_the_front_ends_give_a_warning() {
    let samples: Vec<f32> = std::iter::repeat_n(music(), 4).flatten().collect();
    let warnings = |rate| extract_samples(&samples, RATE, &front_end(rate)).unwrap().warnings;
    assert!(warnings(RATE).is_empty());
    // The highest band starts below 4 kHz.
    assert!(warnings(8400).is_empty());
    // 4 kHz is 28.9 of 41 steps up the mel scale, so bands 29 to 39 start above it.
    assert_eq!(
        warnings(22_050),
        ["sampled at 8000 Hz: 11 of the 40 mel bands, which go up to 11025 Hz, are empty"]
    );
}

#[test]
fn no_samples_are_no_file() {
    for too_few in [&[][..], &[0.1]] {
        let error = extract_samples(too_few, 192_000, &front_end(8_000)).unwrap_err();
        assert!(matches!(error, Error::NoSamples), "{error}");
        assert!(!error.to_string().contains("file"), "{error}");
    }
}
