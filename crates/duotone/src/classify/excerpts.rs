use std::ops::Range;

/// Decoding an excerpt may have to start this many seconds before it. If the gaps between excerpts
/// are shorter, decoding the whole recording takes no longer.
const LEAD_IN: f64 = 2.0;

/// Excerpts that are classified instead of the whole recording, spread evenly over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpts {
    /// Number of excerpts, at least 1.
    pub count: usize,
    /// Length of each excerpt in seconds.
    pub seconds: u32,
}

impl Excerpts {
    /// The positions of the excerpts in a recording of `length` seconds, which is divided into equal
    /// parts with an excerpt in the middle of each. Returns `None` if decoding the whole recording
    /// takes no longer.
    #[must_use]
    pub fn ranges(&self, length: f64) -> Option<Vec<Range<f64>>> {
        let seconds = f64::from(self.seconds);
        let share = length / self.count as f64;
        let one = |i: usize| {
            let start = (i as f64 + 0.5) * share - seconds / 2.0;
            start..start + seconds
        };
        (self.count > 0 && share >= seconds + LEAD_IN).then(|| (0..self.count).map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Excerpts;

    #[test]
    fn excerpts_are_centred_in_equal_parts() {
        let excerpts = Excerpts { count: 3, seconds: 10 };
        assert_eq!(excerpts.ranges(60.0), Some(vec![5.0..15.0, 25.0..35.0, 45.0..55.0]));
        assert_eq!(Excerpts { count: 1, seconds: 30 }.ranges(90.0), Some(vec![30.0..60.0]));
        for length in [35.0, 30.0, 29.0, 0.0, -1.0, f64::NAN] {
            assert_eq!(excerpts.ranges(length), None);
        }
        assert_eq!(Excerpts { count: 0, seconds: 10 }.ranges(60.0), None);
    }
}
