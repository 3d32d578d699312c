use super::RATE;

/// Mixes the sounds of a piece: mono samples of a fixed length.
pub(super) struct Mixer {
    pub(super) samples: Vec<f32>,
}

impl Mixer {
    pub(super) fn new(seconds: f64) -> Self {
        Self { samples: vec![0.0; (seconds * f64::from(RATE)) as usize] }
    }

    pub(super) fn seconds(&self) -> f32 {
        self.samples.len() as f32 / RATE as f32
    }

    /// Adds a sound at a time; samples after the end are dropped.
    pub(super) fn add(&mut self, seconds: f32, gain: f32, sound: &[f32]) {
        let start = (seconds.max(0.0) * RATE as f32) as usize;
        for (out, x) in self.samples.iter_mut().skip(start).zip(sound) {
            *out += gain * x;
        }
    }

    /// Returns the root mean square.
    pub(super) fn level(&self) -> f32 {
        let power: f32 = self.samples.iter().map(|x| x * x).sum();
        (power / self.samples.len() as f32).sqrt()
    }

    pub(super) fn scale(&mut self, gain: f32) {
        self.samples.iter_mut().for_each(|x| *x *= gain);
    }
}
