//! The constant matrices of F(4×4, 3×3), and the transform of a kernel.

use super::{POINTS, SIDE};

pub(super) type Matrix<const R: usize, const C: usize> = [[f32; C]; R];

/// `Bᵀ`, with the interpolation points 0, ±1, ±2 and ∞.
pub(super) const INPUT: Matrix<6, 6> = [
    [4.0, 0.0, -5.0, 0.0, 1.0, 0.0],
    [0.0, -4.0, -4.0, 1.0, 1.0, 0.0],
    [0.0, 4.0, -4.0, -1.0, 1.0, 0.0],
    [0.0, -2.0, -1.0, 2.0, 1.0, 0.0],
    [0.0, 2.0, -1.0, -2.0, 1.0, 0.0],
    [0.0, 4.0, 0.0, -5.0, 0.0, 1.0],
];

/// `G`
const FILTER: Matrix<6, 3> = [
    [1.0 / 4.0, 0.0, 0.0],
    [-1.0 / 6.0, -1.0 / 6.0, -1.0 / 6.0],
    [-1.0 / 6.0, 1.0 / 6.0, -1.0 / 6.0],
    [1.0 / 24.0, 1.0 / 12.0, 1.0 / 6.0],
    [1.0 / 24.0, -1.0 / 12.0, 1.0 / 6.0],
    [0.0, 0.0, 1.0],
];

/// `Aᵀ`
pub(super) const OUTPUT: Matrix<4, 6> = [
    [1.0, 1.0, 1.0, 1.0, 1.0, 0.0],
    [0.0, 1.0, -1.0, 2.0, -2.0, 0.0],
    [0.0, 1.0, 1.0, 4.0, 4.0, 0.0],
    [0.0, 1.0, -1.0, 8.0, -8.0, 1.0],
];

pub(super) const fn transposed<const R: usize, const C: usize>(
    matrix: Matrix<R, C>,
) -> Matrix<C, R> {
    let mut result = [[0.0; R]; C];
    let mut row = 0;
    while row < R {
        let mut column = 0;
        while column < C {
            result[column][row] = matrix[row][column];
            column += 1;
        }
        row += 1;
    }
    result
}

/// Returns `G g Gᵀ` for a kernel of 3×3.
pub(crate) fn filter_points(kernel: &[f32; 9]) -> [f32; POINTS] {
    let mut points = [0.0; POINTS];
    for r in 0..SIDE {
        for c in 0..SIDE {
            let mut sum = 0.0;
            for i in 0..3 {
                for j in 0..3 {
                    sum += FILTER[r][i] * FILTER[c][j] * kernel[3 * i + j];
                }
            }
            points[r * SIDE + c] = sum;
        }
    }
    points
}

/// Returns `Gᵀ u G`: the gradient of a kernel from those of its points.
pub(crate) fn filter_gradient(points: &[f32; POINTS]) -> [f32; 9] {
    let mut kernel = [0.0; 9];
    for i in 0..3 {
        for j in 0..3 {
            for r in 0..SIDE {
                for c in 0..SIDE {
                    kernel[3 * i + j] += FILTER[r][i] * FILTER[c][j] * points[r * SIDE + c];
                }
            }
        }
    }
    kernel
}
