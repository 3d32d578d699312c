//! Convolution in the frequency domain along time.
//!
//! The rows of the input are transformed once for all filters. A filter's row of sums is then, bin
//! by bin, a short sum of products over its kernel's rows, and one inverse transform. Longer rows
//! are cut into spans that overlap by a kernel's width less one.

use super::pooling::{PooledMaps, Shape, Sums, Windows};
use super::scratch::Work;
use super::{Isa, Kernel, Lines, Vector, one};
use duotone_simd::{Complex, Fourier};

/// Rows of sums that a tile holds: with real and imaginary parts twelve registers, beside two of
/// weights and two of inputs.
const ROWS: usize = 6;

/// Bands that are turned at once; registers are no wider.
const TURNED: usize = 4;
/// What a window's candidate costs, in multiply-adds of a register.
pub(super) const POOL_COST: usize = 4;
/// The longest transform.
const LONGEST: usize = 1024;
/// How many times its own width a kernel's row may be padded to.
const MOST_PADDING: usize = 16;
/// How many times its own width a span may be transformed from.
const MOST_OVERLAP: usize = 4;

/// A pipeline's filters as spectra: (block of `LANES` filters, bin, kernel row, real and imaginary
/// part, filter); padded with zeros and divided by the transform's length.
#[derive(Clone, Debug)]
pub(super) struct SpectralFilters {
    fourier: Fourier,
    /// Columns of sums that a span gives, and spans in a row.
    step: usize,
    spans: usize,
    spectra: Lines,
}

/// How rows are cut.
#[derive(Clone, Copy, Debug)]
pub(super) struct Plan {
    length: usize,
    step: usize,
    spans: usize,
    /// In multiply-adds of a register a row of sums.
    pub(super) cost: usize,
}

impl Plan {
    /// The cheapest one, if there is one whose memory is in proportion to the layer's.
    pub(super) fn new(shape: &Shape) -> Option<Self> {
        let (columns, width) = (shape.kernel.1, shape.kept().1);
        // A transform of what a whole row needs, or shorter ones; a kernel fills a share of it.
        let most = (width + columns - 1).min(LONGEST).min(MOST_PADDING * columns);
        let mut best: Option<Self> = None;
        let mut length = columns;
        while length < most {
            length = Fourier::length_from(length + 1);
            let step = length + 1 - columns;
            let spans = width.div_ceil(step);
            let products = shape.kernel.0 * (2 * length - 2);
            let inverse = length * (length.ilog2() as usize + 6);
            let cost = spans * (products + inverse) + width * POOL_COST;
            let in_proportion = spans == 1 || length <= MOST_OVERLAP * step;
            if in_proportion && best.is_none_or(|best| cost < best.cost) {
                best = Some(Self { length, step, spans, cost });
            }
        }
        best
    }
}

impl SpectralFilters {
    /// All weights zero.
    pub(super) fn new(plan: Plan, shape: &Shape, lanes: usize) -> Option<Self> {
        let Plan { length, step, spans, .. } = plan;
        let blocks = shape.filters.div_ceil(lanes);
        let spectra = Lines::zeros(blocks * length * shape.kernel.0 * lanes);
        Some(Self { fourier: Fourier::new(length)?, step, spans, spectra })
    }

    /// Takes weights in the canonical order (filter, row, column).
    pub(super) fn pack(&mut self, isa: Isa, shape: &Shape, weight: &[f32]) {
        let block = self.fourier.length() * shape.kernel.0 * isa.lanes();
        let fourier = &self.fourier;
        crate::parallel::pieces(&mut self.spectra, block, |i, spectra| {
            isa.run(Pack { fourier, shape, weight, first: i * isa.lanes(), spectra });
        });
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
        let scale = 1.0 / length as f32;
        let mut work = Lines::zeros(3 * length * V::LANES);
        let mut taps = Lines::zeros(columns * V::LANES);
        assert_eq!(self.spectra.len(), length * rows * V::LANES);
        for row in 0..rows {
            let real = (self.shape.filters - self.first).min(V::LANES);
            for filter in 0..real {
                let from = ((self.first + filter) * rows + row) * columns;
                for (column, w) in self.weight[from..from + columns].iter().enumerate() {
                    taps[column * V::LANES + filter] = w * scale;
                }
            }
            // SAFETY: `taps` holds `columns` registers, `work` three transforms, `spectra` one
            // complex register for each bin and row.
            unsafe {
                let to = self.spectra.as_mut_ptr();
                self.fourier.forward::<V>(
                    |n| match n < columns {
                        true => V::load(taps.as_ptr().add(n * V::LANES)),
                        false => V::splat(0.0),
                    },
                    work.as_mut_ptr(),
                    |bin, x| x.store(to.add((bin * rows + row) * 2 * V::LANES)),
                );
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
    pub(super) turned: &'a [f32],
    pub(super) work: &'a mut Work,
    pub(super) out: &'a mut PooledMaps<'b>,
}

impl Kernel for Convolve<'_, '_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { shape, filters, bias, turned, work, out } = self;
        let (length, spans) = (filters.fourier.length(), filters.spans);
        let bands = turned.len() / shape.frames;
        let first_row = out.rows.start * shape.pool.0;
        let rows = out.rows.len() * shape.pool.0;
        // Columns that the spans' transforms write, the last one's useless ones included.
        let width = (spans - 1) * filters.step + length;
        let [spectra, joined, work, sums] = work.buffers([
            spans * length * bands,
            ROWS * length * V::LANES,
            3 * length * V::LANES,
            ROWS * width * V::LANES,
        ]);
        transform::<V>(filters, (turned, bands), work, spectra);
        let input = Spectra { filters, bands, spectra };
        let block_size = length * shape.kernel.0 * V::LANES;
        let tiles = rows.div_ceil(ROWS);
        let next = one();
        let mut windows = Windows::default();
        for (block, weights) in filters.spectra.chunks_exact(block_size).enumerate() {
            let first = block * V::LANES;
            for tile in 0..tiles {
                let start = first_row + tile * rows / tiles;
                let count = first_row + (tile + 1) * rows / tiles - start;
                for span in 0..spans {
                    let to = Tile { start, span, taps: shape.kernel.0, next };
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
                let mut sums = Sums { sums, width: width * V::LANES, step };
                // Rows of one pooled row go into its windows together.
                let (mut row, end) = (start, start + count);
                while row < end {
                    let pooled = row / shape.pool.0;
                    let next = end.min((pooled + 1) * shape.pool.0);
                    if row % shape.pool.0 == 0 {
                        windows.begin(shape, pooled, V::LANES);
                    }
                    windows.take::<V>(shape, row..next, sums, out);
                    if next % shape.pool.0 == 0 {
                        windows.end::<V>(shape, bias, (first, pooled), out);
                    }
                    sums.sums = &sums.sums[(next - row) * sums.width..];
                    row = next;
                }
            }
        }
    }
}

/// A segment of `frames` frames, frame-major and its bands padded with zeros to whole registers.
pub(super) fn turn(isa: Isa, segment: &[f32], frames: usize, turned: &mut Lines) {
    let bands = (segment.len() / frames).next_multiple_of(isa.lanes());
    turned.resize(frames * bands);
    for first in (0..bands).step_by(TURNED) {
        // A band beyond the last has no row and stays zero.
        let mut rows = [&[][..]; TURNED];
        for (row, band) in rows.iter_mut().zip(segment.chunks_exact(frames).skip(first)) {
            *row = band;
        }
        for (frame, to) in turned.chunks_exact_mut(bands).enumerate() {
            for (to, row) in to[first..].iter_mut().zip(rows) {
                *to = row.get(frame).copied().unwrap_or(0.0);
            }
        }
    }
}

/// Fills the input's spectra, (span, bin, real and imaginary part, band), from the turned segment.
#[inline(always)]
fn transform<V: Vector>(
    filters: &SpectralFilters,
    (turned, bands): (&[f32], usize),
    work: &mut [f32],
    spectra: &mut [f32],
) {
    let fourier = &filters.fourier;
    let frames = turned.len() / bands;
    assert!(bands.is_multiple_of(V::LANES));
    assert!(spectra.len() >= filters.spans * fourier.length() * bands);
    assert!(work.len() >= 3 * fourier.length() * V::LANES);
    for span in 0..filters.spans {
        for band in (0..bands).step_by(V::LANES) {
            // SAFETY: frames below `frames`, bands and bins below theirs: within `turned` and, by
            // the assertions, within `spectra`.
            unsafe {
                let from = turned.as_ptr().add(band);
                let to = spectra.as_mut_ptr().add(span * fourier.length() * bands + band);
                fourier.forward::<V>(
                    |n| match span * filters.step + n {
                        frame if frame < frames => V::load(from.add(frame * bands)),
                        _ => V::splat(0.0),
                    },
                    work.as_mut_ptr(),
                    |bin, x| {
                        x.re.store(to.add(2 * bin * bands));
                        x.im.store(to.add((2 * bin + 1) * bands));
                    },
                );
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

/// A tile of sums: its first row and its span.
#[derive(Clone, Copy)]
struct Tile {
    start: usize,
    span: usize,
    taps: usize,
    /// See [`one`].
    next: usize,
}

impl Spectra<'_> {
    /// The sums of a block of filters at `T` rows of a span, as spectra ready for the inverse.
    #[inline(always)]
    fn sums<V: Vector, const T: usize>(&self, weights: &[f32], tile: Tile, joined: &mut [f32]) {
        let fourier = &self.filters.fourier;
        let (bins, length) = (fourier.bins(), fourier.length());
        let size = 2 * V::LANES;
        assert!(tile.start + T - 1 + tile.taps <= self.bands);
        assert_eq!(weights.len(), bins * tile.taps * size);
        assert!(self.spectra.len() >= (tile.span + 1) * length * self.bands);
        assert!(joined.len() >= T * length * V::LANES);
        // SAFETY: bins are below `bins`, and a bin's part of each buffer is as the lines above say.
        unsafe {
            let input = self.spectra.as_ptr();
            let at = |bin: usize| {
                let x = input.add(2 * (tile.span * bins + bin) * self.bands + tile.start);
                ((x, x.add(self.bands)), weights.as_ptr().add(bin * tile.taps * size))
            };
            let rows = (tile.taps, tile.next);
            let in_bin = |bin: usize| -> [Complex<V>; T] {
                let (x, w) = at(bin);
                products(x, w, rows, add_product)
            };
            let to = joined.as_mut_ptr();
            let (x, w) = at(0);
            let ends: [_; T] = products(x, w, rows, add_real_products);
            for (t, ends) in ends.into_iter().enumerate() {
                Fourier::join_ends::<V>(ends).store(to.add(t * bins * size));
            }
            for bin in 1..bins.div_ceil(2) {
                let (low, high) = (in_bin(bin), in_bin(bins - bin));
                for t in 0..T {
                    let (low, high) = fourier.join(bin, low[t], high[t]);
                    low.store(to.add((t * bins + bin) * size));
                    high.store(to.add((t * bins + bins - bin) * size));
                }
            }
            if bins.is_multiple_of(2) {
                for (t, middle) in in_bin(bins / 2).into_iter().enumerate() {
                    Fourier::join_middle(middle).store(to.add((t * bins + bins / 2) * size));
                }
            }
        }
    }
}

/// For each of `T` rows the sum over the kernel's rows of what `add` makes of an input and a weight
/// in one bin.
///
/// # Safety
/// `re` and `im` are valid for `T + taps − 1` numbers, `weights` for `taps` complex registers;
/// `next` is 1.
#[inline(always)]
unsafe fn products<V: Vector, const T: usize>(
    (mut re, mut im): (*const f32, *const f32),
    weights: *const f32,
    (taps, next): (usize, usize),
    add: impl Fn(Complex<V>, Complex<V>, Complex<V>) -> Complex<V>,
) -> [Complex<V>; T] {
    let mut sums = [Complex { re: V::splat(0.0), im: V::splat(0.0) }; T];
    for tap in 0..taps {
        // SAFETY: as the caller vouches.
        unsafe {
            let w = Complex::<V>::load(weights.add(tap * 2 * V::LANES));
            for (t, sum) in sums.iter_mut().enumerate() {
                let x = Complex { re: V::splat(*re.add(t)), im: V::splat(*im.add(t)) };
                *sum = add(*sum, x, w);
            }
            (re, im) = (re.add(next), im.add(next));
        }
    }
    sums
}

/// `sum + x × conjugate w`
#[inline(always)]
fn add_product<V: Vector>(sum: Complex<V>, x: Complex<V>, w: Complex<V>) -> Complex<V> {
    Complex {
        re: sum.re.mul_add(x.re, w.re).mul_add(x.im, w.im),
        im: sum.im.mul_add(x.im, w.re).neg_mul_add(x.re, w.im),
    }
}

/// As [`add_product`], for the two real bins that share a place.
#[inline(always)]
fn add_real_products<V: Vector>(sum: Complex<V>, x: Complex<V>, w: Complex<V>) -> Complex<V> {
    Complex { re: sum.re.mul_add(x.re, w.re), im: sum.im.mul_add(x.im, w.im) }
}
