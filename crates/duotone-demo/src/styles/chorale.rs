use crate::artist::Artist;
use crate::harmony::{Key, nearest_chord_step, progression};
use crate::mixer::Mixer;
use crate::rng::Rng;
use crate::tone::hertz;

/// Plays four voices in slow chords: the bass has the root, the others move to the nearest note of
/// the next chord, the soprano with passing notes. Mostly organ; strings for some artists.
pub(super) fn play(artist: &Artist, key: Key, rng: &mut Rng, mixer: &mut Mixer) {
    let beat = 60.0 / artist.tempo(60.0, 108.0, rng);
    let plucked = artist.touch > 0.85;
    let chords = progression(rng);
    let floor = 40 + artist.register;
    let mut voices = [7, 9, 14];
    let mut now = 0.0;
    for chord in chords.iter().cycle() {
        if now >= mixer.seconds() {
            break;
        }
        let beats = if rng.chance(0.3 + 0.4 * artist.density) { 1.0 } else { 2.0 };
        let length = beats * beat;
        let mut sing = |step: i32, late: f32, share: f32, gain: f32, rng: &mut Rng| {
            let note = artist.note(plucked, hertz(key.note(step, floor)), share * length, rng);
            mixer.add(now + late * length + rng.between(0.0, 0.02), gain, &note);
        };
        sing(*chord, 0.0, 1.0, 0.3, rng);
        for (voice, step) in voices.iter_mut().enumerate() {
            let wander = if voice == 2 { rng.step(-2, 2) } else { rng.step(-1, 1) };
            let home = [7, 9, 13][voice];
            let next = nearest_chord_step(*chord, (*step + wander).clamp(home - 3, home + 4));
            let passing = voice == 2 && rng.chance(0.2 + 0.5 * artist.density);
            sing(next, 0.0, if passing { 0.5 } else { 1.0 }, 0.22, rng);
            if passing {
                sing(next + rng.pick(&[-1, 1]), 0.5, 0.5, 0.22, rng);
            }
            *step = next;
        }
        now += length;
    }
}
