use wide::f32x8;

use super::filterbank::triangles;
use crate::FrontEnd;

/// Values summed side by side, so that they fill vector registers.
pub(super) const LANES: usize = 8;

/// The mel filterbank as it is applied: of each band only the weights that are not zero.
pub(super) struct Bands {
    filters: Vec<Filter>,
}

struct Filter {
    /// Bin of the first weight.
    first: usize,
    weights: Vec<f32x8>,
}

impl Bands {
    pub(super) fn new(front_end: &FrontEnd) -> Self {
        let filter = |triangle: super::filterbank::Triangle| {
            let whole = triangle.weights.chunks(LANES);
            let lanes = |weights: &[f64]| {
                let lane = |i| weights.get(i).copied().unwrap_or(0.0) as f32;
                f32x8::new(std::array::from_fn(lane))
            };
            Filter { first: triangle.first, weights: whole.map(lanes).collect() }
        };
        Self { filters: triangles(front_end).into_iter().map(filter).collect() }
    }

    /// Values that the power spectrum of `window` samples needs room for: filters read on past
    /// its end, with weights of zero.
    pub(super) fn room(window: usize) -> usize {
        window / 2 + 1 + LANES
    }

    /// Appends each band's power.
    pub(super) fn apply(&self, power: &[f32], out: &mut Vec<f32>) {
        out.extend(self.filters.iter().map(|filter| {
            let mut sums = f32x8::ZERO;
            let power = power[filter.first..].as_chunks::<LANES>().0;
            for (&power, &weights) in power.iter().zip(&filter.weights) {
                sums += f32x8::new(power) * weights;
            }
            sums.reduce_add()
        }));
    }
}
