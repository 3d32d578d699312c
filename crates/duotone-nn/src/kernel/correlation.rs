//! Convolutions of any size as one product with a view of the padded input.

use std::ops::Range;

use super::Isa;
use super::product::{OffsetTable, Product};

/// A map of (band, frame, channel) with zeros around it, and the offsets under a kernel.
///
/// The row of sums in band `b` is a product: its rows are the frames, its steps the values under the kernel.
#[derive(Clone, Debug)]
pub(crate) struct Correlation {
    /// The input's bands and frames.
    map: (usize, usize),
    channels: usize,
    /// Zeros before the map, along bands and frames.
    before: (usize, usize),
    /// The bands and frames of the map with its padding.
    padded: (usize, usize),
    /// The bands of the output.
    bands: usize,
    /// The offset in the padded map of each value under a kernel, (kernel band, kernel frame, channel).
    under_kernel: OffsetTable,
    /// The offset in the padded map of each frame of the output.
    frames: OffsetTable,
}

impl Correlation {
    pub(crate) fn new(
        map: (usize, usize),
        channels: usize,
        kernel: (usize, usize),
        before: (usize, usize),
        output: (usize, usize),
    ) -> Self {
        let padded = (output.0 + kernel.0 - 1, output.1 + kernel.1 - 1);
        let mut under_kernel = Vec::with_capacity(kernel.0 * kernel.1 * channels);
        for band in 0..kernel.0 {
            let first = band * padded.1 * channels;
            under_kernel.extend(first..first + kernel.1 * channels);
        }
        let frames = OffsetTable::new((0..output.1).map(|frame| frame * channels).collect());
        let under_kernel = OffsetTable::new(under_kernel);
        Self { map, channels, before, padded, bands: output.0, under_kernel, frames }
    }

    /// Returns the length of the padded map under the sums of some bands.
    pub(crate) fn padded_len(&self, bands: usize) -> usize {
        (bands + self.kernel_bands() - 1) * self.row()
    }

    /// Copies the part of a map under the sums of some bands, with zeros around it.
    pub(crate) fn pad(&self, map: &[f32], bands: Range<usize>, padded: &mut [f32]) {
        padded.fill(0.0);
        let first = bands.start.saturating_sub(self.before.0);
        let last = (bands.end + self.kernel_bands() - 1 - self.before.0).min(self.map.0);
        let row = self.map.1 * self.channels;
        let from = &map[first.min(last) * row..last * row];
        let zeros = self.before.0.saturating_sub(bands.start);
        self.place(from, zeros, padded);
    }

    /// Copies bands of a map into the padded map, the first of them to band `to` of the padded map.
    pub(crate) fn place(&self, bands: &[f32], to: usize, padded: &mut [f32]) {
        let rows = padded[to * self.row()..].chunks_exact_mut(self.row());
        let width = self.map.1 * self.channels;
        for (from, to) in bands.chunks_exact(width).zip(rows) {
            to[self.before.1 * self.channels..][..width].copy_from_slice(from);
        }
    }

    /// Computes the sums of the bands over a padded map, (band, frame, column); `b` is (value under the kernel,
    /// column).
    pub(crate) fn sums(
        &self,
        isa: Isa,
        padded: &[f32],
        b: &[f32],
        columns: usize,
        sums: &mut [f32],
    ) {
        let (a_rows, a_steps) = (self.frames.all(), self.under_kernel.all());
        let by_band = padded.windows(self.window()).step_by(self.row());
        for (a, c) in by_band.zip(sums.chunks_exact_mut(self.frames.len() * columns)) {
            Product { a, a_rows, a_steps, b, c, columns, accumulate: false }.run_on(isa);
        }
    }

    /// Adds the gradient of the weights, given that of the sums.
    pub(crate) fn add_gradient(
        &self,
        isa: Isa,
        padded: &[f32],
        sums: &[f32],
        columns: usize,
        gradient: &mut [f32],
    ) {
        let (a_rows, a_steps) = (self.under_kernel.all(), self.frames.all());
        let by_band = padded.windows(self.window()).step_by(self.row());
        for (a, b) in by_band.zip(sums.chunks_exact(self.frames.len() * columns)) {
            Product { a, a_rows, a_steps, b, c: gradient, columns, accumulate: true }.run_on(isa);
        }
    }

    /// Returns the number of values that the sums of one band read.
    fn window(&self) -> usize {
        self.kernel_bands() * self.row()
    }

    /// Returns the length of a band of the padded map.
    fn row(&self) -> usize {
        self.padded.1 * self.channels
    }

    fn kernel_bands(&self) -> usize {
        self.padded.0 - self.bands + 1
    }

    /// Returns the bands of zeros before the map.
    pub(crate) fn bands_before(&self) -> usize {
        self.before.0
    }
}
