//! Convolutions of 3×3 by Winograd's minimal filtering algorithm F(4×4, 3×3): 36 products for 16 sums instead
//! of 144 (A. Lavin and S. Gray, "Fast Algorithms for Convolutional Neural Networks", CVPR 2016).
//!
//! A tile of 4×4 sums is `Aᵀ [(G g Gᵀ) ⊙ (Bᵀ d B)] A`, where `d` are the 6×6 inputs that it covers and `g` is the
//! kernel. All maps are (band, frame, channel), so that every step handles a register of channels. The
//! transposed matrices give the gradients.

mod matrices;

use super::{Kernel, LINE, Vector, View};
use matrices::{Input, InputGradient, Linear, Output, OutputGradient};
pub(crate) use matrices::{filter_factors, filter_gradient};

/// The side of a tile of sums.
pub(crate) const TILE: usize = 4;
/// The side of the inputs under a tile.
const SIDE: usize = 6;
/// Products per tile, channel and filter.
pub(crate) const POINTS: usize = SIDE * SIDE;

/// Returns the distance from one point's values to the next one's: an odd number of cache lines, so that the
/// 36 values of a square lie in different sets of the cache.
pub(crate) fn plane(values: usize) -> usize {
    (values.div_ceil(LINE) | 1) * LINE
}

/// The lanes of the widest register.
const MAX_LANES: usize = 8;

/// Where a square of registers is read from.
trait Source {
    /// # Safety
    /// The offsets of the row and the column must lie in the data.
    unsafe fn get<V: Vector>(&self, row: usize, column: usize) -> V;
}

/// Where a square of registers goes to.
trait Target {
    /// # Safety
    /// The offsets of the row and the column must lie in the data.
    unsafe fn put<V: Vector>(&mut self, row: usize, column: usize, x: V);
}

/// Registers at `first + row × strides.0 + column × strides.1`.
struct Grid<T> {
    data: T,
    first: usize,
    strides: (usize, usize),
}

impl<T> Grid<T> {
    #[inline(always)]
    fn at(&self, row: usize, column: usize) -> usize {
        self.first + row * self.strides.0 + column * self.strides.1
    }
}

impl Source for Grid<&[f32]> {
    #[inline(always)]
    unsafe fn get<V: Vector>(&self, row: usize, column: usize) -> V {
        // SAFETY: the caller guarantees the bound.
        unsafe { self.data.load(self.at(row, column)) }
    }
}

impl Target for Grid<&mut [f32]> {
    #[inline(always)]
    unsafe fn put<V: Vector>(&mut self, row: usize, column: usize, x: V) {
        let at = self.at(row, column);
        // SAFETY: the caller guarantees the bound.
        unsafe { self.data.store(at, x) }
    }
}

/// Like a [`Grid`], but adds to what is there.
struct Sum<'a>(Grid<&'a mut [f32]>);

impl Target for Sum<'_> {
    #[inline(always)]
    unsafe fn put<V: Vector>(&mut self, row: usize, column: usize, x: V) {
        let at = self.0.at(row, column);
        // SAFETY: the caller guarantees the bound.
        unsafe {
            let before: V = self.0.data.load(at);
            self.0.data.store(at, before.add(x));
        }
    }
}

/// Computes `m · x · mᵀ`, where `T` multiplies by the matrix `m`.
///
/// # Safety
/// The source must have `C` × `C` registers, the target `R` × `R`.
#[inline(always)]
unsafe fn both_sides<V: Vector, T: Linear<R, C>, const R: usize, const C: usize>(
    source: &impl Source,
    target: &mut impl Target,
) {
    let mut half = [[V::splat(0.0); C]; R];
    for c in 0..C {
        let mut column = [V::splat(0.0); C];
        for r in 0..C {
            // SAFETY: the caller guarantees the registers.
            column[r] = unsafe { source.get(r, c) };
        }
        let column = T::apply(column);
        for r in 0..R {
            half[r][c] = column[r];
        }
    }
    for r in 0..R {
        let row = T::apply(half[r]);
        for c in 0..R {
            // SAFETY: the caller guarantees the registers.
            unsafe { target.put(r, c, row[c]) };
        }
    }
}

/// A map of (band, frame, channel) that is cut into overlapping or adjacent squares.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Squares {
    /// The map's bands and frames.
    pub(crate) map: (usize, usize),
    /// A multiple of [`COLUMNS`](super::product::COLUMNS).
    pub(crate) channels: usize,
    /// Squares per row of squares.
    pub(crate) across: usize,
    /// Zeros before the map, along bands and frames.
    pub(crate) before: (usize, usize),
}

/// The part of a square that lies in the map.
#[derive(Clone, Copy)]
struct Overlap {
    /// The offset of its first cell in the map.
    first: usize,
    /// The cells of the square before it, along bands and frames.
    skipped: (usize, usize),
    size: (usize, usize),
}

impl Squares {
    /// Returns the part of a square of `side` × `side` cells that lies in the map.
    #[inline(always)]
    fn overlap(&self, square: usize, side: usize) -> Overlap {
        let corner = (square / self.across * TILE, square % self.across * TILE);
        let along = |corner: usize, before: usize, map: usize| {
            let skipped = before.saturating_sub(corner).min(side);
            let first = (corner + skipped) - before;
            (first, skipped, (side - skipped).min(map.saturating_sub(first)))
        };
        let (band, above, bands) = along(corner.0, self.before.0, self.map.0);
        let (frame, left, frames) = along(corner.1, self.before.1, self.map.1);
        Overlap {
            first: (band * self.map.1 + frame) * self.channels,
            skipped: (above, left),
            size: (bands, frames),
        }
    }

    fn strides(&self) -> (usize, usize) {
        (self.map.1 * self.channels, self.channels)
    }

    fn check(&self, map: &[f32]) {
        assert_eq!(map.len(), self.map.0 * self.map.1 * self.channels);
        assert!(self.channels.is_multiple_of(super::product::COLUMNS));
    }
}

/// What to do with squares `first..first + count` of a map, and their values at the 36 points, which are
/// (point, square, channel), the points [`plane`] apart.
pub(crate) struct Transform<'a> {
    pub(crate) squares: Squares,
    pub(crate) first: usize,
    pub(crate) count: usize,
    pub(crate) step: Step<'a>,
}

/// One of the four transforms of a layer, each from the first field to the second.
pub(crate) enum Step<'a> {
    /// Inputs to points: `Bᵀ d B`.
    Input(&'a [f32], &'a mut [f32]),
    /// Points to the gradients of the inputs, which are added up: `B v Bᵀ`.
    InputGradient(&'a [f32], &'a mut [f32]),
    /// Points to sums: `Aᵀ m A`.
    Output(&'a [f32], &'a mut [f32]),
    /// The gradients of sums to those of the points: `A s Aᵀ`.
    OutputGradient(&'a [f32], &'a mut [f32]),
}

impl Kernel for Transform<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { squares, first, count, step } = self;
        let run = (first, count);
        match step {
            Step::Input(map, points) => to_points::<V, Input, 6>(&squares, run, map, points),
            Step::OutputGradient(map, points) => {
                to_points::<V, OutputGradient, 4>(&squares, run, map, points);
            }
            Step::Output(points, map) => {
                from_points::<V, Output, 4, false>(&squares, run, points, map);
            }
            Step::InputGradient(points, map) => {
                from_points::<V, InputGradient, 6, true>(&squares, run, points, map);
            }
        }
    }
}

/// Transforms squares of `N` × `N` cells of a map to points. Cells outside the map are zeros.
#[inline(always)]
fn to_points<V: Vector, T: Linear<SIDE, N>, const N: usize>(
    squares: &Squares,
    (first, count): (usize, usize),
    map: &[f32],
    points: &mut [f32],
) {
    squares.check(map);
    let channels = squares.channels;
    let plane = plane(count * channels);
    assert!(points.len() >= POINTS * plane);
    let mut border = [0.0; SIDE * SIDE * MAX_LANES];
    for i in 0..count {
        let part = squares.overlap(first + i, N);
        let inside = part.size == (N, N);
        // The cells in the map are the same for all channels, and so are the zeros around them.
        if !inside {
            border.fill(0.0);
        }
        for channel in (0..channels).step_by(V::LANES) {
            let to = i * channels + channel;
            let mut target = Grid { data: &mut *points, first: to, strides: (SIDE * plane, plane) };
            // SAFETY: the square's overlap with the map lies in it, the border has room for every square, and
            // the points for every plane, by the assertions above.
            unsafe {
                let strides = squares.strides();
                let cells = Grid { data: map, first: part.first + channel, strides };
                if inside {
                    both_sides::<V, T, SIDE, N>(&cells, &mut target);
                    continue;
                }
                for row in 0..part.size.0 {
                    for column in 0..part.size.1 {
                        let at = (part.skipped.0 + row) * SIDE + part.skipped.1 + column;
                        border.store::<V>(at * V::LANES, cells.get(row, column));
                    }
                }
                let strides = (SIDE * V::LANES, V::LANES);
                let cells = Grid { data: &border[..], first: 0, strides };
                both_sides::<V, T, SIDE, N>(&cells, &mut target);
            }
        }
    }
}

/// Transforms points to squares of `N` × `N` cells of a map, which replace what is there or are added to it.
#[inline(always)]
fn from_points<V: Vector, T: Linear<N, SIDE>, const N: usize, const ADD: bool>(
    squares: &Squares,
    (first, count): (usize, usize),
    points: &[f32],
    map: &mut [f32],
) {
    squares.check(map);
    let channels = squares.channels;
    let plane = plane(count * channels);
    assert!(points.len() >= POINTS * plane);
    let mut border = [0.0; SIDE * SIDE * MAX_LANES];
    for i in 0..count {
        let part = squares.overlap(first + i, N);
        let inside = part.size == (N, N);
        for channel in (0..channels).step_by(V::LANES) {
            let from = i * channels + channel;
            let source = Grid { data: points, first: from, strides: (SIDE * plane, plane) };
            let strides = squares.strides();
            let mut cells = Grid { data: &mut *map, first: part.first + channel, strides };
            // SAFETY: as in `to_points`.
            unsafe {
                if inside {
                    if ADD {
                        both_sides::<V, T, N, SIDE>(&source, &mut Sum(cells));
                    } else {
                        both_sides::<V, T, N, SIDE>(&source, &mut cells);
                    }
                    continue;
                }
                let strides = (SIDE * V::LANES, V::LANES);
                let mut square = Grid { data: &mut border[..], first: 0, strides };
                both_sides::<V, T, N, SIDE>(&source, &mut square);
                for row in 0..part.size.0 {
                    for column in 0..part.size.1 {
                        let at = (part.skipped.0 + row) * SIDE + part.skipped.1 + column;
                        let mut cell: V = border.load(at * V::LANES);
                        if ADD {
                            let at = cells.at(row, column);
                            cell = cells.data.load::<V>(at).add(cell);
                        }
                        cells.put(row, column, cell);
                    }
                }
            }
        }
    }
}
