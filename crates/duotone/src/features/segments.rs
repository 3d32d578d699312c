//! Labelled clips and the segments cut from them.

use duotone_audio::{FrontEnd, Segmenter};
use duotone_nn::random::Philox;
use rayon::prelude::*;

use crate::features::ClipFeatures;
use crate::model::augmentation::Draws;
use crate::model::{Scaler, TrainSettings};

/// A clip and its class.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LabelledClip<'a> {
    pub(crate) features: &'a ClipFeatures,
    pub(crate) label: u32,
    /// The number of its group; `None` if clips are not grouped.
    pub(crate) group: Option<usize>,
}

/// `segments` in ASCII; keeps these random numbers independent of the seed's other uses.
const POSITIONS: u64 = 0x7365_676d_656e_7473;

/// First frames of the segments that the settings cut from a clip in an epoch (counted from 0).
///
/// Random positions depend only on the seed, the epoch and the clip's content. They do not change
/// if other clips join the collection or the file is renamed.
pub(crate) fn starts(
    clip: &ClipFeatures,
    front_end: &FrontEnd,
    settings: &TrainSettings,
    epoch: usize,
) -> Vec<usize> {
    let content = blake3::hash(clip.digest.as_bytes());
    let stream = content.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let random = Philox::new(settings.seed ^ POSITIONS, stream);
    let mut index = if settings.fresh_segments { (epoch as u64) << 32 } else { 0 };
    settings.segments.starts(
        clip.frames(),
        front_end.segment_frames,
        front_end.segment_hops(),
        |count| {
            index += 1;
            random.below(index - 1, count)
        },
    )
}

/// First frames of a clip's consecutive segments.
pub(crate) fn consecutive(clip: &ClipFeatures, front_end: &FrontEnd) -> Vec<usize> {
    let hops = front_end.segment_hops();
    Segmenter::Consecutive.starts(clip.frames(), front_end.segment_frames, hops, |_| 0)
}

/// The scaled segments of a clip that start at the frames `starts`, (segment, band, frame).
pub(crate) fn scaled(
    clip: &ClipFeatures,
    starts: &[usize],
    frames: usize,
    scaler: &Scaler,
) -> Vec<f32> {
    let size = clip.bands() * frames;
    let mut segments = vec![0.0; starts.len() * size];
    for (segment, &start) in segments.chunks_exact_mut(size).zip(starts) {
        clip.copy_segment(start, segment);
        scaler.apply(segment);
    }
    segments
}

/// The training segments of an epoch.
pub(crate) struct Segments<'a> {
    labelled: &'a [LabelledClip<'a>],
    /// Index of each segment's clip, and its first frame.
    positions: Vec<(usize, usize)>,
}

impl<'a> Segments<'a> {
    pub(crate) fn of(
        labelled: &'a [LabelledClip<'a>],
        front_end: &FrontEnd,
        settings: &TrainSettings,
        epoch: usize,
    ) -> Self {
        let positions = labelled
            .iter()
            .enumerate()
            .flat_map(|(clip, example)| {
                let starts = starts(example.features, front_end, settings, epoch);
                starts.into_iter().map(move |start| (clip, start))
            })
            .collect();
        Self { labelled, positions }
    }

    pub(crate) fn len(&self) -> usize {
        self.positions.len()
    }

    /// Index of each segment's clip, and its first frame.
    #[cfg(feature = "gpu")]
    pub(crate) fn positions(&self) -> impl Iterator<Item = (usize, usize)> {
        self.positions.iter().copied()
    }

    /// The class of each segment.
    pub(crate) fn labels(&self) -> Vec<u32> {
        self.positions.iter().map(|&(clip, _)| self.labelled[clip].label).collect()
    }

    /// The spectrograms of all clips, band-major.
    #[cfg(feature = "gpu")]
    pub(crate) fn spectrograms(&self) -> Vec<&'a [f32]> {
        self.labelled.iter().map(|example| example.features.spectrogram.data()).collect()
    }

    /// Copies one segment, not yet scaled.
    pub(crate) fn copy(&self, index: usize, out: &mut [f32]) {
        let (clip, start) = self.positions[index];
        self.labelled[clip].features.copy_segment(start, out);
    }

    /// Copies the segments of a batch to `inputs`, one after another, augments and scales them, and
    /// returns their classes. `step` is the number of the mini-batch in the run.
    pub(crate) fn gather(
        &self,
        batch: &[usize],
        (scaler, settings): (&Scaler, &TrainSettings),
        step: u64,
        inputs: &mut [f32],
    ) -> Vec<u32> {
        let size = inputs.len() / batch.len().max(1);
        let augmentation = settings.augmentation;
        inputs.par_chunks_exact_mut(size.max(1)).zip(batch).enumerate().for_each(
            |(i, (out, &index))| {
                let frames = size / self.labelled[self.positions[index].0].features.bands();
                let draws = Draws::new(settings.seed, step, i);
                self.copy(index, out);
                augmentation.before(draws, out, frames);
                scaler.apply(out);
                augmentation.after(draws, out, frames);
            },
        );
        batch.iter().map(|&index| self.labelled[self.positions[index].0].label).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::{LabelledClip, Segments, starts};
    use crate::fixtures::{clip, front_end};
    use crate::model::{Conditioning, Scaler, Standardize, TrainSettings};
    use duotone_audio::Segmenter;

    #[test]
    fn positions_depend_on_content_seed_and_epoch() {
        let settings = TrainSettings { segments: Segmenter::Random(20), ..Default::default() };
        let (one, other) = (clip(1, 0, 60), clip(2, 0, 60));
        let of =
            |clip, settings: &TrainSettings, epoch| starts(clip, &front_end(), settings, epoch);
        assert_eq!(of(&one, &settings, 0), of(&one, &settings, 9));
        assert_ne!(of(&one, &settings, 0), of(&other, &settings, 0));
        let seeded = TrainSettings { seed: 1, ..settings.clone() };
        assert_ne!(of(&one, &settings, 0), of(&one, &seeded, 0));
        let fresh = TrainSettings { fresh_segments: true, ..settings.clone() };
        assert_eq!(of(&one, &fresh, 0), of(&one, &settings, 0));
        assert_ne!(of(&one, &fresh, 1), of(&one, &settings, 1));
        let last = 60 - front_end().segment_frames;
        assert!(of(&one, &settings, 0).iter().all(|&start| start <= last));
    }

    #[test]
    fn gathers_scaled_segments() {
        let clips = [clip(1, 0, 30), clip(2, 1, 30)];
        let labelled = [0, 1].map(|label| LabelledClip {
            features: &clips[label],
            label: label as u32,
            group: None,
        });
        let settings = TrainSettings { segments: Segmenter::Random(3), ..Default::default() };
        let segments = Segments::of(&labelled, &front_end(), &settings, 0);
        assert_eq!(segments.len(), 6);
        let size = front_end().bands * front_end().segment_frames;
        let scaler = Scaler {
            conditioning: Conditioning::default(),
            kind: Standardize::Global,
            mean: vec![1.0],
            deviation: vec![2.0],
        };
        let mut batch = vec![0.0; 2 * size];
        assert_eq!(segments.gather(&[5, 0], (&scaler, &settings), 0, &mut batch), [1, 0]);
        let start = starts(&clips[1], &front_end(), &settings, 0)[2];
        let expected = (clips[1].band(1)[start] - 1.0) / 2.0;
        assert_eq!(batch[front_end().segment_frames], expected);
    }
}
