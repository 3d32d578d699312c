use super::drums::Kit;
use super::effects::Effects;
use super::instruments::{Bass, Organ, Strings};
use super::rng::Rng;

/// The habits of one artist, whatever they play.
pub(super) struct Artist {
    /// Preferred tempo within a style's range, 0..1.
    pub(super) pace: f32,
    /// Preference for sustained (0) or plucked (1) sounds.
    pub(super) touch: f32,
    /// Delay of every second short note, as a share of it.
    pub(super) swing: f32,
    /// Density of notes, 0..1.
    pub(super) density: f32,
    /// Transposition in semitones.
    pub(super) register: i32,
    pub(super) organ: Organ,
    pub(super) strings: Strings,
    pub(super) bass: Bass,
    pub(super) kit: Kit,
    pub(super) effects: Effects,
}

impl Artist {
    pub(super) fn new(rng: &mut Rng) -> Self {
        Self {
            pace: rng.uniform(),
            touch: rng.uniform(),
            swing: rng.between(0.0, 0.3),
            density: rng.uniform(),
            register: rng.step(-4, 4),
            organ: organ(rng),
            strings: Strings {
                brightness: rng.between(800.0, 6000.0),
                ring: rng.between(0.3, 1.5),
            },
            bass: Bass {
                cutoff: rng.between(150.0, 500.0),
                sweep: rng.between(200.0, 2000.0),
                damping: rng.between(0.3, 1.4),
            },
            kit: Kit {
                kick_hz: rng.between(42.0, 65.0),
                kick_decay: rng.between(0.08, 0.2),
                snare_hz: rng.between(160.0, 260.0),
                wires: rng.between(0.4, 0.8),
                snare_decay: rng.between(0.05, 0.13),
                hat_hz: rng.between(4000.0, 8000.0),
                hat_decay: rng.between(0.015, 0.05),
            },
            effects: Effects {
                reflection: rng.between(0.6, 0.88),
                size: rng.between(0.5, 1.3),
                wet: rng.between(0.05, 0.5),
                warmth: rng.between(0.7, 1.4),
                ceiling: rng.between(4500.0, 10_000.0),
                hiss: rng.between(0.001, 0.03),
            },
        }
    }

    /// Draws the tempo of a piece within a style's range, in beats per minute.
    pub(super) fn tempo(&self, slow: f32, fast: f32, rng: &mut Rng) -> f32 {
        let mood = 0.7 * self.pace + 0.3 * rng.uniform();
        slow + (fast - slow) * mood
    }

    /// Plays a note on strings or organ.
    pub(super) fn note(&self, plucked: bool, hz: f32, seconds: f32, rng: &mut Rng) -> Vec<f32> {
        if plucked {
            self.strings.note(hz, seconds, rng)
        } else {
            self.organ.note(hz, seconds, rng)
        }
    }
}

/// Draws partials that fall off at the artist's rate; for some artists, even partials are weaker.
fn organ(rng: &mut Rng) -> Organ {
    let fall = rng.between(0.45, 0.85);
    let even = rng.between(0.2, 1.0);
    let mut level = 1.0;
    let partials = (0..14)
        .map(|k| {
            level *= if k == 0 { 1.0 } else { fall };
            level * if k % 2 == 1 { even } else { 1.0 } * rng.between(0.4, 1.0)
        })
        .collect();
    Organ { partials, attack: rng.between(0.02, 0.2), vibrato: rng.between(0.0, 0.006) }
}
