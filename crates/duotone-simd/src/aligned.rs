//! Buffers aligned to cache lines.

use std::ops::{Deref, DerefMut};

/// Values in a cache line.
pub const LINE: usize = 16;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// A buffer aligned to a cache line, as a `Vec` need not be: a load that straddles two lines takes
/// twice as long.
#[derive(Clone, Debug, Default)]
pub struct AlignedBuf {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedBuf {
    /// Returns `len` zeros.
    pub fn zeros(len: usize) -> Self {
        let mut zeros = Self::default();
        zeros.resize(len);
        zeros
    }

    /// Truncates or appends zeros.
    pub fn resize(&mut self, len: usize) {
        let old = self.len;
        self.lines.resize(len.div_ceil(LINE), Line([0.0; LINE]));
        self.len = len;
        if old < len {
            // The last line may still hold values that were truncated earlier.
            self[old..].fill(0.0);
        }
    }
}

impl Deref for AlignedBuf {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is `LINE` values without padding (its size is its alignment), a `Vec` holds
        // its lines without gaps, and `len` is at most `LINE` times their number.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for AlignedBuf {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`; `self` is borrowed mutably.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::AlignedBuf;

    #[test]
    fn growing_appends_zeros_and_keeps_the_rest() {
        let mut buffer = AlignedBuf::zeros(3);
        buffer.fill(1.0);
        buffer.resize(40);
        assert_eq!(buffer[..3], [1.0; 3]);
        assert_eq!(buffer[3..], [0.0; 37]);
        buffer.fill(2.0);
        buffer.resize(17);
        buffer.resize(50);
        assert_eq!(buffer[..17], [2.0; 17]);
        assert_eq!(buffer[17..], [0.0; 33]);
        assert_eq!(buffer.as_ptr().align_offset(64), 0);
        assert!(AlignedBuf::zeros(0).is_empty());
    }
}
