use crate::artist::Artist;
use crate::harmony::{Key, progression};
use crate::mixer::Mixer;
use crate::rng::Rng;
use crate::tone::hertz;

/// Sixteenths of a bar that the kick and the snare play.
const BREAKS: [(&[usize], &[usize]); 4] = [
    (&[0, 2, 10, 11], &[4, 7, 9, 12, 15]),
    (&[0, 10], &[4, 7, 12]),
    (&[0, 3, 10], &[4, 9, 12, 14]),
    (&[0, 6, 10, 13], &[4, 12, 15]),
];

/// Plays broken drum patterns under slow chords and a long bass, with techno's drum kits, basses and
/// keyboards.
pub(super) fn play(artist: &Artist, key: Key, rng: &mut Rng, mixer: &mut Mixer) {
    let step = 15.0 / artist.tempo(96.0, 168.0, rng);
    let (kick, hat, open) = (artist.kit.kick(), artist.kit.hat(1.0, rng), artist.kit.hat(4.0, rng));
    let (snare, ghost) = (artist.kit.snare(rng), artist.kit.snare(rng));
    let patterns = [rng.pick(&BREAKS), rng.pick(&BREAKS)];
    let chords = progression(rng);
    let plucked = artist.touch > 0.6;
    let pads = rng.chance(0.6);
    let steps = (mixer.seconds() / step) as usize + 1;
    for i in 0..steps {
        let (bar, at, now) = (i / 16, i % 16, i as f32 * step);
        let swung = if i % 2 == 1 { now + artist.swing * 0.5 * step } else { now };
        let (kicks, snares) = patterns[usize::from(bar % 4 == 3)];
        if kicks.contains(&at) {
            mixer.add(swung, 0.8, &kick);
        }
        if at == 4 || at == 12 {
            mixer.add(now, 0.85, &snare);
        } else if snares.contains(&at) && rng.chance(0.5 + 0.5 * artist.density) {
            mixer.add(swung, 0.3, &ghost);
        }
        if at % 2 == 0 || rng.chance(0.4 * artist.density) {
            let (gain, stroke) = if at == 14 { (0.25, &open) } else { (0.18, &hat) };
            mixer.add(swung, gain, stroke);
        }
        let root = chords[bar % 4];
        if at == 0 || (at == 10 && rng.chance(0.6)) {
            let hz = hertz(key.note(root, 29 + artist.register));
            mixer.add(now, 0.35, &artist.bass.note(hz, 5.0 * step, 0.7));
        }
        if at == 0 && pads {
            for third in [0, 2, 4] {
                let hz = hertz(key.note(root + third, 55 + artist.register));
                mixer.add(now, 0.1, &artist.note(plucked, hz, 14.0 * step, rng));
            }
        }
    }
}
