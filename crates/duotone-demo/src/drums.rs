use super::RATE;
use super::rng::Rng;
use super::tone::{OnePole, decay, sine};

/// A drum kit. Each drum gives one stroke with a peak of about 1.
pub(super) struct Kit {
    /// Where the kick drum's pitch ends, in hertz.
    pub(super) kick_hz: f32,
    /// Seconds of the kick's decay.
    pub(super) kick_decay: f32,
    /// Pitch of the snare's skin in hertz.
    pub(super) snare_hz: f32,
    /// Share of its wires' noise.
    pub(super) wires: f32,
    /// Seconds of the snare's decay.
    pub(super) snare_decay: f32,
    /// Hertz below which the hi-hat has nothing.
    pub(super) hat_hz: f32,
    /// Seconds of the closed hi-hat's decay.
    pub(super) hat_decay: f32,
}

impl Kit {
    pub(super) fn kick(&self) -> Vec<f32> {
        let fall = decay(0.03);
        let (mut phase, mut bend) = (0.0, 5.0 * self.kick_hz);
        stroke(self.kick_decay, |level| {
            bend *= fall;
            phase += (self.kick_hz + bend) / RATE as f32;
            level * sine(phase)
        })
    }

    pub(super) fn snare(&self, rng: &mut Rng) -> Vec<f32> {
        let (mut phase, mut rumble) = (0.0, OnePole::default());
        stroke(self.snare_decay, |level| {
            phase += self.snare_hz / RATE as f32;
            let hiss = rng.noise();
            let wires = hiss - rumble.low(hiss, 900.0);
            level * (self.wires * wires + (1.0 - self.wires) * level * sine(phase))
        })
    }

    /// `open` times as long as a closed stroke.
    pub(super) fn hat(&self, open: f32, rng: &mut Rng) -> Vec<f32> {
        let mut body = OnePole::default();
        stroke(open * self.hat_decay, |level| {
            let hiss = rng.noise();
            level * (hiss - body.low(hiss, self.hat_hz))
        })
    }
}

/// Calls `sample` with a level that falls from 1 until it is inaudible.
fn stroke(seconds: f32, mut sample: impl FnMut(f32) -> f32) -> Vec<f32> {
    let fall = decay(seconds);
    let mut level = 1.0;
    (0..(6.0 * seconds * RATE as f32) as usize)
        .map(|_| {
            level *= fall;
            sample(level)
        })
        .collect()
}
