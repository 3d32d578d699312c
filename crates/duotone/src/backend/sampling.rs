//! Which segments are used in an epoch, and in what order.

use duotone_nn::random::Philox;

use crate::model::Sampling;

/// `order` in ASCII; keeps these random numbers independent of the seed's other uses.
const ORDER: u64 = 0x6f72_6465_7200_0000;
/// `balance` in ASCII, for the same purpose.
const BALANCE: u64 = 0x6261_6c61_6e63_6500;

/// The indices of the segments in the order in which an epoch (counted from 0) uses them. `labels`
/// are the classes of all segments; the result has the same length.
pub(crate) fn order(sampling: Sampling, labels: &[u32], seed: u64, epoch: usize) -> Vec<usize> {
    let shuffled = Philox::new(seed ^ ORDER, epoch as u64).permutation(labels.len());
    match sampling {
        Sampling::Uniform => shuffled,
        Sampling::Balanced => {
            let drawn = balanced(labels, seed, epoch);
            shuffled.into_iter().map(|number| drawn[number]).collect()
        }
    }
}

/// Draws as many segments as there are in total, equally many from each class, class by class. If
/// the total is not divisible by the number of classes, some classes get one more; which ones
/// rotates from epoch to epoch. Within a class, the numbers of draws of any two segments differ by
/// at most one.
fn balanced(labels: &[u32], seed: u64, epoch: usize) -> Vec<usize> {
    let classes = labels.iter().max().map_or(0, |&last| last as usize + 1);
    let mut of_class: Vec<Vec<usize>> = vec![Vec::new(); classes];
    for (number, &label) in labels.iter().enumerate() {
        of_class[label as usize].push(number);
    }
    of_class.retain(|segments| !segments.is_empty());
    let count = of_class.len().max(1);
    let mut drawn = Vec::with_capacity(labels.len());
    for (class, segments) in of_class.iter().enumerate() {
        let extra = (class + epoch) % count < labels.len() % count;
        let share = labels.len() / count + usize::from(extra);
        let stream = (epoch * count + class) as u64;
        let shuffled = Philox::new(seed ^ BALANCE, stream).permutation(segments.len());
        drawn.extend(shuffled.iter().cycle().take(share).map(|&i| segments[i]));
    }
    drawn
}

#[cfg(test)]
mod tests {
    use super::order;
    use crate::model::Sampling::{Balanced, Uniform};
    use duotone_nn::random::Philox;

    /// 26 segments of class 0, 3 of class 2, 1 of class 3; no class 1.
    fn labels() -> Vec<u32> {
        (0..30).map(|i| if i < 26 { 0 } else { 2 + u32::from(i == 29) }).collect()
    }

    #[test]
    fn uniform_order_matches_earlier_versions() {
        let earlier = Philox::new(7 ^ 0x6f72_6465_7200_0000, 4).permutation(30);
        assert_eq!(order(Uniform, &labels(), 7, 4), earlier);
    }

    #[test]
    fn balanced_draws_every_class_equally_often() {
        let labels = labels();
        let mut draws = [0; 30];
        for epoch in 0..13 {
            let order = order(Balanced, &labels, 7, epoch);
            for class in [0, 2, 3] {
                let count = order.iter().filter(|&&number| labels[number] == class).count();
                assert_eq!(count, 10, "class {class} in epoch {epoch}");
            }
            order.iter().for_each(|&number| draws[number] += 1);
            assert_eq!(order, super::order(Balanced, &labels, 7, epoch), "not deterministic");
        }
        // 130 draws from each class, with 26 segments, 3 and 1.
        assert!(draws[..26].iter().all(|&n| n > 0), "{draws:?}");
        assert!(draws[26..29].iter().all(|n| (39..=52).contains(n)), "{draws:?}");
        assert_eq!(draws[29], 130);
        assert_ne!(order(Balanced, &labels, 7, 0), order(Balanced, &labels, 7, 1));
        assert_ne!(order(Balanced, &labels, 7, 0), order(Balanced, &labels, 8, 0));
    }

    #[test]
    fn remainder_rotates_over_the_classes() {
        let labels = [0, 0, 0, 0, 0, 1, 2];
        let mut draws = [0; 3];
        for epoch in 0..3 {
            let order = order(Balanced, &labels, 1, epoch);
            assert_eq!(order.len(), 7);
            order.iter().for_each(|&number| draws[labels[number] as usize] += 1);
        }
        assert_eq!(draws, [7, 7, 7]);
        assert!(order(Balanced, &[], 1, 0).is_empty());
    }
}
