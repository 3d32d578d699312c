//! How a convolution by Winograd's algorithm is cut into squares.

use std::ops::Range;

use super::convolution::{Geometry, stored};
use super::product::OffsetTable;
use super::winograd::{POINTS, Squares, TILE, plane};

/// Number of squares handled at once, so that their products stay in the cache; a multiple of the rows of a
/// product's tile.
pub(super) const SQUARES: usize = 24;

/// The squares of a convolution by Winograd's algorithm.
#[derive(Clone, Debug)]
pub(super) struct Lattice {
    pub(super) input: Squares,
    pub(super) output: Squares,
    /// Offsets of squares in one point's inputs and sums, and of channels and filters.
    pub(super) input_squares: OffsetTable,
    pub(super) output_squares: OffsetTable,
    pub(super) channels: OffsetTable,
    pub(super) filters: OffsetTable,
}

impl Lattice {
    pub(super) fn new(geometry: &Geometry) -> Self {
        let Geometry { input, stored_channels, output, filters, before, .. } = *geometry;
        let across = output.1.div_ceil(TILE);
        let filters = stored(filters);
        let multiples =
            |of: usize| OffsetTable::new((0..SQUARES).map(|square| square * of).collect());
        Self {
            input: Squares { map: input, channels: stored_channels, across, before },
            output: Squares { map: output, channels: filters, across, before: (0, 0) },
            input_squares: multiples(stored_channels),
            output_squares: multiples(filters),
            channels: OffsetTable::new((0..stored_channels).collect()),
            filters: OffsetTable::new((0..filters).collect()),
        }
    }

    /// Returns runs of the squares of a strip, each as its first square, from 0, and its length.
    pub(super) fn runs(&self, bands: usize) -> impl Iterator<Item = (usize, usize)> + use<> {
        let count = bands.div_ceil(TILE) * self.input.across;
        (0..count).step_by(SQUARES).map(move |first| (first, SQUARES.min(count - first)))
    }

    /// Returns the first square of a strip.
    pub(super) fn first(&self, bands: &Range<usize>) -> usize {
        bands.start / TILE * self.input.across
    }

    /// Returns the squares of a strip of the output.
    pub(super) fn strip(&self, bands: &Range<usize>) -> Squares {
        Squares { map: (bands.len(), self.output.map.1), ..self.output }
    }

    /// Returns the lengths of buffers for the inputs and the sums at the points of a run of squares.
    pub(super) fn buffers(&self) -> [usize; 2] {
        [self.input, self.output].map(|squares| POINTS * plane(SQUARES * squares.channels))
    }
}
