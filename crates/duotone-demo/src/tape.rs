use super::RATE;

/// What a piece is recorded on: mono samples of a fixed length.
pub(super) struct Tape {
    pub(super) samples: Vec<f32>,
}

impl Tape {
    pub(super) fn new(seconds: f64) -> Self {
        Self { samples: vec![0.0; (seconds * f64::from(RATE)) as usize] }
    }

    pub(super) fn seconds(&self) -> f32 {
        self.samples.len() as f32 / RATE as f32
    }

    /// Adds a sound from a moment on; what hangs over the end is cut.
    pub(super) fn add(&mut self, seconds: f32, gain: f32, sound: &[f32]) {
        let start = (seconds.max(0.0) * RATE as f32) as usize;
        for (out, x) in self.samples.iter_mut().skip(start).zip(sound) {
            *out += gain * x;
        }
    }

    /// Root of the mean square.
    pub(super) fn level(&self) -> f32 {
        let power: f32 = self.samples.iter().map(|x| x * x).sum();
        (power / self.samples.len() as f32).sqrt()
    }

    pub(super) fn scale(&mut self, gain: f32) {
        self.samples.iter_mut().for_each(|x| *x *= gain);
    }
}
