//! Convolution in the frequency domain along time.
//!
//! The rows of the input are transformed once for all filters. A filter's row of sums is then, bin by
//! bin, a short sum of products over its kernel's rows, and one inverse transform. Longer rows are divided
//! into spans that overlap by one less than a kernel's width.

mod circular;
mod plan;
mod products;
mod transpose;

pub(super) use plan::{POOL_COST, Plan};
pub(super) use transpose::transpose;

use duotone_simd::{Complex, Fourier};

use super::pooling::{PooledMaps, Shape, Sums, Windows};
use super::scratch::Work;
use super::{AlignedBuf, Isa, Kernel, Vector, View, dispatch};
use circular::CircularFixup;
use products::{Conjugate, Product, TwoReal};

/// Rows of sums in a tile: their real and imaginary parts take up twelve registers, beside two of weights
/// and two of inputs.
const ROWS: usize = 6;

/// A pipeline's filters as spectra: (block of `LANES` filters, bin, weight as in [`products::weights`], real
/// and imaginary part, filter); padded with zeros and divided by the transform's length.
#[derive(Clone, Debug)]
pub(super) struct SpectralFilters {
    fourier: Fourier,
    /// Columns of sums in a span, and spans in a row.
    step: usize,
    spans: usize,
    spectra: AlignedBuf,
    fixup: CircularFixup,
}

impl SpectralFilters {
    /// Returns filters whose weights are all zero, or `None` if the plan has no transform.
    pub(super) fn new(plan: Plan, shape: &Shape, lanes: usize) -> Option<Self> {
        let Plan { length, step, spans, wrapped_columns, .. } = plan;
        let blocks = shape.filters.div_ceil(lanes);
        let spectra =
            AlignedBuf::zeros(blocks * length * products::weights(shape.kernel.0) * lanes);
        let fixup = CircularFixup::new(length, wrapped_columns, shape, lanes);
        Some(Self { fourier: Fourier::new(length)?, step, spans, spectra, fixup })
    }

    /// Sets the weights, given in the canonical order (filter, row, column).
    pub(super) fn pack(&mut self, isa: Isa, shape: &Shape, weight: &[f32]) {
        let lanes = isa.lanes();
        let fourier = &self.fourier;
        let block = fourier.length() * products::weights(shape.kernel.0) * lanes;
        crate::parallel::pieces(&mut self.spectra, block, |i, spectra| {
            isa.run(Pack { fourier, shape, weight, first: i * lanes, spectra });
        });
        self.fixup.pack(shape, lanes, weight);
    }
}

struct Pack<'a> {
    fourier: &'a Fourier,
    shape: &'a Shape,
    weight: &'a [f32],
    first: usize,
    spectra: &'a mut [f32],
}

impl Kernel for Pack<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let (length, (rows, columns)) = (self.fourier.length(), self.shape.kernel);
        let (size, bins) = (2 * V::LANES, self.fourier.bins());
        let scale = 1.0 / length as f32;
        let mut work = AlignedBuf::zeros(3 * length * V::LANES);
        let mut taps = AlignedBuf::zeros(columns * V::LANES);
        // (row, bin)
        let mut spectra = AlignedBuf::zeros(rows * bins * size);
        for (row, spectrum) in spectra.chunks_exact_mut(bins * size).enumerate() {
            let real = (self.shape.filters - self.first).min(V::LANES);
            for filter in 0..real {
                let from = ((self.first + filter) * rows + row) * columns;
                for (column, w) in self.weight[from..from + columns].iter().enumerate() {
                    taps[column * V::LANES + filter] = w * scale;
                }
            }
            self.fourier.forward::<V>(
                |n| {
                    if n < columns {
                        // SAFETY: `taps` holds `columns` registers.
                        unsafe { taps.load(n * V::LANES) }
                    } else {
                        V::splat(0.0)
                    }
                },
                &mut work,
                // SAFETY: `spectrum` holds a complex register for each bin.
                |bin, x| unsafe { spectrum.store_complex(bin * size, x) },
            );
        }
        let weights = products::weights(rows) * size;
        assert_eq!(self.spectra.len(), bins * weights);
        for (bin, to) in self.spectra.chunks_exact_mut(weights).enumerate() {
            // SAFETY: rows and bins are below those of `spectra`; `to` holds the weights of a bin.
            unsafe {
                let row = |row: usize| spectra.load_complex((row * bins + bin) * size);
                products::pack::<V>(rows, row, to);
            }
        }
    }
}

/// Runs a pipeline's convolution and pooling over one segment. Of equal sums in a window, the first in
/// row-major order wins.
pub(super) struct Convolve<'a, 'b> {
    pub(super) shape: &'a Shape,
    pub(super) filters: &'a SpectralFilters,
    pub(super) bias: &'a [f32],
    /// The segment as [`transpose()`] writes it.
    pub(super) transposed: &'a [f32],
    /// Whether the segment and the filters are finite.
    pub(super) finite: bool,
    pub(super) work: &'a mut Work,
    pub(super) out: &'a mut PooledMaps<'b>,
}

impl Kernel for Convolve<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { shape, filters, bias, transposed, finite, work, out } = self;
        let (length, spans) = (filters.fourier.length(), filters.spans);
        let bands = transposed.len() / shape.frames;
        // Columns that the spans' transforms write, including the unused ones of the last span.
        let width = (spans - 1) * filters.step + length;
        let [spectra, joined, work, sums, missing] = work.buffers([
            2 * spans * length * bands,
            ROWS * length * V::LANES,
            3 * length * V::LANES,
            ROWS * width * V::LANES,
            filters.fixup.len(bands),
        ]);
        transform::<V>(filters, (transposed, bands), work, spectra);
        filters.fixup.differences(transposed, bands, missing);
        let input = Spectra { filters, bands, spectra };
        let block_size = length * products::weights(shape.kernel.0) * V::LANES;
        let mut windows = Windows::new::<V>(shape, ROWS);
        for (block, weights) in filters.spectra.chunks_exact(block_size).enumerate() {
            windows.start(block * V::LANES, out);
            for tile in shape.tiles(&out.rows, ROWS) {
                let (start, count) = (tile.start, tile.len());
                for span in 0..spans {
                    let to = Tile { start, span, taps: shape.kernel.0 };
                    dispatch!(count, [1, 2, 3, 4, 5, 6] => T, {
                        input.sums::<V, T>(weights, to, joined)
                    });
                    let first = span * filters.step * V::LANES;
                    let joined = joined.chunks_exact_mut(length * V::LANES);
                    let rows = sums.chunks_exact_mut(width * V::LANES);
                    for (joined, row) in joined.zip(rows).take(count) {
                        filters.fourier.inverse::<V>(joined, work, &mut row[first..]);
                    }
                }
                let step = filters.step * V::LANES;
                let rows = sums.chunks_exact_mut(width * V::LANES).take(count);
                let wrapped = rows.map(|row| &mut row[spans * step..]);
                filters.fixup.add::<V>(missing, (block, start), wrapped);
                let sums = Sums { sums, width: width * V::LANES, finite };
                windows.feed::<V>(shape, bias, tile, sums, out);
            }
        }
    }
}

/// Writes the input's spectra from the transposed segment: (span, bin, rows or differences, real and
/// imaginary part, band). A row's difference is the next band subtracted from it.
#[inline(always)]
fn transform<V: Vector>(
    filters: &SpectralFilters,
    (transposed, bands): (&[f32], usize),
    work: &mut [f32],
    spectra: &mut [f32],
) {
    let fourier = &filters.fourier;
    let frames = transposed.len() / bands;
    assert!(bands.is_multiple_of(V::LANES));
    assert!(spectra.len() == 2 * filters.spans * fourier.length() * bands);
    for (span, spectra) in spectra.chunks_exact_mut(2 * fourier.length() * bands).enumerate() {
        for band in (0..bands).step_by(V::LANES) {
            fourier.forward::<V>(
                |n| {
                    let frame = span * filters.step + n;
                    if frame < frames {
                        // SAFETY: the frame and the band are within `transposed`.
                        unsafe { transposed.load(frame * bands + band) }
                    } else {
                        V::splat(0.0)
                    }
                },
                work,
                // SAFETY: the bin and the band are within `spectra`, by the assertions.
                |bin, x| unsafe {
                    spectra.store(4 * bin * bands + band, x.re);
                    spectra.store((4 * bin + 1) * bands + band, x.im);
                },
            );
        }
        for bin in spectra.chunks_exact_mut(4 * bands) {
            for band in (0..2 * bands).step_by(V::LANES) {
                // SAFETY: loads end at most one value past the rows, stores with the bin. (The difference
                // of the last band is not used.)
                unsafe {
                    let next = bin.load(band + 1);
                    let difference = bin.load::<V>(band).sub(next);
                    bin.store(2 * bands + band, difference);
                }
            }
        }
    }
}

/// The input's spectra as [`transform`] writes them.
struct Spectra<'a> {
    filters: &'a SpectralFilters,
    bands: usize,
    spectra: &'a [f32],
}

/// A tile of sums: its first row, its span, and the number of the kernel's rows.
#[derive(Clone, Copy)]
struct Tile {
    start: usize,
    span: usize,
    taps: usize,
}

impl Spectra<'_> {
    /// Writes the sums of a block of filters at `T` rows of a span, as spectra ready for the inverse
    /// transform.
    #[inline(always)]
    fn sums<V: Vector, const T: usize>(&self, weights: &[f32], tile: Tile, joined: &mut [f32]) {
        let fourier = &self.filters.fourier;
        let (bins, size) = (fourier.bins(), 2 * V::LANES);
        assert!(tile.start + T - 1 + tile.taps <= self.bands);
        assert_eq!(weights.len(), bins * products::weights(tile.taps) * size);
        assert!(self.spectra.len() >= 4 * (tile.span + 1) * bins * self.bands);
        assert!(joined.len() >= T * bins * size);
        // SAFETY: bins are below `bins`, and the buffers are long enough, by the assertions above.
        unsafe {
            let in_bin = |bin: usize| self.in_bin::<V, Conjugate, T>(weights, tile, bin);
            let ends = self.in_bin::<V, TwoReal, T>(weights, tile, 0);
            for (t, ends) in ends.into_iter().enumerate() {
                joined.store_complex(t * bins * size, Fourier::join_ends(ends));
            }
            for bin in 1..bins.div_ceil(2) {
                let (low, high) = (in_bin(bin), in_bin(bins - bin));
                for t in 0..T {
                    let (low, high) = fourier.join(bin, low[t], high[t]);
                    joined.store_complex((t * bins + bin) * size, low);
                    joined.store_complex((t * bins + bins - bin) * size, high);
                }
            }
            if bins.is_multiple_of(2) {
                for (t, middle) in in_bin(bins / 2).into_iter().enumerate() {
                    joined
                        .store_complex((t * bins + bins / 2) * size, Fourier::join_middle(middle));
                }
            }
        }
    }

    /// Returns the sums in one bin.
    ///
    /// # Safety
    /// The assertions of [`sums`](Self::sums) must hold, and `bin` must be below the transform's `bins`.
    #[inline(always)]
    unsafe fn in_bin<V: Vector, P: Product, const T: usize>(
        &self,
        weights: &[f32],
        Tile { start, span, taps }: Tile,
        bin: usize,
    ) -> [Complex<V>; T] {
        let bins = self.filters.fourier.bins();
        // SAFETY: the caller guarantees the lengths.
        unsafe {
            let x = self.spectra.get_unchecked(4 * (span * bins + bin) * self.bands + start..);
            let weights = weights.get_unchecked(bin * products::weights(taps) * 2 * V::LANES..);
            products::sums::<V, P, T>(x, self.bands, weights, taps)
        }
    }
}
