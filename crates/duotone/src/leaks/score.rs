//! Similarity of two fingerprints at a given offset.

use super::fingerprint::{BITS, VOID};

/// Two fingerprints at a given offset.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Alignment {
    /// Frame of the first at which the second begins.
    pub(super) offset: i64,
    /// Number of frames compared.
    pub(super) frames: usize,
    /// Cohen's kappa of their bits: 0 is chance, 1 is equality.
    pub(super) score: f64,
}

/// Computes the agreement beyond chance. Chance is estimated from how often each bit is set in either
/// fingerprint, so bits that hardly change (a steady tone, or bands that a codec leaves empty) do not
/// raise the score.
pub(super) fn align(a: &[u32], b: &[u32], offset: i64) -> Alignment {
    let (a, b) = overlap(a, b, offset);
    let (mut frames, mut agree) = (0_u32, 0_u64);
    let mut set = [(0_u32, 0_u32); BITS];
    for (&x, &y) in a.iter().zip(b).filter(|&(&x, &y)| x != VOID && y != VOID) {
        frames += 1;
        agree += u64::from((x ^ y).count_zeros());
        for (k, (in_a, in_b)) in set.iter_mut().enumerate() {
            *in_a += (x >> k) & 1;
            *in_b += (y >> k) & 1;
        }
    }
    let n = f64::from(frames);
    let chance: f64 = set
        .iter()
        .map(|&(in_a, in_b)| {
            let (p, q) = (f64::from(in_a) / n, f64::from(in_b) / n);
            n * (p * q + (1.0 - p) * (1.0 - q))
        })
        .sum();
    let range = n * BITS as f64 - chance;
    let score = if range > 0.0 { (agree as f64 - chance) / range } else { 0.0 };
    Alignment { offset, frames: frames as usize, score }
}

/// Share of equal bits; cheaper than [`align`].
pub(super) fn equal_bits(a: &[u32], b: &[u32], offset: i64) -> f64 {
    let (a, b) = overlap(a, b, offset);
    let equal: u64 = a.iter().zip(b).map(|(x, y)| u64::from((x ^ y).count_zeros())).sum();
    equal as f64 / (a.len().max(1) * BITS) as f64
}

/// The parts that overlap if `b` begins at `a[offset]`; they have the same length.
fn overlap<'a>(a: &'a [u32], b: &'a [u32], offset: i64) -> (&'a [u32], &'a [u32]) {
    let skip = offset.unsigned_abs() as usize;
    let (a, b) = match offset < 0 {
        true => (a, b.get(skip..).unwrap_or_default()),
        false => (a.get(skip..).unwrap_or_default(), b),
    };
    let frames = a.len().min(b.len());
    (&a[..frames], &b[..frames])
}

#[cfg(test)]
mod tests {
    use super::align;

    /// Random words (SplitMix64) that are never void.
    fn words(seed: u64, count: u64) -> Vec<u32> {
        let mix = |i: u64| {
            let x = ((seed << 32) | i).wrapping_mul(0x9e37_79b9_7f4a_7c15);
            let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            ((x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb) >> 32) as u32 | (1 << 31)
        };
        (0..count).map(mix).collect()
    }

    #[test]
    fn score_is_1_if_equal_and_0_by_chance() {
        let (a, b) = (words(1, 2000), words(2, 2000));
        assert_eq!(align(&a, &a, 0).score, 1.0);
        assert!(align(&a, &b, 0).score.abs() < 0.02);
        assert!(align(&a, &a, 1).score.abs() < 0.02);
    }

    #[test]
    fn offsets_may_be_negative() {
        let a = words(1, 500);
        let found = align(&a, &a[200..], 200);
        assert_eq!((found.score, found.frames), (1.0, 300));
        assert_eq!(align(&a[200..], &a, -200).score, 1.0);
        assert_eq!(align(&a, &a[200..], 500).frames, 0);
        assert_eq!(align(&a, &a, -9999).score, 0.0);
    }

    #[test]
    fn constant_bits_do_not_raise_the_score() {
        let steady = vec![0x0f0f_0f0f; 1000];
        assert_eq!(align(&steady, &steady, 0).score, 0.0);
        // Half of the bits are constant, the others random: most bits agree, but the score is 0.
        let half =
            |seed| words(seed, 1000).iter().map(|w| (w & 0xffff) | (1 << 31)).collect::<Vec<_>>();
        assert!(align(&half(1), &half(2), 0).score.abs() < 0.03);
    }
}
