//! Fingerprints of recordings: 32 bits per frame that hardly change with the codec, the volume or
//! the start of the recording.

use duotone_audio::Spectrogram;

use crate::features::ClipFeatures;

/// Bits per word, each for the difference of two neighbouring bands.
pub(super) const BITS: usize = 32;
/// Number of frames that are averaged on either side of a word's time: 0.56 s at the paper's hop.
/// Frames of another excerpt of the recording are shifted by up to half a hop, which hardly changes
/// such an average.
const REACH: usize = 16;
/// Frames are ignored if their power, relative to the loudest, is at most this.
const QUIET: f32 = 1e-5;
/// Power of a band, relative to the loudest frame, below which encoders discard it; it is raised to
/// this level.
const FAINT: f32 = 1e-7;

/// The word of an ignored frame.
pub(super) const VOID: u32 = 0;

/// The fingerprint of a clip.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Fingerprint {
    /// Digest of the file's content.
    pub(super) digest: String,
    /// Number of frames of the clip.
    pub(super) frames: usize,
    /// One word per frame, without the frames too close to either end.
    pub(super) words: Vec<u32>,
}

impl Fingerprint {
    pub(crate) fn of(clip: &ClipFeatures) -> Self {
        let words = words(&clip.spectrogram);
        Self { digest: clip.digest.clone(), frames: clip.frames(), words }
    }

    /// Whether all frames are ignored, so that the clip cannot be recognised.
    pub(super) fn is_empty(&self) -> bool {
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
