use super::rng::Rng;

/// A key: a tonic and a major or natural minor scale.
#[derive(Clone, Copy)]
pub(super) struct Key {
    /// Semitones above C.
    tonic: i32,
    minor: bool,
}

const NAMES: [&str; 12] =
    ["C", "D flat", "D", "E flat", "E", "F", "G flat", "G", "A flat", "A", "B flat", "B"];
const MAJOR: [i32; 7] = [0, 2, 4, 5, 7, 9, 11];
const MINOR: [i32; 7] = [0, 2, 3, 5, 7, 8, 10];

/// Chord roots, as steps of the scale, that go well one after the other.
const PROGRESSIONS: [[i32; 4]; 6] =
    [[0, 3, 4, 0], [0, 5, 3, 4], [0, 4, 5, 3], [0, 5, 1, 4], [0, 3, 0, 4], [5, 3, 0, 4]];

impl Key {
    pub(super) fn new(minor: f32, rng: &mut Rng) -> Self {
        Self { tonic: rng.step(0, 11), minor: rng.chance(minor) }
    }

    pub(super) fn name(self) -> String {
        let mode = if self.minor { "minor" } else { "major" };
        format!("{} {mode}", NAMES[self.tonic as usize])
    }

    /// The MIDI note of a step of the scale, step 0 being the tonic within or next above `from`.
    pub(super) fn note(self, step: i32, from: i32) -> i32 {
        let scale = if self.minor { MINOR } else { MAJOR };
        let tonic = from + (self.tonic - from).rem_euclid(12);
        tonic + 12 * step.div_euclid(7) + scale[step.rem_euclid(7) as usize]
    }
}

pub(super) fn progression(rng: &mut Rng) -> [i32; 4] {
    rng.pick(&PROGRESSIONS)
}

/// The step of the triad on `root` that lies nearest to `near`, both as steps of the scale.
pub(super) fn nearest_chord_step(root: i32, near: i32) -> i32 {
    [0, -1, 1].map(|d| near + d).into_iter().find(|step| is_chord_step(root, *step)).unwrap_or(near)
}

fn is_chord_step(root: i32, step: i32) -> bool {
    matches!((step - root).rem_euclid(7), 0 | 2 | 4)
}
