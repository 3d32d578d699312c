//! A literal implementation of the front end in `f64`, for the tests: a plain discrete Fourier
//! transform and a dense filterbank.

use std::f64::consts::TAU;

use super::filterbank::triangles;
use crate::mel::{FrontEnd, MelOptions};

/// Power of bins 0 to Nyquist of one frame already multiplied by the window.
fn power_spectrum(frame: &[f64]) -> Vec<f64> {
    let n = frame.len();
    (0..=n / 2)
        .map(|bin| {
            let (mut re, mut im) = (0.0, 0.0);
            for (i, x) in frame.iter().enumerate() {
                let angle = TAU * ((bin * i) % n) as f64 / n as f64;
                re += x * angle.cos();
                im -= x * angle.sin();
            }
            re * re + im * im
        })
        .collect()
}

/// Dense filterbank, bands × bins.
pub(super) fn dense_filterbank(front_end: &FrontEnd) -> Vec<Vec<f64>> {
    triangles(front_end)
        .iter()
        .map(|triangle| {
            let mut row = vec![0.0; front_end.window / 2 + 1];
            row[triangle.first..][..triangle.weights.len()].copy_from_slice(&triangle.weights);
            row
        })
        .collect()
}

/// Mel power, or magnitude, bands × frames, band-major.
pub(super) fn mel_power(front_end: &FrontEnd, samples: &[f32]) -> Vec<f64> {
    let FrontEnd { window, hop, .. } = *front_end;
    let MelOptions { magnitude, window_length, reflect, .. } = front_end.mel;
    let half = if front_end.centered { window / 2 } else { 0 };
    let last = samples.len() as isize - 1;
    let mut padded = Vec::new();
    for i in -(half as isize)..(samples.len() + half) as isize {
        let outside = i < 0 || i > last;
        let mirrored = if i < 0 { -i } else { i.min(2 * last - i) };
        padded.push(if outside && !reflect { 0.0 } else { f64::from(samples[mirrored as usize]) });
    }
    let length = window_length.unwrap_or(window);
    let before = (window - length) / 2;
    let powers: Vec<Vec<f64>> = padded
        .windows(window)
        .step_by(hop)
        .map(|frame| {
            let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / length as f64).cos();
            let mut windowed = vec![0.0; window];
            for i in 0..length {
                windowed[before + i] = frame[before + i] * hann(i);
            }
            let mut power = power_spectrum(&windowed);
            if magnitude {
                power.iter_mut().for_each(|x| *x = x.sqrt());
            }
            power
        })
        .collect();
    let mut out = Vec::new();
    for row in dense_filterbank(front_end) {
        out.extend(powers.iter().map(|p| p.iter().zip(&row).map(|(p, w)| p * w).sum::<f64>()));
    }
    out
}
