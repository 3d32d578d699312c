use serde::{Deserialize, Serialize};

/// Which segments of a clip are used (paper, section 2.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Segmenter {
    /// This many at random positions on the hop grid; they may overlap.
    Random(usize),
    /// One after the other without gap or overlap from the start, as many as fit whole
    /// (10 from 30 s).
    Consecutive,
}

impl Segmenter {
    /// First frames of the segments of a clip of `clip_frames` frames, for segments of
    /// `segment_frames` frames that span `segment_hops` hops of audio (81 for the paper's 80
    /// frames: 124,416 samples / 1,536).
    ///
    /// `below(n)` must give a number under `n`, drawn uniformly; only `Random` calls it, once a
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
