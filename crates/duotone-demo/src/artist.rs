use super::dice::Dice;
use super::drums::Kit;
use super::instruments::{Bass, Organ, Strings};
use super::studio::Studio;

/// The habits of one artist, whatever they play.
pub(super) struct Artist {
    /// Where in a style's range of tempi they feel at home, 0..1.
    pub(super) pace: f32,
    /// How much they lean to held sounds (0) or plucked ones (1).
    pub(super) touch: f32,
    /// Delay of every second short note, as a share of it.
    pub(super) swing: f32,
    /// How busily they play, 0..1.
    pub(super) density: f32,
    /// Semitones they play higher or lower than others.
    pub(super) register: i32,
    pub(super) organ: Organ,
    pub(super) strings: Strings,
    pub(super) bass: Bass,
    pub(super) kit: Kit,
    pub(super) studio: Studio,
}

impl Artist {
    pub(super) fn new(dice: &mut Dice) -> Self {
        Self {
            pace: dice.uniform(),
            touch: dice.uniform(),
            swing: dice.between(0.0, 0.3),
            density: dice.uniform(),
            register: dice.step(-4, 4),
            organ: organ(dice),
            strings: Strings {
                brightness: dice.between(800.0, 6000.0),
                ring: dice.between(0.3, 1.5),
            },
            bass: Bass {
                cutoff: dice.between(150.0, 500.0),
                sweep: dice.between(200.0, 2000.0),
                damping: dice.between(0.3, 1.4),
            },
            kit: Kit {
                kick_hz: dice.between(42.0, 65.0),
                kick_decay: dice.between(0.08, 0.2),
                snare_hz: dice.between(160.0, 260.0),
                wires: dice.between(0.4, 0.8),
                snare_decay: dice.between(0.05, 0.13),
                hat_hz: dice.between(4000.0, 8000.0),
                hat_decay: dice.between(0.015, 0.05),
            },
            studio: Studio {
                reflection: dice.between(0.6, 0.88),
                size: dice.between(0.5, 1.3),
                wet: dice.between(0.05, 0.5),
                warmth: dice.between(0.7, 1.4),
                ceiling: dice.between(4500.0, 10_000.0),
                hiss: dice.between(0.001, 0.03),
            },
        }
    }

    /// Their tempo for a piece, in beats a minute of a style's range.
    pub(super) fn tempo(&self, slow: f32, fast: f32, dice: &mut Dice) -> f32 {
        let mood = 0.7 * self.pace + 0.3 * dice.uniform();
        slow + (fast - slow) * mood
    }

    /// A note on the strings or the organ.
    pub(super) fn note(&self, plucked: bool, hz: f32, seconds: f32, dice: &mut Dice) -> Vec<f32> {
        if plucked {
            self.strings.note(hz, seconds, dice)
        } else {
            self.organ.note(hz, seconds, dice)
        }
    }
}

/// Partials that fall off at the artist's own rate, each drawn its own way, the even ones weaker
/// with some.
fn organ(dice: &mut Dice) -> Organ {
    let fall = dice.between(0.45, 0.85);
    let even = dice.between(0.2, 1.0);
    let mut level = 1.0;
    let partials = (0..14)
        .map(|k| {
            level *= if k == 0 { 1.0 } else { fall };
            level * if k % 2 == 1 { even } else { 1.0 } * dice.between(0.4, 1.0)
        })
        .collect();
    Organ { partials, attack: dice.between(0.02, 0.2), vibrato: dice.between(0.0, 0.006) }
}
