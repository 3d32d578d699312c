use super::RATE;
use super::mixer::Mixer;
use super::rng::Rng;
use super::tone::OnePole;

/// An artist's room, equaliser and recording quality, which all of their pieces share.
pub(super) struct Effects {
    /// Gain of each reflection, 0.6 to 0.9.
    pub(super) reflection: f32,
    /// Size of the room; 1 is a hall.
    pub(super) size: f32,
    /// Loudness of the room against the direct sound.
    pub(super) wet: f32,
    /// Gain below 600 Hz; above it is the inverse.
    pub(super) warmth: f32,
    /// Cut-off in hertz of the recording.
    pub(super) ceiling: f32,
    /// Level of the noise relative to the music.
    pub(super) hiss: f32,
}

/// Range of the levels that pieces of all styles are scaled to, around -22 dB of full scale.
pub(super) const LEVELS: (f32, f32) = (0.065, 0.1);

impl Effects {
    /// Applies room, equaliser, noise and a limiter, and scales the piece to its level.
    pub(super) fn master(&self, mixer: &mut Mixer, rng: &mut Rng) {
        self.reverberate(&mut mixer.samples);
        let (mut bass, mut treble) = (OnePole::default(), OnePole::default());
        for x in &mut mixer.samples {
            let low = bass.low(*x, 600.0);
            *x = treble.low(low * self.warmth + (*x - low) / self.warmth, self.ceiling);
        }
        let level = mixer.level().max(1e-6);
        for x in &mut mixer.samples {
            *x += self.hiss * level * rng.noise();
        }
        // A limiter that compresses peaks above about four times the level.
        mixer.scale(0.25 / level);
        mixer.samples.iter_mut().for_each(|x| *x /= (1.0 + *x * *x).sqrt());
        let gain = rng.between(LEVELS.0, LEVELS.1) / mixer.level().max(1e-6);
        mixer.scale(gain);
    }

    /// Four damped combs side by side, then two all-passes (Schroeder, "Natural sounding artificial
    /// reverberation", 1962), with delays that share no factor.
    fn reverberate(&self, samples: &mut [f32]) {
        let delay = |ms: f32| vec![0.0_f32; (self.size * ms * RATE as f32 / 1000.0) as usize + 1];
        let mut combs = [29.7, 37.1, 41.1, 43.7].map(|ms| (delay(ms), 0, OnePole::default()));
        let mut passes = [5.0, 1.7].map(|ms| (delay(ms), 0));
        for x in samples {
            let mut room = 0.0;
            for (line, at, damper) in &mut combs {
                let back = line[*at];
                room += 0.25 * back;
                line[*at] = *x + self.reflection * damper.low(back, 4000.0);
                *at = (*at + 1) % line.len();
            }
            for (line, at) in &mut passes {
                let back = line[*at];
                let into = room + 0.7 * back;
                line[*at] = into;
                room = back - 0.7 * into;
                *at = (*at + 1) % line.len();
            }
            *x += self.wet * room;
        }
    }
}
