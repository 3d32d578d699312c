//! Random numbers as a function of (seed, stream, index): Philox4x32-10 (Salmon et al., "Parallel random
//! numbers: as easy as 1, 2, 3", 2011).
//!
//! A counter-based generator has no state to store in a checkpoint, returns the same numbers for any number
//! of threads, and needs only 32-bit integer operations, so that a shader can do the same.

/// A stream of random numbers, each accessible by its index.
#[derive(Clone, Copy, Debug)]
pub struct Philox {
    key: [u32; 2],
    stream: u64,
}

impl Philox {
    /// Returns the stream `stream` of the generator seeded with `seed`.
    #[must_use]
    pub fn new(seed: u64, stream: u64) -> Self {
        Self { key: [seed as u32, (seed >> 32) as u32], stream }
    }

    /// Returns four words for the 128-bit counter whose low half is `block` and whose high half is the stream.
    #[must_use]
    pub fn block(&self, block: u64) -> [u32; 4] {
        let mut c =
            [block as u32, (block >> 32) as u32, self.stream as u32, (self.stream >> 32) as u32];
        let [mut k0, mut k1] = self.key;
        for _ in 0..10 {
            let p0 = u64::from(c[0]) * 0xD251_1F53;
            let p1 = u64::from(c[2]) * 0xCD9E_8D57;
            c = [
                (p1 >> 32) as u32 ^ c[1] ^ k0,
                p1 as u32,
                (p0 >> 32) as u32 ^ c[3] ^ k1,
                p0 as u32,
            ];
            k0 = k0.wrapping_add(0x9E37_79B9);
            k1 = k1.wrapping_add(0xBB67_AE85);
        }
        c
    }

    /// Returns the word at `index`.
    #[must_use]
    pub fn word(&self, index: u64) -> u32 {
        self.block(index / 4)[(index % 4) as usize]
    }

    /// Returns the number at `index`, a multiple of 2⁻²⁴ from 0 to below 1.
    #[must_use]
    pub fn uniform(&self, index: u64) -> f32 {
        (self.word(index) >> 8) as f32 * (1.0 / 16_777_216.0)
    }

    /// Returns the integer below `n` at `index`, uniform to within 2⁻⁶⁴ · `n`.
    ///
    /// Returns 0 if `n` is 0.
    #[must_use]
    pub fn below(&self, index: u64, n: usize) -> usize {
        let [low, high, ..] = self.block(index);
        let wide = u128::from(u64::from(high) << 32 | u64::from(low)) * n as u128;
        (wide >> 64) as usize
    }

    /// Returns `0..n` shuffled (Fisher-Yates).
    #[must_use]
    pub fn permutation(&self, n: usize) -> Vec<usize> {
        let mut order: Vec<usize> = (0..n).collect();
        for i in (1..n).rev() {
            order.swap(i, self.below(i as u64, i + 1));
        }
        order
    }
}

#[cfg(test)]
mod tests {
    use super::Philox;

    /// Known answers from the authors' Random123 library (`kat_vectors`, philox4x32 10).
    #[test]
    fn known_answers() {
        let zero = Philox::new(0, 0).block(0);
        assert_eq!(zero, [0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8]);
        let ones = Philox::new(u64::MAX, u64::MAX).block(u64::MAX);
        assert_eq!(ones, [0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd]);
    }

    #[test]
    fn permutation_contains_each_number_once() {
        let mut order = Philox::new(7, 1).permutation(1000);
        assert_ne!(order, (0..1000).collect::<Vec<_>>());
        order.sort_unstable();
        assert_eq!(order, (0..1000).collect::<Vec<_>>());
    }

    #[test]
    fn numbers_are_uniform() {
        let random = Philox::new(3, 9);
        let mean = (0..40_000).map(|i| f64::from(random.uniform(i))).sum::<f64>() / 40_000.0;
        assert!((mean - 0.5).abs() < 0.005, "{mean}");
        let mut counts = [0; 7];
        (0..70_000).for_each(|i| counts[random.below(i, 7)] += 1);
        assert!(counts.iter().all(|&c| (9_600..10_400).contains(&c)), "{counts:?}");
    }
}
