//! Oscillators, filters and decays, from +, −, ×, ÷ and √ alone: IEEE 754 rounds these alike
//! everywhere, so a seed gives the same bytes on every machine.

use super::RATE;

/// sin 2πx by Taylor's series on a quarter wave; off by less than 4e-6.
pub(super) fn sine(cycles: f32) -> f32 {
    let x = cycles - cycles.floor() - 0.5;
    let folded = if x.abs() > 0.25 { x.signum() * 0.5 - x } else { x };
    let a = folded * -std::f32::consts::TAU;
    let s = a * a;
    a * (1.0 - s / 6.0 * (1.0 - s / 20.0 * (1.0 - s / 42.0 * (1.0 - s / 72.0))))
}

/// Frequency of a MIDI note number: 69 is A4, 440 Hz.
pub(super) fn hertz(note: i32) -> f32 {
    const SEMITONE: f32 = 1.059_463_1;
    let up = (69..note).fold(440.0, |hz, _| hz * SEMITONE);
    (note..69).fold(up, |hz, _| hz / SEMITONE)
}

/// Factor per sample of a decay by 1/e in this time.
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

    /// The value at a phase of 0..1, linearly between the stored ones.
    pub(super) fn at(&self, phase: f32) -> f32 {
        let place = phase * Self::LENGTH as f32;
        let i = (place as usize).min(Self::LENGTH - 1);
        self.table[i] + (place - i as f32) * (self.table[i + 1] - self.table[i])
    }
}

/// Low-pass of one pole.
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

/// Chamberlin's state-variable filter, run twice a sample to stay stable up to 0.2 of the rate.
#[derive(Default)]
pub(super) struct Resonator {
    low: f32,
    band: f32,
}

impl Resonator {
    /// Low-pass at `hz`; `damping` from 2 (none) down to 0.1 (a loud peak).
    pub(super) fn low(&mut self, x: f32, hz: f32, damping: f32) -> f32 {
        let f = 2.0 * sine(0.25 * hz.min(0.2 * RATE as f32) / RATE as f32);
        for _ in 0..2 {
            self.low += f * self.band;
            self.band += f * (x - self.low - damping * self.band);
        }
        self.low
    }
}
