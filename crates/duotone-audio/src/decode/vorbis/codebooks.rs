//! Checks the codebooks of a setup header before the decoder allocates memory for them.

/// Largest number of values in all codebooks' tables, many times more than any encoder writes.
const MAX_VALUES: u64 = 1 << 22;
/// Largest number of entries in all codebooks.
const MAX_ENTRIES: u64 = 1 << 21;
/// Bits at the start of a setup packet: its type and `vorbis`.
const START_BITS: u64 = 7 * 8;
const SYNC: u64 = 0x56_43_42;

/// Returns whether all codebooks are complete and of a plausible size.
pub(super) fn are_valid(setup: &[u8]) -> bool {
    walk(&mut Bits { bytes: setup, at: START_BITS }).is_some()
}

/// Walks over all codebooks (Vorbis I, section 3.2.1); `None` if they are truncated or too large.
fn walk(bits: &mut Bits<'_>) -> Option<()> {
    let (mut all_entries, mut all_values) = (0, 0);
    for _ in 0..=bits.read(8)? {
        if bits.read(24)? != SYNC {
            return None;
        }
        let dimensions = bits.read(16)?;
        let entries = bits.read(24)?;
        all_entries += entries;
        if all_entries > MAX_ENTRIES {
            return None;
        }
        skip_lengths(bits, entries)?;
        let lookup = bits.read(4)?;
        if lookup == 0 {
            continue;
        }
        all_values += entries * dimensions;
        if lookup > 2 || all_values > MAX_VALUES {
            return None;
        }
        bits.skip(32 + 32);
        let width = bits.read(4)? + 1;
        bits.skip(1);
        let values = if lookup == 1 { root(entries, dimensions) } else { entries * dimensions };
        bits.skip(values * width);
    }
    // Skipping does not check the length, but reading one more bit does.
    bits.read(1).map(drop)
}

fn skip_lengths(bits: &mut Bits<'_>, entries: u64) -> Option<()> {
    if bits.read(1)? == 0 {
        let sparse = bits.read(1)? == 1;
        for _ in 0..entries {
            if !sparse || bits.read(1)? == 1 {
                bits.read(5)?;
            }
        }
        return Some(());
    }
    bits.read(5)?;
    let mut left = entries;
    while left > 0 {
        let count = bits.read(u64::from(64 - left.leading_zeros()))?;
        left = left.checked_sub(count)?;
    }
    Some(())
}

/// Returns the largest number that, raised to `dimensions`, does not exceed `entries`.
fn root(entries: u64, dimensions: u64) -> u64 {
    let fits = |number: u64| {
        let power = u32::try_from(dimensions).ok().and_then(|power| number.checked_pow(power));
        power.is_some_and(|power| power <= entries)
    };
    let mut number = 0;
    while dimensions > 0 && number < entries && fits(number + 1) {
        number += 1;
    }
    number
}

/// Reads bits, least significant first.
struct Bits<'a> {
    bytes: &'a [u8],
    at: u64,
}

impl Bits<'_> {
    fn read(&mut self, count: u64) -> Option<u64> {
        let mut value = 0;
        for bit in 0..count {
            let byte = self.bytes.get(usize::try_from(self.at / 8).ok()?)?;
            value |= u64::from(byte >> (self.at % 8) & 1) << bit;
            self.at += 1;
        }
        Some(value)
    }

    fn skip(&mut self, count: u64) {
        self.at += count;
    }
}

#[cfg(test)]
mod tests {
    use super::{are_valid, root};

    /// A setup header with one codebook, given as numbers and their widths in bits.
    fn setup(fields: &[(u64, u64)]) -> Vec<u8> {
        let mut bits = Vec::new();
        for &(value, count) in [(0, 8), (0x56_43_42, 24)].iter().chain(fields).chain(&[(0, 64)]) {
            bits.extend((0..count).map(|bit| value >> bit & 1 == 1));
        }
        let bytes = bits.chunks(8).map(|byte| {
            byte.iter().enumerate().fold(0, |byte, (bit, &set)| byte | u8::from(set) << bit)
        });
        b"\x05vorbis".iter().copied().chain(bytes).collect()
    }

    #[test]
    fn rejects_small_headers_with_huge_tables() {
        let ordered = |dimensions, entries: u64| {
            let width = u64::from(64 - entries.leading_zeros());
            [(dimensions, 16), (entries, 24), (1, 1), (3, 5), (entries, width), (1, 4), (0, 64)]
        };
        assert!(are_valid(&setup(&ordered(2, 16))));
        assert!(!are_valid(&setup(&ordered(65_535, 16_384))), "a table of gigabytes");
        assert!(!are_valid(&setup(&ordered(1, 1 << 23))), "too many entries");
        let whole = setup(&ordered(2, 16));
        for end in 0..whole.len() - 8 {
            assert!(!are_valid(&whole[..end]), "truncated at {end}");
        }
    }

    #[test]
    fn computes_roots() {
        for (entries, dimensions, expected) in [(81, 4, 3), (80, 4, 2), (7, 1, 7), (16, 65_535, 1)]
        {
            assert_eq!(root(entries, dimensions), expected);
        }
        assert_eq!(root(5, 0), 0);
    }
}
