//! Memory that begins with a cache line.

use std::ops::{Deref, DerefMut};

/// Numbers in a cache line.
pub const LINE: usize = 16;

#[derive(Clone, Copy, Debug)]
#[repr(C, align(64))]
struct Line([f32; LINE]);

/// Numbers whose first one begins a cache line, as a `Vec`'s need not: a register's share of them
/// that lies in two lines takes twice the time to fetch.
#[derive(Clone, Debug, Default)]
pub struct AlignedBuf {
    lines: Vec<Line>,
    len: usize,
}

impl AlignedBuf {
    /// So many zeros.
    pub fn zeros(len: usize) -> Self {
        let mut zeros = Self::default();
        zeros.resize(len);
        zeros
    }

    /// Cuts numbers off or adds zeros.
    pub fn resize(&mut self, len: usize) {
        let old = self.len;
        self.lines.resize(len.div_ceil(LINE), Line([0.0; LINE]));
        self.len = len;
        if old < len {
            // The last line may hold what was cut off before.
            self[old..].fill(0.0);
        }
    }
}

impl Deref for AlignedBuf {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        // SAFETY: a `Line` is `LINE` numbers without padding (its size is its alignment), lines lie
        // one behind the other in a `Vec`, and `len` is at most `LINE` times their number.
        unsafe { std::slice::from_raw_parts(self.lines.as_ptr().cast(), self.len) }
    }
}

impl DerefMut for AlignedBuf {
    fn deref_mut(&mut self) -> &mut [f32] {
        // SAFETY: as in `deref`, and nobody else holds what `self` is borrowed for.
        unsafe { std::slice::from_raw_parts_mut(self.lines.as_mut_ptr().cast(), self.len) }
    }
}

#[cfg(test)]
mod tests {
    use super::AlignedBuf;

    #[test]
    fn growing_gives_zeros_and_keeps_what_was_there() {
        let mut lines = AlignedBuf::zeros(3);
        lines.fill(1.0);
        lines.resize(40);
        assert_eq!(lines[..3], [1.0; 3]);
        assert_eq!(lines[3..], [0.0; 37]);
        lines.fill(2.0);
        lines.resize(17);
        lines.resize(50);
        assert_eq!(lines[..17], [2.0; 17]);
        assert_eq!(lines[17..], [0.0; 33]);
        assert_eq!(lines.as_ptr().align_offset(64), 0);
        assert!(AlignedBuf::zeros(0).is_empty());
    }
}
