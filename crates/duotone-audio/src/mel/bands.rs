use duotone_simd::{Isa, SparseFilterbank};

use super::filterbank::triangles;
use crate::mel::FrontEnd;

/// The mel filterbank in sparse form: only the nonzero weights of each band.
pub(super) fn filterbank(front_end: &FrontEnd) -> SparseFilterbank {
    let single = |weights: Vec<f64>| weights.into_iter().map(|w| w as f32).collect();
    let filters = triangles(front_end).into_iter().map(|t| (t.first, single(t.weights)));
    SparseFilterbank::new(Isa::best(), filters)
}
