//! Search for pairs of fingerprints of the same recording, without comparing all pairs.

use rayon::prelude::*;

use super::fingerprint::VOID;
use super::score::{Alignment, align, equal_bits};

/// The bits of a word that are used as its key. The outermost bands are left out because they are
/// the least stable: codecs cut off the highest ones, and the lowest ones contain rumble.
const KEY: u32 = 0x00ff_fff0;
/// Number of keys that must match at one offset; fewer match by chance.
const VOTES: usize = 2;
/// Number of further entries with the same key that each entry is paired with. It keeps the cost of
/// common keys linear, and still links each of a thousand copies of a recording to the next.
const NEIGHBOURS: usize = 128;
/// Number of offsets per pair of clips that are compared in full.
const OFFSETS: usize = 3;
/// Number of frames that must overlap (3.5 s at the paper's hop), unless the overlap is nearly all
/// of a short clip. In less time, two performances of one piece can agree.
const FRAMES: usize = 100;
/// Scores below this occur by chance and within one style; those above mean the same recording. See
/// `docs/check.md`.
const SCORE: f64 = 0.6;
/// Share of equal bits below which the score is not computed.
const EQUAL_BITS: f64 = 0.7;

/// A key and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Entry {
    key: u32,
    clip: u32,
    frame: u32,
}

/// All pairs `(i, j)` with `i < j` of fingerprints of the same recording, sorted, each with its best
/// alignment.
pub(super) fn pairs(prints: &[&[u32]]) -> Vec<(usize, usize, Alignment)> {
    let mut index: Vec<Entry> = (0..prints.len() as u32)
        .into_par_iter()
        .flat_map_iter(|clip| entries(clip, prints[clip as usize]))
        .collect();
    index.par_sort_unstable();
    let of_clip = |clip: u32| {
        let votes = votes(&index, clip, prints[clip as usize]);
        candidates(votes)
            .into_iter()
            .filter_map(|(other, offsets)| {
                let best = best(prints[clip as usize], prints[other as usize], &offsets)?;
                Some((clip as usize, other as usize, best))
            })
            .collect::<Vec<_>>()
    };
    (0..prints.len() as u32).into_par_iter().flat_map_iter(of_clip).collect()
}

/// The entries of one clip, in the order of its frames.
fn entries(clip: u32, print: &[u32]) -> impl Iterator<Item = Entry> {
    let words = print.iter().zip(0..).filter(|&(&word, _)| word != VOID);
    words.map(move |(&word, frame)| Entry { key: word & KEY, clip, frame })
}

/// For each key that a clip shares with a later one: the number of the later clip, and its offset
/// in this one. Sorted.
fn votes(index: &[Entry], clip: u32, print: &[u32]) -> Vec<(u32, i64)> {
    let mut votes = Vec::new();
    for Entry { key, frame, .. } in entries(clip, print) {
        let next = Entry { key, clip: clip + 1, frame: 0 };
        let start = index.partition_point(|entry| *entry < next);
        let same = index[start..].iter().take_while(|entry| entry.key == key).take(NEIGHBOURS);
        votes.extend(same.map(|other| (other.clip, i64::from(frame) - i64::from(other.frame))));
    }
    votes.sort_unstable();
    votes
}

/// The clips with enough votes for one offset, each with its most voted offsets. Votes for the next
/// offset count too, because the frames of two excerpts need not coincide.
fn candidates(votes: Vec<(u32, i64)>) -> Vec<(u32, Vec<i64>)> {
    let mut candidates = Vec::new();
    for votes in votes.chunk_by(|a, b| a.0 == b.0) {
        let runs: Vec<(i64, usize)> =
            votes.chunk_by(|a, b| a.1 == b.1).map(|run| (run[0].1, run.len())).collect();
        let with_next = |(i, &(offset, count)): (usize, &(i64, usize))| {
            let next = runs.get(i + 1).filter(|next| next.0 == offset + 1);
            (count + next.map_or(0, |next| next.1), offset)
        };
        let mut counts: Vec<(usize, i64)> =
            runs.iter().enumerate().map(with_next).filter(|&(count, _)| count >= VOTES).collect();
        counts.sort_unstable_by(|a, b| b.cmp(a));
        if !counts.is_empty() {
            let offsets = counts.into_iter().take(OFFSETS).map(|(_, offset)| offset).collect();
            candidates.push((votes[0].0, offsets));
        }
    }
    candidates
}

/// The best alignment at or next to one of the offsets, if it is good enough.
fn best(a: &[u32], b: &[u32], offsets: &[i64]) -> Option<Alignment> {
    let shorter = a.len().min(b.len());
    let enough = FRAMES.min(shorter - shorter / 10);
    let near = offsets.iter().flat_map(|&offset| offset - 1..=offset + 2);
    near.filter(|&offset| equal_bits(a, b, offset) >= EQUAL_BITS)
        .map(|offset| align(a, b, offset))
        .filter(|found| found.frames >= enough && found.score >= SCORE)
        .max_by(|a, b| a.score.total_cmp(&b.score))
}

#[cfg(test)]
mod tests {
    use super::{NEIGHBOURS, pairs};

    fn words(seed: u32, count: u32) -> Vec<u32> {
        let mix = |i: u32| (seed * 1_000_003 + i + 1).wrapping_mul(2_654_435_769).rotate_left(15);
        (0..count).map(|i| mix(i).wrapping_mul(2_246_822_519) | 1).collect()
    }

    #[test]
    fn finds_excerpts_at_their_offsets() {
        let whole = words(1, 600);
        let prints = [&whole[..], &words(2, 600), &whole[350..], &whole[100..220], &whole[..90]];
        let found: Vec<_> = pairs(&prints).into_iter().map(|(i, j, a)| (i, j, a.offset)).collect();
        // The last overlaps too little with all but the first.
        assert_eq!(found, [(0, 2, 350), (0, 3, 100), (0, 4, 0)]);
    }

    #[test]
    fn links_many_copies_at_linear_cost() {
        let one = words(1, 120);
        let copies = 3 * NEIGHBOURS;
        let prints = vec![&one[..]; copies];
        let found = pairs(&prints);
        assert!((0..copies - 1).all(|i| found.iter().any(|&(a, b, _)| (a, b) == (i, i + 1))));
        assert!(found.len() <= copies * NEIGHBOURS, "{}", found.len());
    }

    #[test]
    fn finds_nothing_without_fingerprints() {
        assert!(pairs(&[]).is_empty());
        assert!(pairs(&[&[], &[0; 500], &[0; 500]]).is_empty());
    }
}
