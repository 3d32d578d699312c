//! Oscillators, filters and decays, from +, −, ×, ÷ and √ only: IEEE 754 defines their rounding, so a
//! seed produces the same bytes on every machine.

use super::RATE;

/// Returns sin 2πx by a Taylor series on a quarter wave; the error is below 4e-6.
pub(super) fn sine(cycles: f32) -> f32 {
    let x = cycles - cycles.floor() - 0.5;
    let folded = if x.abs() > 0.25 { x.signum() * 0.5 - x } else { x };
    let a = folded * -std::f32::consts::TAU;
    let s = a * a;
    a * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0))))
}

/// Returns the frequency of a MIDI note number: 69 is A4, 440 Hz.
pub(super) fn hertz(note: i32) -> f32 {
    const SEMITONE: f32 = 1.059_463_1;
    let up = (69..note).fold(440.0, |hz, _| hz * SEMITONE);
    (note..69).fold(up, |hz, _| hz / SEMITONE)
}

/// Returns the factor per sample of a decay to 1/e in this time.
pub(super) fn decay(seconds: f32) -> f32 {
    1.0 - 1.0 / (1.0 + seconds * RATE as f32)
}

/// One period of a sound, summed from its partials below the Nyquist frequency.
pub(super) struct Wave {
    table: Vec<f32>,
}

impl Wave {
    const LENGTH: usize = 1024;

    pub(super) fn new(partials: &[f32], hz: f32) -> Self {
        let audible = ((0.45 * RATE as f32 / hz) as usize).clamp(1, partials.len());
        let power: f32 = partials[..audible].iter().map(|a| a * a).sum();
        let scale = 1.0 / power.sqrt();
        let at = |i: usize| {
            let sum: f32 = partials[..audible]
                .iter()
                .enumerate()
                .map(|(k, a)| a * sine(((k + 1) * i) as f32 / Self::LENGTH as f32))
                .sum();
            scale * sum
        };
        Self { table: (0..=Self::LENGTH).map(at).collect() }
    }

    /// Returns the value at a phase of 0..1, interpolated linearly.
    pub(super) fn at(&self, phase: f32) -> f32 {
        let place = phase * Self::LENGTH as f32;
        let i = (place as usize).min(Self::LENGTH - 1);
        self.table[i] + (place - i as f32) * (self.table[i + 1] - self.table[i])
    }
}

/// One-pole low-pass filter.
#[derive(Default)]
pub(super) struct OnePole {
    state: f32,
}

impl OnePole {
    pub(super) fn low(&mut self, x: f32, hz: f32) -> f32 {
        let step = std::f32::consts::TAU * hz / RATE as f32;
        self.state += step / (1.0 + step) * (x - self.state);
        self.state
    }
}

/// Chamberlin's state-variable filter, run twice per sample to stay stable up to 0.2 of the rate.
#[derive(Default)]
pub(super) struct Resonator {
    low: f32,
    band: f32,
}

impl Resonator {
    /// Filters by a low-pass at `hz`; `damping` goes from 2 (no resonance) to 0.1 (a strong peak).
    pub(super) fn low(&mut self, x: f32, hz: f32, damping: f32) -> f32 {
        let f = 2.0 * sine(0.25 * hz.min(0.2 * RATE as f32) / RATE as f32);
        for _ in 0..2 {
            self.low += f * self.band;
            self.band += f * (x - self.low - damping * self.band);
        }
        self.low
    }
}
