use crate::artist::Artist;
use crate::harmony::{Key, progression};
use crate::mixer::Mixer;
use crate::rng::Rng;
use crate::tone::{hertz, sine};

/// Plays a kick on every beat, a hi-hat in between, a sequenced bass with a moving filter and
/// occasional chords. The drums pause at times.
pub(super) fn play(artist: &Artist, key: Key, rng: &mut Rng, mixer: &mut Mixer) {
    let step = 15.0 / artist.tempo(108.0, 142.0, rng);
    let (kick, hat, open) = (artist.kit.kick(), artist.kit.hat(1.0, rng), artist.kit.hat(4.0, rng));
    let clap = artist.kit.snare(rng);
    let claps = rng.chance(0.5);
    let busy = rng.chance(artist.density);
    let sequence: Vec<Option<i32>> = (0..16)
        .map(|_| rng.chance(0.4 + 0.4 * artist.density).then(|| rng.pick(&[0, 0, 0, 2, 4, 7])))
        .collect();
    let stabs: Vec<bool> = (0..16).map(|i| i % 4 != 0 && rng.chance(0.2)).collect();
    let chords = progression(rng);
    let (breath, phase) = (rng.between(0.04, 0.12), rng.uniform());
    let plucked = artist.touch > 0.5;
    let pause = 8 + rng.below(24);
    let steps = (mixer.seconds() / step) as usize + 1;
    for i in 0..steps {
        let (at, now) = (i % 16, i as f32 * step);
        let swung = if i % 2 == 1 { now + artist.swing * 0.5 * step } else { now };
        let paused = i / 4 % 32 >= pause && i / 4 % 32 < pause + 4;
        if at % 4 == 0 && !paused {
            mixer.add(now, 0.9, &kick);
        }
        if at % 4 == 2 {
            mixer.add(now, 0.35, &open);
        } else if busy {
            mixer.add(swung, 0.12, &hat);
        }
        if claps && at % 8 == 4 {
            mixer.add(now, 0.35, &clap);
        }
        if let Some(degree) = sequence[at] {
            let filter = 1.0 + 0.6 * sine(breath * now + phase);
            let hz = hertz(key.note(degree, 31 + artist.register));
            mixer.add(swung, 0.25, &artist.bass.note(hz, 0.9 * step, filter));
        }
        if stabs[at] {
            let root = chords[i / 16 % 4];
            for third in [0, 2, 4] {
                let hz = hertz(key.note(root + third, 55 + artist.register));
                mixer.add(swung, 0.14, &artist.note(plucked, hz, 1.8 * step, rng));
            }
        }
    }
}
