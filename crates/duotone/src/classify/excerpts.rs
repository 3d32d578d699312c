use std::ops::Range;

/// Seconds that have to be decoded before an excerpt, at most: where the gaps between excerpts are
/// shorter, the whole is read as quickly.
const AHEAD: f64 = 2.0;

/// Excerpts of a recording, evenly spread over it, that stand for the whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excerpts {
    /// How many, at least 1.
    pub count: usize,
    /// The length of each in seconds.
    pub seconds: u32,
}

impl Excerpts {
    /// Where they lie in a recording of `length` seconds: each in the middle of its share of it.
    /// `None` when they would cover all of it, or leave out so little that the whole is read as
    /// quickly.
    #[must_use]
    pub fn ranges(&self, length: f64) -> Option<Vec<Range<f64>>> {
        let seconds = f64::from(self.seconds);
        let share = length / self.count as f64;
        let one = |i: usize| {
            let start = (i as f64 + 0.5) * share - seconds / 2.0;
            start..start + seconds
        };
        (self.count > 0 && share >= seconds + AHEAD).then(|| (0..self.count).map(one).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::Excerpts;

    #[test]
    fn they_lie_in_the_middle_of_their_shares() {
        let excerpts = Excerpts { count: 3, seconds: 10 };
        assert_eq!(excerpts.ranges(60.0), Some(vec![5.0..15.0, 25.0..35.0, 45.0..55.0]));
        assert_eq!(Excerpts { count: 1, seconds: 30 }.ranges(90.0), Some(vec![30.0..60.0]));
        for length in [35.0, 30.0, 29.0, 0.0, -1.0, f64::NAN] {
            assert_eq!(excerpts.ranges(length), None);
        }
        assert_eq!(Excerpts { count: 0, seconds: 10 }.ranges(60.0), None);
    }
}
