use crate::artist::Artist;
use crate::harmony::{Key, nearest_chord_step, progression};
use crate::mixer::Mixer;
use crate::rng::Rng;
use crate::tone::hertz;

/// Which sixteenths of a half-bar the right hand plays.
const RIGHT_HAND: [[bool; 8]; 5] = {
    const O: bool = true;
    const X: bool = false;
    [
        [O, O, X, O, O, O, X, O],
        [X, O, X, O, X, O, O, X],
        [O, X, O, O, X, O, O, O],
        [O, O, X, O, X, O, O, X],
        [O, X, O, X, O, O, X, O],
    ]
};

/// Plays alternating bass notes and chords in the left hand under a syncopated right hand. Mostly
/// strings; a reed organ for some artists.
pub(super) fn play(artist: &Artist, key: Key, rng: &mut Rng, mixer: &mut Mixer) {
    let beat = 60.0 / artist.tempo(76.0, 132.0, rng);
    let plucked = artist.touch > 0.12;
    let chords = progression(rng);
    let patterns = [rng.pick(&RIGHT_HAND), rng.pick(&RIGHT_HAND)];
    let floor = 38 + artist.register;
    let mut melody = 16;
    let halves = (mixer.seconds() / (2.0 * beat)) as usize + 1;
    for half in 0..halves {
        let start = half as f32 * 2.0 * beat;
        let chord = chords[half / 2 % 4];
        let mut strike = |step: i32, beats: f32, length: f32, gain: f32, rng: &mut Rng| {
            let note = artist.note(plucked, hertz(key.note(step, floor)), length * beat, rng);
            mixer.add(start + beats * beat + rng.between(0.0, 0.012), gain, &note);
        };
        for stride in [0.0, 1.0] {
            let fifth = if half % 2 == 1 { -3 } else { 0 };
            strike(chord + fifth, stride, 0.45, 0.4, rng);
            for third in [7, 9, 11] {
                strike(chord + third, stride + 0.5, 0.3, 0.17, rng);
            }
        }
        for (i, play) in patterns[half % 2].iter().enumerate() {
            if *play && rng.chance(0.7 + 0.3 * artist.density) {
                let wander = (melody + rng.step(-3, 3)).clamp(13, 23);
                melody = if i % 2 == 0 { nearest_chord_step(chord, wander) } else { wander };
                let late = if i % 2 == 1 { 0.25 * artist.swing } else { 0.0 };
                strike(melody, 0.25 * (i as f32 + late), 0.35, 0.3, rng);
                if artist.density > 0.5 && i % 4 == 0 {
                    strike(melody - 7, 0.25 * i as f32, 0.35, 0.2, rng);
                }
            }
        }
    }
}
