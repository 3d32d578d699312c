use crate::artist::Artist;
use crate::dice::Dice;
use crate::harmony::{Key, progression};
use crate::tape::Tape;
use crate::tone::hertz;

/// Sixteenths of a bar that the kick and the snare play.
const BREAKS: [(&[usize], &[usize]); 4] = [
    (&[0, 2, 10, 11], &[4, 7, 9, 12, 15]),
    (&[0, 10], &[4, 7, 12]),
    (&[0, 3, 10], &[4, 9, 12, 14]),
    (&[0, 6, 10, 13], &[4, 12, 15]),
];

/// Broken drum patterns under slow chords and a long bass. The same kits, basses and keyboards as
/// techno's.
pub(super) fn play(artist: &Artist, key: Key, dice: &mut Dice, tape: &mut Tape) {
    let step = 15.0 / artist.tempo(96.0, 168.0, dice);
    let (kick, hat, open) =
        (artist.kit.kick(), artist.kit.hat(1.0, dice), artist.kit.hat(4.0, dice));
    let (snare, ghost) = (artist.kit.snare(dice), artist.kit.snare(dice));
    let patterns = [dice.pick(&BREAKS), dice.pick(&BREAKS)];
    let chords = progression(dice);
    let plucked = artist.touch > 0.6;
    let pads = dice.chance(0.6);
    let steps = (tape.seconds() / step) as usize + 1;
    for i in 0..steps {
        let (bar, at, now) = (i / 16, i % 16, i as f32 * step);
        let swung = if i % 2 == 1 { now + artist.swing * 0.5 * step } else { now };
        let (kicks, snares) = patterns[usize::from(bar % 4 == 3)];
        if kicks.contains(&at) {
            tape.add(swung, 0.8, &kick);
        }
        if at == 4 || at == 12 {
            tape.add(now, 0.85, &snare);
        } else if snares.contains(&at) && dice.chance(0.5 + 0.5 * artist.density) {
            tape.add(swung, 0.3, &ghost);
        }
        if at % 2 == 0 || dice.chance(0.4 * artist.density) {
            let (gain, stroke) = if at == 14 { (0.25, &open) } else { (0.18, &hat) };
            tape.add(swung, gain, stroke);
        }
        let root = chords[bar % 4];
        if at == 0 || (at == 10 && dice.chance(0.6)) {
            let hz = hertz(key.note(root, 29 + artist.register));
            tape.add(now, 0.35, &artist.bass.note(hz, 5.0 * step, 0.7));
        }
        if at == 0 && pads {
            for third in [0, 2, 4] {
                let hz = hertz(key.note(root + third, 55 + artist.register));
                tape.add(now, 0.1, &artist.note(plucked, hz, 14.0 * step, dice));
            }
        }
    }
}
