use serde::{Deserialize, Serialize};

/// Chooses where the segments of a clip start; it does not cut them (paper, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Segmenter {
    /// This many segments at random positions on the hop grid. They may overlap.
    Random(usize),
    /// As many whole segments as fit, from the start, without gap or overlap (10 in 30 s).
    Consecutive,
}

impl Segmenter {
    /// Returns the first frame of each segment of a clip of `clip_frames` frames. Segments have
    /// `segment_frames` frames and span `segment_hops` hops of audio (81 for the paper's 80 frames:
    /// 124,416 samples / 1,536).
    ///
    /// `below(n)` must return a uniformly drawn number below `n`. Only `Random` calls it, once per
    /// segment. A clip with fewer frames than a segment has no segments.
    pub fn starts(
        &self,
        clip_frames: usize,
        segment_frames: usize,
        segment_hops: usize,
        mut below: impl FnMut(usize) -> usize,
    ) -> Vec<usize> {
        let Some(last) = clip_frames.checked_sub(segment_frames) else { return Vec::new() };
        match *self {
            Self::Random(count) => (0..count).map(|_| below(last + 1)).collect(),
            Self::Consecutive => (0..=last).step_by(segment_hops.max(1)).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Segmenter;
    use crate::mel::FrontEnd;

    fn never_called(_: usize) -> usize {
        unreachable!("consecutive segments need no random numbers")
    }

    #[test]
    fn thirty_seconds_have_ten_consecutive_segments() {
        for centered in [false, true] {
            let segment_frames = if centered { 82 } else { 80 };
            let front_end = FrontEnd { centered, segment_frames, ..FrontEnd::paper(44_100) };
            assert_eq!(front_end.segment_samples(), 124_416);
            assert_eq!(front_end.segment_hops(), 81);
            let frames = front_end.spectrogram(&vec![0.0; 30 * 44_100]).unwrap().frames();
            let starts = Segmenter::Consecutive.starts(frames, segment_frames, 81, never_called);
            let expected: Vec<usize> = (0..10).map(|i| 81 * i).collect();
            assert_eq!(starts, expected);
        }
    }

    #[test]
    fn random_segments_lie_within_the_clip() {
        let mut asked = Vec::new();
        let starts = Segmenter::Random(30).starts(100, 80, 81, |n| {
            asked.push(n);
            asked.len() % n
        });
        assert_eq!(asked, [21; 30]);
        let expected: Vec<usize> = (1..=30).map(|i| i % 21).collect();
        assert_eq!(starts, expected);
    }

    #[test]
    fn clips_of_one_segment_or_less() {
        for segmenter in [Segmenter::Random(3), Segmenter::Consecutive] {
            assert!(segmenter.starts(79, 80, 81, never_called).is_empty());
        }
        assert_eq!(Segmenter::Random(2).starts(80, 80, 81, |n| n - 1), [0, 0]);
        assert_eq!(Segmenter::Consecutive.starts(80, 80, 81, never_called), [0]);
    }
}
