//! Convolution in the frequency domain along time.
//!
//! The rows of the input are transformed once for all filters. A filter's row of sums is then, bin
//! by bin, a short sum of products over its kernel's rows, and one inverse transform. Longer rows
//! are cut into spans that overlap by a kernel's width less one.

mod circular;
mod plan;
mod products;
mod transpose;

pub(super) use plan::{POOL_COST, Plan};
pub(super) use transpose::transpose;

use duotone_simd::{Complex, Fourier};

use super::pooling::{PooledMaps, Shape, Sums, Windows};
use super::scratch::Work;
use super::{AlignedBuf, Isa, Kernel, Vector};
use circular::CircularFixup;
use products::{Conjugate, Product, TwoReal};

/// Rows of sums that a tile holds: with real and imaginary parts twelve registers, beside two of
/// weights and two of inputs.
const ROWS: usize = 6;

/// A pipeline's filters as spectra: (block of `LANES` filters, bin, what [`products`] wants of a bin,
/// real and imaginary part, filter); padded with zeros and divided by the transform's length.
#[derive(Clone, Debug)]
pub(super) struct SpectralFilters {
    fourier: Fourier,
    /// Columns of sums that a span gives, and spans in a row.
    step: usize,
    spans: usize,
    spectra: AlignedBuf,
    fixup: CircularFixup,
}

impl SpectralFilters {
    /// All weights zero.
    pub(super) fn new(plan: Plan, shape: &Shape, lanes: usize) -> Option<Self> {
        let Plan { length, step, spans, wrapped_columns, .. } = plan;
        let blocks = shape.filters.div_ceil(lanes);
        let spectra =
            AlignedBuf::zeros(blocks * length * products::weights(shape.kernel.0) * lanes);
        let fixup = CircularFixup::new(length, wrapped_columns, shape, lanes);
        Some(Self { fourier: Fourier::new(length)?, step, spans, spectra, fixup })
    }

    /// Takes weights in the canonical order (filter, row, column).
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
        let size = 2 * V::LANES;
        let scale = 1.0 / length as f32;
        let mut work = AlignedBuf::zeros(3 * length * V::LANES);
        let mut taps = AlignedBuf::zeros(columns * V::LANES);
        // (row, bin)
        let mut spectra = AlignedBuf::zeros(rows * length * V::LANES);
        for (row, spectrum) in spectra.chunks_exact_mut(length * V::LANES).enumerate() {
            let real = (self.shape.filters - self.first).min(V::LANES);
            for filter in 0..real {
                let from = ((self.first + filter) * rows + row) * columns;
                for (column, w) in self.weight[from..from + columns].iter().enumerate() {
                    taps[column * V::LANES + filter] = w * scale;
                }
            }
            // SAFETY: `taps` holds `columns` registers, `work` three transforms, `spectrum` one
            // complex register for each bin.
            unsafe {
                let to = spectrum.as_mut_ptr();
                self.fourier.forward::<V>(
                    |n| match n < columns {
                        true => V::load(taps.as_ptr().add(n * V::LANES)),
                        false => V::splat(0.0),
                    },
                    work.as_mut_ptr(),
                    |bin, x| x.store(to.add(bin * size)),
                );
            }
        }
        let bins = self.fourier.bins();
        let weights = products::weights(rows) * size;
        assert_eq!(self.spectra.len(), bins * weights);
        for (bin, to) in self.spectra.chunks_exact_mut(weights).enumerate() {
            // SAFETY: rows and bins below those of `spectra`; `to` is a bin's weights.
            unsafe {
                let row =
                    |row: usize| Complex::load(spectra.as_ptr().add((row * bins + bin) * size));
                products::pack::<V>(rows, row, to.as_mut_ptr());
            }
        }
    }
}

/// Runs a pipeline's convolution and pooling over one segment. Of equal sums in a window the one of
/// the first row wins, in it that of the first column.
pub(super) struct Convolve<'a, 'b> {
    pub(super) shape: &'a Shape,
    pub(super) filters: &'a SpectralFilters,
    pub(super) bias: &'a [f32],
    /// The segment as [`turn`] leaves it.
    pub(super) transposed: &'a [f32],
    /// Whether it and the filters are.
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
        // Columns that the spans' transforms write, the last one's useless ones included.
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
                    match count {
                        1 => input.sums::<V, 1>(weights, to, joined),
                        2 => input.sums::<V, 2>(weights, to, joined),
                        3 => input.sums::<V, 3>(weights, to, joined),
                        4 => input.sums::<V, 4>(weights, to, joined),
                        5 => input.sums::<V, 5>(weights, to, joined),
                        _ => input.sums::<V, ROWS>(weights, to, joined),
                    }
                    let column = span * filters.step;
                    assert!(column + length <= width);
                    let joined = joined.chunks_exact_mut(length * V::LANES);
                    let rows = sums.chunks_exact_mut(width * V::LANES);
                    for (joined, row) in joined.zip(rows).take(count) {
                        // SAFETY: all hold `length` registers, by the assertion above.
                        unsafe {
                            let row = row.as_mut_ptr().add(column * V::LANES);
                            filters.fourier.inverse::<V>(
                                joined.as_mut_ptr(),
                                work.as_mut_ptr(),
                                row,
                            );
                        }
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

/// Fills the input's spectra, (span, bin, rows or differences, real and imaginary part, band), from the
/// transposed segment: a row's difference is what it has more than the next band's.
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
    assert!(work.len() >= 3 * fourier.length() * V::LANES);
    for (span, spectra) in spectra.chunks_exact_mut(2 * fourier.length() * bands).enumerate() {
        for band in (0..bands).step_by(V::LANES) {
            // SAFETY: frames below `frames`, bands and bins below theirs: within `transposed` and, by
            // the assertions, within `spectra`.
            unsafe {
                let from = transposed.as_ptr().add(band);
                let to = spectra.as_mut_ptr().add(band);
                fourier.forward::<V>(
                    |n| match span * filters.step + n {
                        frame if frame < frames => V::load(from.add(frame * bands)),
                        _ => V::splat(0.0),
                    },
                    work.as_mut_ptr(),
                    |bin, x| {
                        x.re.store(to.add(4 * bin * bands));
                        x.im.store(to.add((4 * bin + 1) * bands));
                    },
                );
            }
        }
        for bin in spectra.chunks_exact_mut(4 * bands) {
            let rows = bin.as_mut_ptr();
            for band in (0..2 * bands).step_by(V::LANES) {
                // SAFETY: reads end one number behind the rows at most, writes with the bin. (What the
                // last band's difference is counts for nothing.)
                unsafe {
                    let next = V::load(rows.add(band + 1));
                    let difference = V::load(rows.add(band)).sub(next);
                    difference.store(rows.add(2 * bands + band));
                }
            }
        }
    }
}

/// The input's spectra as [`transform`] leaves them.
struct Spectra<'a> {
    filters: &'a SpectralFilters,
    bands: usize,
    spectra: &'a [f32],
}

/// A tile of sums: its first row and its span, and the kernel's rows.
#[derive(Clone, Copy)]
struct Tile {
    start: usize,
    span: usize,
    taps: usize,
}

impl Spectra<'_> {
    /// The sums of a block of filters at `T` rows of a span, as spectra ready for the inverse.
    #[inline(always)]
    fn sums<V: Vector, const T: usize>(&self, weights: &[f32], tile: Tile, joined: &mut [f32]) {
        let fourier = &self.filters.fourier;
        let (bins, length) = (fourier.bins(), fourier.length());
        let size = 2 * V::LANES;
        let Tile { start, span, taps } = tile;
        assert!(start + T - 1 + taps <= self.bands);
        assert_eq!(weights.len(), bins * products::weights(taps) * size);
        assert!(self.spectra.len() >= 2 * (span + 1) * length * self.bands);
        assert!(joined.len() >= T * length * V::LANES);
        // SAFETY: bins are below `bins`, and a bin's part of each buffer is as the lines above say.
        unsafe {
            let in_bin = |bin: usize| self.in_bin::<V, Conjugate, T>(weights, tile, bin);
            let to = joined.as_mut_ptr();
            let ends = self.in_bin::<V, TwoReal, T>(weights, tile, 0);
            let rows: [_; T] = std::array::from_fn(|t| to.add(t * bins * size));
            for (to, ends) in rows.into_iter().zip(ends) {
                Fourier::join_ends::<V>(ends).store(to);
            }
            for bin in 1..bins.div_ceil(2) {
                let (low, high) = (in_bin(bin), in_bin(bins - bin));
                for t in 0..T {
                    let (low, high) = fourier.join(bin, low[t], high[t]);
                    low.store(rows[t].add(bin * size));
                    high.store(rows[t].add((bins - bin) * size));
                }
            }
            if bins.is_multiple_of(2) {
                for (to, middle) in rows.into_iter().zip(in_bin(bins / 2)) {
                    Fourier::join_middle(middle).store(to.add(bins / 2 * size));
                }
            }
        }
    }

    /// The sums in one bin.
    ///
    /// # Safety
    /// As [`sums`](Self::sums) has checked; `bin` is below the transform's `bins`.
    #[inline(always)]
    unsafe fn in_bin<V: Vector, P: Product, const T: usize>(
        &self,
        weights: &[f32],
        Tile { start, span, taps }: Tile,
        bin: usize,
    ) -> [Complex<V>; T] {
        let bands = self.bands;
        // SAFETY: as the caller vouches.
        unsafe {
            let bins = self.filters.fourier.bins();
            let x = self.spectra.as_ptr().add(4 * (span * bins + bin) * bands + start);
            let weights = weights.as_ptr().add(bin * products::weights(taps) * 2 * V::LANES);
            products::sums::<V, P, T>([0, 1, 2, 3].map(|part| x.add(part * bands)), weights, taps)
        }
    }
}
