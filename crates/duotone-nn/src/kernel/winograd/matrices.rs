//! The constant matrices of F(4×4, 3×3), with the interpolation points 0, ±1, ±2 and ∞, and the transform of a
//! kernel.

use super::{POINTS, SIDE};
use crate::kernel::Vector;

/// A product with a constant matrix. A trait and not a closure, because a closure would not always be inlined
/// into the function that is compiled for the instruction set.
pub(super) trait Linear<const R: usize, const C: usize> {
    fn apply<V: Vector>(x: [V; C]) -> [V; R];
}

/// `Bᵀ x`, where the rows of `Bᵀ` are (4, 0, −5, 0, 1, 0), (0, −4, −4, 1, 1, 0), (0, 4, −4, −1, 1, 0),
/// (0, −2, −1, 2, 1, 0), (0, 2, −1, −2, 1, 0) and (0, 4, 0, −5, 0, 1).
pub(super) struct Input;

impl Linear<6, 6> for Input {
    #[inline(always)]
    fn apply<V: Vector>(x: [V; 6]) -> [V; 6] {
        let (two, four, five) = (V::splat(2.0), V::splat(4.0), V::splat(5.0));
        let (even, odd) = (x[4].neg_mul_add(x[2], four), x[3].neg_mul_add(x[1], four));
        let (plain, doubled) = (x[4].sub(x[2]), x[3].sub(x[1]));
        [
            x[4].mul_add(x[0], four).neg_mul_add(x[2], five),
            even.add(odd),
            even.sub(odd),
            plain.mul_add(doubled, two),
            plain.neg_mul_add(doubled, two),
            x[5].mul_add(x[1], four).neg_mul_add(x[3], five),
        ]
    }
}

/// `B x`
pub(super) struct InputGradient;

impl Linear<6, 6> for InputGradient {
    #[inline(always)]
    fn apply<V: Vector>(x: [V; 6]) -> [V; 6] {
        let (two, four, five) = (V::splat(2.0), V::splat(4.0), V::splat(5.0));
        let (sum1, difference1) = (x[1].add(x[2]), x[2].sub(x[1]));
        let (sum2, difference2) = (x[3].add(x[4]), x[4].sub(x[3]));
        let half = difference2.mul_add(difference1.add(x[5]), two);
        let zero = V::splat(0.0);
        [
            x[0].mul(four),
            half.add(half),
            zero.sub(sum2).neg_mul_add(sum1, four).neg_mul_add(x[0], five),
            zero.sub(difference1).neg_mul_add(difference2, two).neg_mul_add(x[5], five),
            x[0].add(sum1).add(sum2),
            x[5],
        ]
    }
}

/// `Aᵀ x`, where the rows of `Aᵀ` are (1, 1, 1, 1, 1, 0), (0, 1, −1, 2, −2, 0), (0, 1, 1, 4, 4, 0) and
/// (0, 1, −1, 8, −8, 1).
pub(super) struct Output;

impl Linear<4, 6> for Output {
    #[inline(always)]
    fn apply<V: Vector>(x: [V; 6]) -> [V; 4] {
        let (two, four, eight) = (V::splat(2.0), V::splat(4.0), V::splat(8.0));
        let (sum1, difference1) = (x[1].add(x[2]), x[1].sub(x[2]));
        let (sum2, difference2) = (x[3].add(x[4]), x[3].sub(x[4]));
        [
            x[0].add(sum1).add(sum2),
            difference1.mul_add(difference2, two),
            sum1.mul_add(sum2, four),
            x[5].add(difference1).mul_add(difference2, eight),
        ]
    }
}

/// `A x`
pub(super) struct OutputGradient;

impl Linear<6, 4> for OutputGradient {
    #[inline(always)]
    fn apply<V: Vector>(x: [V; 4]) -> [V; 6] {
        let (two, four) = (V::splat(2.0), V::splat(4.0));
        let (even, odd) = (x[0].add(x[2]), x[1].add(x[3]));
        let (even2, odd2) = (x[0].mul_add(x[2], four), x[1].mul_add(x[3], four));
        [
            x[0],
            even.add(odd),
            even.sub(odd),
            even2.mul_add(odd2, two),
            even2.neg_mul_add(odd2, two),
            x[3],
        ]
    }
}

/// `G`
const FILTER: [[f32; 3]; 6] = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// `Gᵀ x`
fn filter_transposed(x: [f32; 6]) -> [f32; 3] {
    let (sum1, sum2) = (x[1] + x[2], x[3] + x[4]);
    [
        x[0] / 4.0 - sum1 / 6.0 + sum2 / 24.0,
        (x[2] - x[1]) / 6.0 + (x[3] - x[4]) / 12.0,
        (sum2 - sum1) / 6.0 + x[5],
    ]
}

/// Returns the factors of a kernel's 3×3 weights in a point of `G g Gᵀ`.
pub(crate) fn filter_factors(point: usize) -> [f32; 9] {
    let (row, column) = (FILTER[point / SIDE], FILTER[point % SIDE]);
    std::array::from_fn(|tap| row[tap / 3] * column[tap % 3])
}

/// Returns `Gᵀ u G`: the gradient of a kernel from those of its points.
pub(crate) fn filter_gradient(points: &[f32; POINTS]) -> [f32; 9] {
    let columns: [[f32; 3]; SIDE] =
        std::array::from_fn(|c| filter_transposed(std::array::from_fn(|r| points[r * SIDE + c])));
    let mut kernel = [0.0; 9];
    for (r, row) in kernel.as_chunks_mut::<3>().0.iter_mut().enumerate() {
        *row = filter_transposed(columns.map(|column| column[r]));
    }
    kernel
}

#[cfg(test)]
mod tests {
    use super::{FILTER, Input, InputGradient, Linear, Output, OutputGradient, filter_transposed};
    use crate::kernel::{Isa, Kernel, Vector};

    const INPUT: [[f32; 6]; 6] = [
        [4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
        [0.0, -4.0, -4.0, 1.0, 1.0, 0.0],
        [0.0, 4.0, -4.0, -1.0, 1.0, 0.0],
        [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
        [0.0, 2.0, -1.0, -2.0, 1.0, 0.0],
        [0.0, 4.0, 0.0, -5.0, 0.0, 1.0],
    ];
    const OUTPUT: [[f32; 6]; 4] = [
        [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
        [0.0, 1.0, -1.0, 2.0, -2.0, 0.0],
        [0.0, 1.0, 1.0, 4.0, 4.0, 0.0],
        [0.0, 1.0, -1.0, 8.0, -8.0, 1.0],
    ];
    /// Checks a transform of a unit vector, which is a column of its matrix.
    fn check<const N: usize>(got: [f32; N], at: usize, element: impl Fn(usize, usize) -> f32) {
        for (row, got) in got.into_iter().enumerate() {
            assert!((got - element(row, at)).abs() < 1e-6, "{row} {at}: {got}");
        }
    }

    fn unit<const N: usize>(at: usize) -> [f32; N] {
        std::array::from_fn(|i| f32::from(u8::from(i == at)))
    }

    fn first<V: Vector, const N: usize>(x: [V; N]) -> [f32; N] {
        x.map(|x| {
            let mut lanes = [0.0; 16];
            x.copy_to_slice(&mut lanes);
            lanes[0]
        })
    }

    struct Check;

    impl Kernel for Check {
        type Output = ();

        fn run<V: Vector>(self) {
            for at in 0..6 {
                let x = unit(at).map(V::splat);
                check(first(Input::apply(x)), at, |r, c| INPUT[r][c]);
                check(first(InputGradient::apply(x)), at, |r, c| INPUT[c][r]);
                check(first(Output::apply(x)), at, |r, c| OUTPUT[r][c]);
                check(filter_transposed(unit(at)), at, |r, c| FILTER[c][r]);
            }
            for at in 0..4 {
                let x = unit(at).map(V::splat);
                check(first(OutputGradient::apply(x)), at, |r, c| OUTPUT[c][r]);
            }
        }
    }

    #[test]
    fn transforms_are_products_with_the_matrices() {
        for isa in Isa::available() {
            isa.run(Check);
        }
    }
}
