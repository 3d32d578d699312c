//! What a recording is known by: 32 bits a frame that survive another codec, volume or start.

use duotone_audio::Spectrogram;

use crate::features::ClipFeatures;

/// Differences between neighbouring bands, a bit each.
pub(super) const BITS: usize = 32;
/// Frames on either side of a word's moment that are averaged: 0.56 s at the paper's hop, so that
/// frames which lie between those of another cut (half a hop at most) see nearly the same.
const REACH: usize = 16;
/// A frame this far below the clip's loudest (power) says nothing.
const QUIET: f32 = 1e-5;
/// Band power this far below the clip's loudest is as good as none: what encoders throw away.
const FAINT: f32 = 1e-7;

/// The word of a frame that says nothing.
pub(super) const VOID: u32 = 0;

/// What is kept of a clip to find it again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Digest of the file's content.
    pub(super) digest: String,
    /// Frames of the clip.
    pub(super) frames: usize,
    /// A word a frame, save where there is too little before or after it.
    pub(super) words: Vec<u32>,
}

impl Fingerprint {
    pub(crate) fn of(clip: &ClipFeatures) -> Self {
        let words = words(&clip.spectrogram);
        Self { digest: clip.digest.clone(), frames: clip.frames(), words }
    }

    /// Whether there is nothing to be recognised by.
    pub(super) fn is_mute(&self) -> bool {
        self.words.iter().all(|&word| word == VOID)
    }
}

pub(super) fn words(spectrogram: &Spectrogram) -> Vec<u32> {
    let merge = (spectrogram.bands() / 40).max(1);
    let rows = (spectrogram.bands() / merge).min(BITS + 1);
    let frames = spectrogram.frames();
    if rows < BITS + 1 || frames < 2 * REACH {
        return Vec::new();
    }
    let mut means: Vec<Vec<f32>> = Vec::with_capacity(rows);
    for row in 0..rows {
        let mut power = vec![0.0_f32; frames];
        for band in row * merge..(row + 1) * merge {
            for (sum, &log) in power.iter_mut().zip(spectrogram.band(band)) {
                *sum += 10_f32.powf(log);
            }
        }
        means.push(power.windows(REACH).map(|w| w.iter().sum()).collect());
    }
    let blocks = means[0].len();
    let total: Vec<f32> = (0..blocks).map(|t| means.iter().map(|row| row[t]).sum()).collect();
    let loudest = total.iter().copied().fold(0.0, f32::max);
    let floor = loudest * FAINT;
    for row in &mut means {
        row.iter_mut().for_each(|x| *x = x.max(floor).ln());
    }
    (REACH..blocks)
        .map(|t| {
            let before = t - REACH;
            if total[t].min(total[before]) <= loudest * QUIET {
                return VOID;
            }
            (0..BITS).fold(0, |word, k| {
                let step = |t: usize| means[k + 1][t] - means[k][t];
                (word << 1) | u32::from(step(t) > step(before))
            })
        })
        .collect()
}
