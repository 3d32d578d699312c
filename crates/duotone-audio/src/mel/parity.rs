//! Compares the fast path with librosa's output (`scripts/librosa_fixtures.py`) and with the plain
//! reference.

use std::f64::consts::TAU;

use serde::Deserialize;

use super::reference::{dense_filterbank, mel_power};
use crate::mel::{FrontEnd, MelOptions};

/// Largest allowed difference in log10 where the power is above `RELEVANT` times the clip's
/// maximum.
const BOUND: f64 = 1e-4;
const RELEVANT: f64 = 1e-6;

#[derive(Deserialize)]
struct LogMel {
    rate: u32,
    window: usize,
    bands: usize,
    centered: bool,
    samples: usize,
    log_mel: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
struct Filterbank {
    rate: u32,
    window: usize,
    bands: usize,
    rows: Vec<(usize, Vec<f64>)>,
}

/// The same formula as `signal` in the script.
fn signal(rate: u32, length: usize) -> Vec<f32> {
    let mut state = 1u32;
    (0..length)
        .map(|i| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let noise = f64::from(state) / 2_147_483_648.0 - 1.0;
            let t = i as f64 / f64::from(rate);
            let click = if i % 5000 == 0 { 0.5 } else { 0.0 };
            let x = 0.3 * (TAU * 440.0 * t).sin() + 0.1 * (TAU * 3000.0 * t).sin();
            let x = x + 0.2 * noise + click;
            (if i < length / 2 { x } else { x * 0.01 }) as f32
        })
        .collect()
}

/// Compares band-major log10 values; returns how many were above the relevant power.
fn compare(got: &[f32], expected: &[f64]) -> usize {
    assert_eq!(got.len(), expected.len());
    let largest = expected.iter().fold(f64::MIN, |a, &b| a.max(b));
    let mut compared = 0;
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        if expected > largest + RELEVANT.log10() {
            let difference = (f64::from(got) - expected).abs();
            assert!(difference <= BOUND, "value {i}: {got} instead of {expected}");
            compared += 1;
        }
    }
    compared
}

#[test]
fn log_mel_matches_librosa() {
    let cases: Vec<LogMel> =
        serde_json::from_str(include_str!("../../tests/fixtures/librosa_log_mel.json")).unwrap();
    assert_eq!(cases.len(), 12);
    for case in cases {
        let front_end = FrontEnd {
            sample_rate: case.rate,
            window: case.window,
            hop: case.window / 2,
            bands: case.bands,
            segment_frames: 80,
            centered: case.centered,
            mel: MelOptions::PAPER,
        };
        let got = front_end.spectrogram(&signal(case.rate, case.samples)).unwrap();
        assert_eq!((got.bands(), got.frames()), (case.bands, case.log_mel[0].len()));
        let compared = compare(got.data(), &case.log_mel.concat());
        // Both the loud and the soft half have values above the relevant power.
        assert!(compared * 2 > got.data().len(), "{compared} of {}", got.data().len());
    }
}

#[derive(Deserialize)]
struct Options {
    front_end: FrontEnd,
    samples: usize,
    log_mel: Vec<Vec<f64>>,
}

/// Every option alone and all of them together.
#[test]
fn options_match_librosa_and_the_reference() {
    let cases: Vec<Options> =
        serde_json::from_str(include_str!("../../tests/fixtures/librosa_options.json")).unwrap();
    assert_eq!(cases.len(), 8);
    for Options { front_end, samples, log_mel } in cases {
        let samples = signal(front_end.sample_rate, samples);
        let expected = log_mel.concat();
        let got = front_end.spectrogram(&samples).unwrap();
        let compared = compare(got.data(), &expected);
        assert!(compared * 2 > got.data().len(), "{compared} of {}", got.data().len());
        let reference: Vec<f64> =
            mel_power(&front_end, &samples).iter().map(|p| p.max(1e-10).log10()).collect();
        assert_eq!(compare(got.data(), &reference), compared);
        for block in [1, 100, 777] {
            let mut stream = super::MelStream::new(&front_end).unwrap();
            samples.chunks(block).for_each(|block| stream.push(block).unwrap());
            assert_eq!(stream.finish().unwrap(), got, "blocks of {block}");
        }
    }
}

#[test]
fn filterbank_matches_librosa() {
    let cases: Vec<Filterbank> =
        serde_json::from_str(include_str!("../../tests/fixtures/librosa_filterbank.json")).unwrap();
    assert_eq!(cases.len(), 6);
    for case in cases {
        let front_end = FrontEnd { window: case.window, ..FrontEnd::paper(case.rate) };
        let dense = dense_filterbank(&FrontEnd { bands: case.bands, ..front_end });
        assert_eq!(dense.len(), case.rows.len());
        for (got, (first, weights)) in dense.iter().zip(&case.rows) {
            for (bin, &got) in got.iter().enumerate() {
                let expected =
                    bin.checked_sub(*first).and_then(|i| weights.get(i)).copied().unwrap_or(0.0);
                assert!((got - expected).abs() <= 1e-6, "bin {bin}: {got} instead of {expected}");
            }
        }
    }
}

/// Covers sizes with and without a transform across lanes: windows that are not powers of two, hops
/// that do not divide them, a single band.
#[test]
fn fast_path_matches_the_reference() {
    for (window, hop, bands) in
        [(512, 200, 12), (64, 32, 5), (90, 31, 4), (256, 256, 12), (34, 1, 1), (4, 1, 1)]
    {
        for centered in [false, true] {
            let front_end = FrontEnd {
                window,
                hop,
                bands,
                segment_frames: 3,
                centered,
                ..FrontEnd::paper(8000)
            };
            let samples = signal(8000, 2900);
            let expected: Vec<f64> =
                mel_power(&front_end, &samples).iter().map(|p| p.max(1e-10).log10()).collect();
            let got = front_end.spectrogram(&samples).unwrap();
            assert!(compare(got.data(), &expected) > 0);
        }
    }
}

#[test]
fn block_size_does_not_change_the_output() {
    for centered in [false, true] {
        let front_end = FrontEnd { centered, ..FrontEnd::paper(11_025) };
        let samples = signal(11_025, 5000);
        let whole = front_end.spectrogram(&samples).unwrap();
        for block in [1, 7, 384, 1153, 4999] {
            let mut stream = super::MelStream::new(&front_end).unwrap();
            samples.chunks(block).for_each(|block| stream.push(block).unwrap());
            assert_eq!(stream.finish().unwrap(), whole, "blocks of {block}");
        }
    }
}

#[test]
fn silence_is_at_the_floor() {
    let spectrogram = FrontEnd::paper(8000).spectrogram(&vec![0.0; 8000]).unwrap();
    assert!(spectrogram.is_silent());
    assert!(spectrogram.data().iter().all(|&x| x == -10.0));
    let mut samples = vec![0.0; 8000];
    samples[4000] = 0.01;
    assert!(!FrontEnd::paper(8000).spectrogram(&samples).unwrap().is_silent());
}

#[test]
fn fewer_samples_than_a_window_give_no_frame() {
    let front_end = FrontEnd::paper(8000);
    let spectrogram = front_end.spectrogram(&vec![0.1; front_end.window - 1]).unwrap();
    assert_eq!((spectrogram.bands(), spectrogram.frames()), (40, 0));
}
