//! Recordings that continue as their own mirror image.

/// The samples beyond the ends of a recording that is pushed in blocks: mirrored at its first and last sample,
/// as `numpy.pad(mode="reflect")` does.
#[derive(Debug)]
pub(super) struct Reflection {
    /// Samples beyond each end.
    count: usize,
    /// The first samples, until there are enough to mirror.
    first: Option<Vec<f32>>,
    /// The last samples, as many as are mirrored.
    last: Vec<f32>,
}

impl Reflection {
    pub(super) fn new(count: usize) -> Self {
        Self { count, first: Some(Vec::new()), last: Vec::new() }
    }

    /// Takes the next samples of the recording, and returns those that come next with the samples before its
    /// start.
    pub(super) fn next(&mut self, samples: &[f32]) -> Vec<f32> {
        self.remember(samples);
        let Some(first) = &mut self.first else { return samples.to_vec() };
        first.extend_from_slice(samples);
        if first.len() <= self.count { Vec::new() } else { self.begin() }
    }

    /// Returns what is left once the recording has ended: its start if it is short, and the samples after its end.
    pub(super) fn end(&mut self) -> Vec<f32> {
        let mut rest = self.begin();
        let backwards: Vec<f32> = self.last.iter().rev().copied().collect();
        rest.extend((1..=self.count).filter_map(|i| mirrored(&backwards, i)));
        rest
    }

    fn begin(&mut self) -> Vec<f32> {
        let Some(first) = self.first.take() else { return Vec::new() };
        let before = (1..=self.count).rev().filter_map(|i| mirrored(&first, i));
        before.chain(first.iter().copied()).collect()
    }

    fn remember(&mut self, samples: &[f32]) {
        let kept = self.count + 1;
        self.last.extend_from_slice(&samples[samples.len().saturating_sub(kept)..]);
        self.last.drain(..self.last.len().saturating_sub(kept));
    }
}

/// The sample at distance `i` from the first one, going back and forth between both ends.
fn mirrored(samples: &[f32], i: usize) -> Option<f32> {
    let turn = samples.len().checked_sub(1)?;
    if turn == 0 {
        return samples.first().copied();
    }
    let i = i % (2 * turn);
    samples.get(i.min(2 * turn - i)).copied()
}

#[cfg(test)]
mod tests {
    use super::Reflection;

    /// Pads in blocks of a size.
    fn pad(samples: &[f32], count: usize, block: usize) -> Vec<f32> {
        let mut reflection = Reflection::new(count);
        let mut padded: Vec<f32> =
            samples.chunks(block).flat_map(|block| reflection.next(block)).collect();
        padded.extend(reflection.end());
        padded
    }

    /// As `numpy.pad([1, 2, 3, 4], 3, mode="reflect")` and so on.
    #[test]
    fn pads_like_numpy() {
        for block in 1..5 {
            let four = pad(&[1.0, 2.0, 3.0, 4.0], 3, block);
            assert_eq!(four, [4.0, 3.0, 2.0, 1.0, 2.0, 3.0, 4.0, 3.0, 2.0, 1.0]);
            let two = pad(&[1.0, 2.0], 3, block);
            assert_eq!(two, [2.0, 1.0, 2.0, 1.0, 2.0, 1.0, 2.0, 1.0]);
            assert_eq!(pad(&[1.0], 2, block), [1.0; 5]);
            assert!(pad(&[], 2, block).is_empty());
            assert_eq!(pad(&[1.0, 2.0, 3.0], 0, block), [1.0, 2.0, 3.0]);
        }
    }
}
