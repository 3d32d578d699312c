//! A low-pass filter.

use std::f64::consts::{FRAC_PI_8, PI};

/// Filters samples at a rate in hertz with a Butterworth filter of eighth order: −3 dB at the cutoff
/// (in hertz), and 48 dB per octave above it. A cutoff at or above the Nyquist
/// frequency changes nothing.
pub(super) fn low_pass(samples: &mut [f32], rate: u32, cutoff: f64) {
    let cutoff = cutoff / f64::from(rate);
    if cutoff >= 0.5 {
        return;
    }
    // The bilinear transform maps infinity to the Nyquist frequency; `k` keeps the cutoff in its place.
    let k = (PI * cutoff).tan();
    for section in 0..4 {
        let damping = 2.0 * (FRAC_PI_8 * (f64::from(section) + 0.5)).cos();
        Section::new(k, damping).filter(samples);
    }
}

/// Second-order section: zeros at the Nyquist frequency, and a pair of poles.
struct Section {
    gain: f64,
    a1: f64,
    a2: f64,
}

impl Section {
    fn new(k: f64, damping: f64) -> Self {
        let norm = 1.0 / (1.0 + damping * k + k * k);
        Self {
            gain: k * k * norm,
            a1: 2.0 * (k * k - 1.0) * norm,
            a2: (1.0 - damping * k + k * k) * norm,
        }
    }

    fn filter(&self, samples: &mut [f32]) {
        // Transposed direct form II, in which rounding errors do not add up.
        let (mut s1, mut s2) = (0.0, 0.0);
        for sample in samples {
            let x = self.gain * f64::from(*sample);
            let y = x + s1;
            s1 = 2.0 * x - self.a1 * y + s2;
            s2 = x - self.a2 * y;
            *sample = y as f32;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::low_pass;

    /// Level of a tone after the filter, in decibels relative to the tone before it.
    fn response(hertz: f64, cutoff: f64) -> f64 {
        let tone = |i: usize| (TAU * hertz * i as f64 / 44_100.0).sin() as f32;
        let mut samples: Vec<f32> = (0..44_100).map(tone).collect();
        let power = |samples: &[f32]| -> f64 {
            samples[4_410..].iter().map(|&x| f64::from(x) * f64::from(x)).sum()
        };
        let before = power(&samples);
        low_pass(&mut samples, 44_100, cutoff);
        10.0 * (power(&samples) / before).log10()
    }

    #[test]
    fn attenuates_above_and_keeps_below() {
        for cutoff in [8_000.0, 11_000.0, 16_000.0] {
            assert!(response(cutoff / 2.0, cutoff).abs() < 0.01, "{cutoff}");
            assert!((response(cutoff, cutoff) + 3.01).abs() < 0.02, "{cutoff}");
            assert!(response(1.3 * cutoff, cutoff) < -18.0, "{cutoff}");
        }
        assert!(response(16_000.0, 8_000.0) < -48.0);
    }

    #[test]
    fn cutoff_beyond_nyquist_changes_nothing() {
        let mut samples = [0.1, -0.9, 0.7];
        low_pass(&mut samples, 22_050, 11_025.0);
        assert_eq!(samples, [0.1, -0.9, 0.7]);
    }
}
