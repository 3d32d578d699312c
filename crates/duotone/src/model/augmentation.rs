//! Changes to training segments that should not change a decision.

use duotone_nn::random::Philox;
use serde::{Deserialize, Serialize};

/// Random changes to the segments of a mini-batch. All numbers come from the counter-based generator, so that a
/// seed gives the same segments with any number of threads and after any interruption.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Augmentation {
    /// The maximum height of a mask over mel bands; 0 for none. Masked values are set to 0, the mean of
    /// standardised values (D. S. Park et al., "SpecAugment", Interspeech 2019).
    pub band_mask: usize,
    /// The maximum width of a mask over frames; 0 for none.
    pub frame_mask: usize,
    /// The maximum change of the volume in decibels, up or down; 0 for none.
    pub gain: f32,
    /// The maximum shift along frequency in mel bands, up or down; 0 for none. The outermost band is repeated.
    pub band_shift: usize,
    /// The maximum number of highest bands that are silenced, as a low-pass or a lower sample rate does, in
    /// half of the segments; 0 for none.
    pub lowpass: usize,
    /// The parameter α of mixup's beta distribution; 0 for no mixup (H. Zhang et al., "mixup", ICLR 2018).
    pub mixup: f32,
}

/// `augment` in ASCII; keeps these random numbers independent of the seed's other uses.
const AUGMENT: u64 = 0x6175_676d_656e_7400;
/// `mixup` in ASCII, for the same purpose.
const MIXUP: u64 = 0x6d69_7875_7000_0000;
/// Random numbers reserved for a segment.
const NUMBERS: u64 = 8;
/// The front end's log10 power of silence.
const SILENCE: f32 = -10.0;

/// The random numbers of a segment of a mini-batch.
#[derive(Clone, Copy)]
pub(crate) struct Draws {
    random: Philox,
    first: u64,
}

impl Draws {
    /// `step` is the step's number in the run, `segment` that of the segment in the mini-batch.
    pub(crate) fn new(seed: u64, step: u64, segment: usize) -> Self {
        Self { random: Philox::new(seed ^ AUGMENT, step), first: segment as u64 * NUMBERS }
    }

    fn below(self, number: u64, n: usize) -> usize {
        self.random.below(self.first + number, n)
    }

    /// Returns a number from −1 to 1.
    fn signed(self, number: u64) -> f32 {
        // Each number has a block of four words, of which this is the first.
        let word = 4 * (self.first + number);
        self.random.uniform(word) * 2.0 - 1.0
    }
}

impl Augmentation {
    /// Returns whether it changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Checks the settings against the size of a segment.
    ///
    /// # Errors
    /// The name of the setting, and what is wrong with it.
    pub(crate) fn check(&self, bands: usize, frames: usize) -> Result<(), (&'static str, String)> {
        for (name, value, size, of) in [
            ("band_mask", self.band_mask, bands, "bands"),
            ("band_shift", self.band_shift, bands, "bands"),
            ("lowpass", self.lowpass, bands, "bands"),
            ("frame_mask", self.frame_mask, frames, "frames"),
        ] {
            if value >= size {
                return Err((
                    name,
                    format!("{name} {value}: choose fewer than a segment's {size} {of}"),
                ));
            }
        }
        if !(0.0..=MAX_GAIN).contains(&self.gain) {
            return Err(("gain", format!("gain {} dB: choose 0 to {MAX_GAIN}", self.gain)));
        }
        if !(0.0..=MAX_MIXUP).contains(&self.mixup) {
            return Err(("mixup", format!("mixup {}: choose 0 to {MAX_MIXUP}", self.mixup)));
        }
        Ok(())
    }

    /// Changes the volume, pitch and bandwidth of a segment, before conditioning.
    pub(crate) fn before(&self, draws: Draws, segment: &mut [f32], frames: usize) {
        if self.gain > 0.0 {
            let shift = draws.signed(0) * self.gain / 10.0;
            segment.iter_mut().for_each(|x| *x += shift);
        }
        if self.band_shift > 0 {
            let drawn = draws.below(1, 2 * self.band_shift + 1);
            shift_bands(segment, frames, drawn as isize - self.band_shift as isize);
        }
        if self.lowpass > 0 && draws.signed(6) < 0.0 {
            let height = draws.below(7, self.lowpass) + 1;
            let first = segment.len() - height * frames;
            segment[first..].fill(SILENCE);
        }
    }

    /// Changes a segment after it is standardised: masks.
    pub(crate) fn after(&self, draws: Draws, segment: &mut [f32], frames: usize) {
        let bands = segment.len() / frames;
        if self.band_mask > 0 {
            let height = draws.below(2, self.band_mask + 1);
            let first = draws.below(3, bands + 1 - height);
            segment[first * frames..(first + height) * frames].fill(0.0);
        }
        if self.frame_mask > 0 {
            let width = draws.below(4, self.frame_mask + 1);
            let first = draws.below(5, frames + 1 - width);
            for band in segment.chunks_exact_mut(frames) {
                band[first..first + width].fill(0.0);
            }
        }
    }

    /// Mixes each segment of a mini-batch, and its targets, with another segment.
    pub(crate) fn mix(
        &self,
        (seed, step): (u64, u64),
        inputs: &mut [f32],
        targets: &mut [f32],
        samples: usize,
    ) {
        if self.mixup <= 0.0 || samples < 2 {
            return;
        }
        let random = Philox::new(seed ^ MIXUP, step);
        let share = beta(&random, f64::from(self.mixup)) as f32;
        let partners = Philox::new(seed ^ MIXUP, !step).permutation(samples);
        for values in [inputs, targets] {
            let size = values.len() / samples;
            let unmixed = values.to_vec();
            for (row, &partner) in values.chunks_exact_mut(size).zip(&partners) {
                let other = &unmixed[partner * size..][..size];
                row.iter_mut().zip(other).for_each(|(x, y)| *x = share * *x + (1.0 - share) * y);
            }
        }
    }
}

/// Limits of settings that are not bounded by the segment's size.
const MAX_GAIN: f32 = 60.0;
const MAX_MIXUP: f32 = 10.0;

/// Shifts a segment (band-major) by a number of bands; the outermost band is repeated.
fn shift_bands(segment: &mut [f32], frames: usize, by: isize) {
    let original = segment.to_vec();
    let bands = segment.len() / frames;
    for (band, row) in segment.chunks_exact_mut(frames).enumerate() {
        let from = (band as isize - by).clamp(0, bands as isize - 1) as usize;
        row.copy_from_slice(&original[from * frames..][..frames]);
    }
}

/// Returns a number drawn from the beta distribution of two equal parameters, by Jöhnk's method.
fn beta(random: &Philox, alpha: f64) -> f64 {
    // A pair is accepted with a probability of at least a half for α up to 1, and less above it.
    for pair in 0..MAX_PAIRS {
        let draw = |i: u64| (1.0 - f64::from(random.uniform(2 * pair + i))).powf(1.0 / alpha);
        let (x, y) = (draw(0), draw(1));
        if x + y <= 1.0 && x + y > 0.0 {
            return x / (x + y);
        }
    }
    0.5
}

/// Number of pairs to try. With the largest α, one in 184,756 is accepted; if none is, the result is one half,
/// the distribution's mean.
const MAX_PAIRS: u64 = 1000;

#[cfg(test)]
mod tests {
    use super::{Augmentation, Draws, SILENCE, beta, shift_bands};
    use duotone_nn::random::Philox;

    const BANDS: usize = 12;
    const FRAMES: usize = 20;

    #[test]
    fn masks_cover_whole_bands_and_frames() {
        let masks = Augmentation { band_mask: 4, frame_mask: 6, ..Default::default() };
        let (mut bands, mut frames) = (vec![0; 5], vec![0; 7]);
        for step in 0..2000 {
            let mut segment = vec![1.0; BANDS * FRAMES];
            masks.after(Draws::new(1, step, 3), &mut segment, FRAMES);
            let band = |band: usize| segment[band * FRAMES..][..FRAMES].iter().all(|&x| x == 0.0);
            let frame = |frame: usize| (0..BANDS).all(|b| segment[b * FRAMES + frame] == 0.0);
            let (high, wide) = (
                (0..BANDS).filter(|&b| band(b)).count(),
                (0..FRAMES).filter(|&f| frame(f)).count(),
            );
            let zeros = segment.iter().filter(|&&x| x == 0.0).count();
            assert_eq!(zeros, high * FRAMES + wide * BANDS - high * wide);
            bands[high] += 1;
            frames[wide] += 1;
        }
        assert!(bands.iter().all(|&n| (320..480).contains(&n)), "{bands:?}");
        assert!(frames.iter().all(|&n| (220..350).contains(&n)), "{frames:?}");
    }

    #[test]
    fn shift_repeats_the_outermost_band() {
        let segment = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0];
        for (by, expected) in [
            (0, segment),
            (1, [1.0, 2.0, 1.0, 2.0, 3.0, 4.0]),
            (-1, [3.0, 4.0, 5.0, 6.0, 5.0, 6.0]),
        ] {
            let mut shifted = segment;
            shift_bands(&mut shifted, 2, by);
            assert_eq!(shifted, expected, "{by}");
        }
    }

    #[test]
    fn gain_is_within_its_limits() {
        let gain = Augmentation { gain: 6.0, ..Default::default() };
        let change = |step: u64| {
            let mut segment = vec![0.0; BANDS * FRAMES];
            gain.before(Draws::new(1, step, 0), &mut segment, FRAMES);
            assert!(segment.iter().all(|&x| x == segment[0]));
            10.0 * segment[0]
        };
        let changes: Vec<f32> = (0..500).map(change).collect();
        assert!(changes.iter().all(|x| x.abs() <= 6.0));
        assert!(changes.iter().any(|&x| x > 5.5) && changes.iter().any(|&x| x < -5.5));
    }

    #[test]
    fn lowpass_silences_the_highest_bands_of_half_of_the_segments() {
        let lowpass = Augmentation { lowpass: 4, ..Default::default() };
        let mut heights = [0; 5];
        for step in 0..2000 {
            let mut segment = vec![1.0; BANDS * FRAMES];
            lowpass.before(Draws::new(1, step, 2), &mut segment, FRAMES);
            let silent = segment.iter().filter(|&&x| x == SILENCE).count();
            let passed = BANDS * FRAMES - silent;
            assert!(segment[..passed].iter().all(|&x| x == 1.0));
            assert_eq!(silent % FRAMES, 0);
            heights[silent / FRAMES] += 1;
        }
        assert!((900..1100).contains(&heights[0]), "{heights:?}");
        assert!(heights[1..].iter().all(|&n| (200..300).contains(&n)), "{heights:?}");
    }

    #[test]
    fn mixup_mixes_inputs_and_targets_alike() {
        let mixup = Augmentation { mixup: 0.4, ..Default::default() };
        let mut inputs = vec![1.0, 1.0, 0.0, 0.0, 0.0, 0.0];
        let mut targets = vec![1.0, 0.0, 0.0];
        mixup.mix((3, 7), &mut inputs, &mut targets, 3);
        for (input, target) in inputs.chunks(2).zip(&targets) {
            assert!(input.iter().all(|x| x == target));
        }
        assert!((targets.iter().sum::<f32>() - 1.0).abs() < 1e-6);
    }

    #[test]
    fn beta_has_its_moments() {
        for alpha in [0.2, 0.4, 1.0, 2.0] {
            let draws: Vec<f64> = (0..4000).map(|i| beta(&Philox::new(5, i), alpha)).collect();
            let mean = draws.iter().sum::<f64>() / 4000.0;
            let variance = draws.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / 4000.0;
            let expected = 1.0 / (4.0 * (2.0 * alpha + 1.0));
            assert!((mean - 0.5).abs() < 0.02, "{alpha}: {mean}");
            assert!((variance - expected).abs() < 0.01, "{alpha}: {variance} {expected}");
        }
    }

    #[test]
    fn too_large_for_a_segment() {
        for (augmentation, name) in [
            (Augmentation { band_mask: 12, ..Default::default() }, "band_mask"),
            (Augmentation { band_shift: 40, ..Default::default() }, "band_shift"),
            (Augmentation { lowpass: 12, ..Default::default() }, "lowpass"),
            (Augmentation { frame_mask: 20, ..Default::default() }, "frame_mask"),
            (Augmentation { gain: -1.0, ..Default::default() }, "gain"),
            (Augmentation { mixup: f32::NAN, ..Default::default() }, "mixup"),
        ] {
            assert_eq!(augmentation.check(BANDS, FRAMES).unwrap_err().0, name);
        }
        assert!(Augmentation { band_mask: 11, ..Default::default() }.check(BANDS, FRAMES).is_ok());
    }
}
