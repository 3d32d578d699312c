//! Pitched instruments. Each gives one note at a level of about 1.

use super::RATE;
use super::rng::Rng;
use super::tone::{OnePole, Resonator, Wave, decay, sine};

/// Organ, choir or pad: a held wave with an attack, a release and vibrato.
pub(super) struct Organ {
    /// Loudness of each partial.
    pub(super) partials: Vec<f32>,
    /// Seconds.
    pub(super) attack: f32,
    /// Depth as a share of the frequency.
    pub(super) vibrato: f32,
}

impl Organ {
    pub(super) fn note(&self, hz: f32, seconds: f32, rng: &mut Rng) -> Vec<f32> {
        const RELEASE: f32 = 0.12;
        let wave = Wave::new(&self.partials, hz);
        let rate = rng.between(4.5, 6.0);
        let (mut phase, offset) = (rng.uniform(), rng.uniform());
        let samples = ((seconds + RELEASE) * RATE as f32) as usize;
        (0..samples)
            .map(|i| {
                let t = i as f32 / RATE as f32;
                phase += hz * (1.0 + self.vibrato * sine(rate * t + offset)) / RATE as f32;
                phase -= phase.floor();
                let fade = ((seconds + RELEASE - t) / RELEASE).min(1.0);
                wave.at(phase) * (t / self.attack).min(1.0) * fade
            })
            .collect()
    }
}

/// Plucked string: Karplus and Strong, "Digital synthesis of plucked-string and drum timbres",
/// 1983, with a tuned delay line.
pub(super) struct Strings {
    /// Cut-off in hertz of the noise that plucks them.
    pub(super) brightness: f32,
    /// Time in seconds in which a note decays by 1/e.
    pub(super) ring: f32,
}

impl Strings {
    pub(super) fn note(&self, hz: f32, seconds: f32, rng: &mut Rng) -> Vec<f32> {
        const DAMPER: f32 = 0.05;
        // The mean of two neighbours, which wears the high partials off, delays by half a sample.
        let period = (RATE as f32 / hz - 0.5).max(2.0);
        let whole = period as usize;
        let part = period - whole as f32;
        let keep = 0.5 * (1.0 - 1.0 / (1.0 + self.ring * hz));
        let mut pick = OnePole::default();
        let mut line: Vec<f32> =
            (0..whole + 3).map(|_| pick.low(rng.noise(), self.brightness)).collect();
        let power: f32 = line.iter().map(|x| x * x).sum();
        let scale = 1.5 / (power / line.len() as f32).sqrt().max(1e-3);
        line.iter_mut().for_each(|x| *x *= scale);
        let samples = ((seconds + DAMPER) * RATE as f32) as usize;
        let length = line.len();
        let mut head = 0;
        (0..samples)
            .map(|i| {
                let back = |n: usize| line[(head + length - n) % length];
                let (near, mid, far) = (back(whole), back(whole + 1), back(whole + 2));
                let value = keep * ((1.0 - part) * near + mid + part * far);
                line[head] = value;
                head = (head + 1) % length;
                let t = i as f32 / RATE as f32;
                value * ((seconds + DAMPER - t) / DAMPER).min(1.0)
            })
            .collect()
    }
}

/// Synthesiser bass: a sawtooth through a resonant low-pass that each note opens.
pub(super) struct Bass {
    /// Cut-off in hertz of a note's end.
    pub(super) cutoff: f32,
    /// Hertz that a note's start lies above it.
    pub(super) sweep: f32,
    /// Damping of the resonance.
    pub(super) damping: f32,
}

impl Bass {
    /// `open` scales the cut-off, for slow sweeps over a piece.
    pub(super) fn note(&self, hz: f32, seconds: f32, open: f32) -> Vec<f32> {
        const RELEASE: f32 = 0.02;
        let (mut phase, mut sweep) = (0.0, self.sweep);
        let closing = decay(0.5 * seconds);
        let mut filter = Resonator::default();
        (0..(seconds * RATE as f32) as usize)
            .map(|i| {
                phase += hz / RATE as f32;
                phase -= phase.floor();
                sweep *= closing;
                let cutoff = open * (self.cutoff + sweep);
                let fade = ((seconds - i as f32 / RATE as f32) / RELEASE).min(1.0);
                fade * filter.low(3.0 * phase - 1.5, cutoff, self.damping)
            })
            .collect()
    }
}
