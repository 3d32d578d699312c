use crate::artist::Artist;
use crate::dice::Dice;
use crate::harmony::{Key, nearest_chord_step, progression};
use crate::tape::Tape;
use crate::tone::hertz;

/// Four voices in slow chords: the bass has the root, the others go to the nearest step of the
/// next chord, the soprano with passing notes. Mostly on the organ, with some artists on strings.
pub(super) fn play(artist: &Artist, key: Key, dice: &mut Dice, tape: &mut Tape) {
    let beat = 60.0 / artist.tempo(60.0, 108.0, dice);
    let plucked = artist.touch > 0.85;
    let chords = progression(dice);
    let floor = 40 + artist.register;
    let mut voices = [7, 9, 14];
    let mut now = 0.0;
    for chord in chords.iter().cycle() {
        if now >= tape.seconds() {
            break;
        }
        let beats = if dice.chance(0.3 + 0.4 * artist.density) { 1.0 } else { 2.0 };
        let length = beats * beat;
        let mut sing = |step: i32, late: f32, share: f32, gain: f32, dice: &mut Dice| {
            let note = artist.note(plucked, hertz(key.note(step, floor)), share * length, dice);
            tape.add(now + late * length + dice.between(0.0, 0.02), gain, &note);
        };
        sing(*chord, 0.0, 1.0, 0.3, dice);
        for (voice, step) in voices.iter_mut().enumerate() {
            let wander = if voice == 2 { dice.step(-2, 2) } else { dice.step(-1, 1) };
            let home = [7, 9, 13][voice];
            let next = nearest_chord_step(*chord, (*step + wander).clamp(home - 3, home + 4));
            let passing = voice == 2 && dice.chance(0.2 + 0.5 * artist.density);
            sing(next, 0.0, if passing { 0.5 } else { 1.0 }, 0.22, dice);
            if passing {
                sing(next + dice.pick(&[-1, 1]), 0.5, 0.5, 0.22, dice);
            }
            *step = next;
        }
        now += length;
    }
}
