use duotone::audio::Segmenter;
use duotone::nn::random::Philox;
use proptest::prelude::*;

proptest! {
    #[test]
    fn consecutive_segments_are_within_the_clip_and_do_not_overlap(
        clip in 0_usize..3_000, frames in 1_usize..200, more in 0_usize..4,
    ) {
        let hops = frames + more;
        let starts = Segmenter::Consecutive.starts(clip, frames, hops, |_| unreachable!());
        prop_assert!(starts.iter().all(|start| start + frames <= clip));
        prop_assert!(starts.windows(2).all(|pair| pair[0] + hops == pair[1]));
        // As many as fit, beginning at the start.
        let fit = if clip < frames { 0 } else { (clip - frames) / hops + 1 };
        prop_assert_eq!(starts.len(), fit);
        prop_assert!(starts.first().is_none_or(|&first| first == 0));
    }

    #[test]
    fn random_segments_are_within_the_clip(
        clip in 0_usize..3_000, frames in 1_usize..200, count in 1_usize..100, seed: u64,
    ) {
        let random = Philox::new(seed, 0);
        let mut index = 0;
        let starts = Segmenter::Random(count).starts(clip, frames, frames, |n| {
            index += 1;
            random.below(index, n)
        });
        prop_assert_eq!(starts.len(), if clip < frames { 0 } else { count });
        prop_assert!(starts.iter().all(|start| start + frames <= clip));
    }
}
