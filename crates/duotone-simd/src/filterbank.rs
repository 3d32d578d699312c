use crate::isa::Isa;
use crate::power::FRAMES;
use crate::vector::{Kernel, Vector};
use crate::view::View;

/// A filterbank over the bins of [`FRAMES`] frames, each of whose filters is zero outside one run of
/// neighbouring bins.
pub struct SparseFilterbank {
    isa: Isa,
    filters: Vec<Filter>,
    weights: Vec<f32>,
}

struct Filter {
    /// The bin of the first weight.
    first: usize,
    count: usize,
}

/// Independent partial sums of a filter, so that additions do not wait for each other.
const SUMS: usize = 4;

impl SparseFilterbank {
    /// Plans a filterbank from each filter's first bin and its weights from there on.
    pub fn new(isa: Isa, filters: impl IntoIterator<Item = (usize, Vec<f32>)>) -> Self {
        let mut all = Self { isa, filters: Vec::new(), weights: Vec::new() };
        for (first, weights) in filters {
            all.filters.push(Filter { first, count: weights.len() });
            all.weights.extend(weights);
        }
        all
    }

    /// Writes each filter's weighted sum of `bins`, (bin, frame), to `sums`, (filter, frame).
    ///
    /// # Panics
    /// If a filter extends past the bins or there is no room for its sums.
    pub fn compute(&self, bins: &[f32], sums: &mut [f32]) {
        let end = self.filters.iter().map(|filter| filter.first + filter.count).max().unwrap_or(0);
        assert!(bins.len() >= end * FRAMES, "a filter extends past the bins");
        assert!(sums.len() >= self.filters.len() * FRAMES, "no room for all sums");
        self.isa.run(Compute { plan: self, bins, sums });
    }
}

struct Compute<'a> {
    plan: &'a SparseFilterbank,
    bins: &'a [f32],
    sums: &'a mut [f32],
}

impl Kernel for Compute<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let mut rest = &self.plan.weights[..];
        for (filter, to) in self.plan.filters.iter().zip(self.sums.chunks_exact_mut(FRAMES)) {
            let (weights, others) = rest.split_at(filter.count);
            rest = others;
            let bins = &self.bins[filter.first * FRAMES..][..filter.count * FRAMES];
            for lane in (0..FRAMES).step_by(V::LANES) {
                let mut sums = [V::splat(0.0); SUMS];
                for (bins, weights) in bins.chunks(SUMS * FRAMES).zip(weights.chunks(SUMS)) {
                    for ((sum, bin), &weight) in
                        sums.iter_mut().zip(bins.chunks_exact(FRAMES)).zip(weights)
                    {
                        // SAFETY: `bin` is FRAMES long, a multiple of LANES.
                        let bin = unsafe { bin.load(lane) };
                        *sum = sum.mul_add(bin, V::splat(weight));
                    }
                }
                let sum = sums.into_iter().reduce(V::add).unwrap_or(V::splat(0.0));
                sum.copy_to_slice(&mut to[lane..]);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::SparseFilterbank;
    use crate::isa::Isa;
    use crate::noise;
    use crate::power::FRAMES;

    #[test]
    fn sums_match_a_dense_product() {
        let filters: Vec<(usize, Vec<f32>)> = [(0, 1), (0, 9), (3, 4), (7, 0), (2, 13)]
            .map(|(first, n)| (first, noise(n, first)))
            .into();
        let bins = noise(15 * FRAMES, 5);
        for isa in Isa::available() {
            let mut got = vec![f32::NAN; filters.len() * FRAMES];
            SparseFilterbank::new(isa, filters.clone()).compute(&bins, &mut got);
            for (i, got) in got.iter().enumerate() {
                let (first, weights) = &filters[i / FRAMES];
                let bin = |n: usize| f64::from(bins[(first + n) * FRAMES + i % FRAMES]);
                let sum: f64 =
                    weights.iter().enumerate().map(|(n, &w)| f64::from(w) * bin(n)).sum();
                assert!((f64::from(*got) - sum).abs() < 1e-6, "{got}, expected {sum}");
            }
        }
    }

    #[test]
    #[should_panic = "a filter extends past the bins"]
    fn filters_past_the_bins_are_refused() {
        SparseFilterbank::new(Isa::best(), [(1, vec![1.0])])
            .compute(&[0.0; FRAMES], &mut [0.0; FRAMES]);
    }
}
