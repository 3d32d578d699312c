use crate::aligned::AlignedBuf;
use crate::complex::Complex;
use crate::isa::Isa;
use crate::stockham::{Sink, Stockham, root};
use crate::vector::{Kernel, Vector};
use crate::view::View;

/// Power spectra of overlapping frames of real samples, several at once, one in each lane.
///
/// A frame's even and odd samples are the real and imaginary parts of a complex sequence of half the
/// length, `N`. Its transform is split into the spectrum and squared at once, so that the spectrum itself
/// is never stored. The transform has two steps, so that all but one pass over the whole stay in the
/// first-level cache: with `N = columns × rows`, `n = rows × a + b` and `k = c + columns × d`,
///
/// ```text
/// Z[k] = Σ_b e^(−2πi bd / rows) · e^(−2πi bc / N) · Σ_a e^(−2πi ac / columns) · z[n]
/// ```
///
/// Not normalised: the power of bin `k` is `|Σ window[n] x[n] e^(−2πi kn / length)|²`.
pub struct PowerSpectra {
    isa: Isa,
    hop: usize,
    /// The window times ½, a factor of splitting the spectrum.
    window: Vec<f32>,
    /// The transform over `a`, run `rows` times.
    column: Stockham,
    /// The transform over `b`, run `columns` times.
    row: Stockham,
    /// e^(2πi bc / N), (b, c)
    twiddles: Vec<[f32; 2]>,
    /// e^(2πi k / length) of the pairs of bins, in the order in which they are split.
    angles: Vec<[f32; 2]>,
    work: AlignedBuf,
}

/// Frames that are transformed together.
pub const FRAMES: usize = 8;

impl PowerSpectra {
    /// Plans transforms of frames of `window.len()` samples, `hop` apart, each multiplied by `window`.
    /// Returns `None` unless half the length is a product of two of 16, 24, 32, 40, 48 and 64, or of 36
    /// and one of them.
    #[must_use]
    pub fn new(isa: Isa, window: &[f32], hop: usize) -> Option<Self> {
        let length = window.len();
        let half = length / 2;
        let (column, row) = factors(half).filter(|_| length.is_multiple_of(2))?;
        let (columns, rows) = (column.length(), row.length());
        let twiddles = (0..rows).flat_map(|b| (0..columns).map(move |c| root(b * c, half)));
        let angles = (0..=columns / 2)
            .flat_map(|c| (0..pairs(columns, rows, c)).map(move |d| root(c + columns * d, length)));
        Some(Self {
            isa,
            hop,
            window: window.iter().map(|w| w / 2.0).collect(),
            column,
            row,
            twiddles: twiddles.collect(),
            angles: angles.collect(),
            work: AlignedBuf::default(),
        })
    }

    /// Returns the number of samples that [`FRAMES`] frames span.
    #[must_use]
    pub fn span(&self) -> usize {
        self.window.len() + (FRAMES - 1) * self.hop
    }

    /// Writes the powers of [`FRAMES`] frames, the first of which starts at the first sample: (bin,
    /// frame), bins from 0 to half the length.
    ///
    /// # Panics
    /// If there are fewer samples than [`span`](Self::span) or there is no room for `length / 2 + 1` bins.
    pub fn compute(&mut self, samples: &[f32], power: &mut [f32]) {
        assert!(samples.len() >= self.span(), "samples of all frames");
        assert!(power.len() >= (self.window.len() / 2 + 1) * FRAMES, "room for all bins");
        let mut work = std::mem::take(&mut self.work);
        self.isa.run(Compute { plan: self, samples, work: &mut work, power });
        self.work = work;
    }
}

/// Returns transforms of columns and rows whose product is `half`, the pair with the shortest longer one.
fn factors(half: usize) -> Option<(Stockham, Stockham)> {
    // Rows fill whole registers.
    let columns = (1..=half / FRAMES).filter(|columns| half.is_multiple_of(columns * FRAMES));
    let factors =
        columns.filter_map(|c| Stockham::two_passes(c).zip(Stockham::two_passes(half / c)));
    factors.min_by_key(|(column, row)| column.length().max(row.length()))
}

/// Returns how many bins `c + columns × d`, d from 0, are split with row `c`: one of each bin and its
/// mirror, none in the rows after the middle one.
fn pairs(columns: usize, rows: usize, c: usize) -> usize {
    if c == 0 {
        rows / 2 + 1
    } else if 2 * c == columns {
        rows / 2
    } else {
        rows
    }
}

struct Compute<'a> {
    plan: &'a PowerSpectra,
    samples: &'a [f32],
    work: &'a mut AlignedBuf,
    power: &'a mut [f32],
}

/// Working memory, in complex registers.
struct Buffers<'a> {
    /// All `columns × rows` values, (c, b). Each row is padded by one value: otherwise all values of a
    /// column would share the same few sets of the first-level cache.
    all: &'a mut [f32],
    /// `LANES` columns or two rows.
    lines: &'a mut [f32],
    /// One column or row.
    scratch: &'a mut [f32],
}

impl Kernel for Compute<'_> {
    type Output = ();

    #[inline(always)]
    fn run<V: Vector>(self) {
        let Self { plan, samples, work, power } = self;
        let (columns, rows) = (plan.column.length(), plan.row.length());
        let size = 2 * V::LANES;
        let all = columns * (rows + 1) * size;
        let line = columns.max(rows) * size;
        work.resize(all + (V::LANES + 1) * line);
        assert!(FRAMES.is_multiple_of(V::LANES) && rows.is_multiple_of(V::LANES));
        let (all, rest) = work.split_at_mut(all);
        let (lines, scratch) = rest.split_at_mut(V::LANES * line);
        let mut buffers = Buffers { all, lines, scratch };
        for first in (0..FRAMES).step_by(V::LANES) {
            // SAFETY: `compute` has checked that the samples hold all frames, the last of which starts
            // `first + LANES − 1` hops after the first sample, and `power` all bins of all frames.
            unsafe {
                plan.columns::<V>(&samples[first * plan.hop..], &mut buffers);
                plan.rows::<V>(&mut buffers, &mut power[first..]);
            }
        }
    }
}

impl PowerSpectra {
    /// Fills `all` from the samples of `LANES` frames.
    ///
    /// # Safety
    /// `samples` must hold those frames.
    #[inline(always)]
    unsafe fn columns<V: Vector>(&self, samples: &[f32], buffers: &mut Buffers<'_>) {
        let (columns, rows) = (self.column.length(), self.row.length());
        let size = 2 * V::LANES;
        let Buffers { all, lines, scratch } = buffers;
        // The samples of LANES columns fill whole cache lines.
        for b in (0..rows).step_by(V::LANES) {
            for a in 0..columns {
                for part in 0..2 {
                    let at = 2 * (a * rows + b) + part * V::LANES;
                    let first = part * V::LANES / 2;
                    let window = &self.window[at..at + V::LANES];
                    // SAFETY: `rows` is a multiple of LANES, so that `b + LANES <= rows` and the samples
                    // end within their frame; `lines` holds LANES columns of `columns` values.
                    unsafe {
                        let square = samples.load_transposed::<V>(at, self.hop);
                        for (i, (&x, &w)) in square.as_ref().iter().zip(window).enumerate() {
                            let to = ((first + i / 2) * columns + a) * size;
                            // Real and imaginary parts are exchanged: see `Stockham`.
                            lines.store(to + (1 - i % 2) * V::LANES, x.mul(V::splat(w)));
                        }
                    }
                }
            }
            let twiddles = self.twiddles[b * columns..].chunks_exact(columns);
            for (i, twiddles) in twiddles.take(V::LANES).enumerate() {
                let to = Sink {
                    values: &mut all[(b + i) * size..],
                    stride: (rows + 1) * size,
                    twiddles: Some(twiddles),
                };
                self.column.run_two_passes::<V>(&lines[i * columns * size..], scratch, to);
            }
        }
    }

    /// Writes the powers of `LANES` frames, those of each bin [`FRAMES`] values after the bin before.
    ///
    /// # Safety
    /// `buffers` must be as [`columns`](Self::columns) leaves them, and `power` must have room for `LANES`
    /// values at every bin.
    #[inline(always)]
    unsafe fn rows<V: Vector>(&self, buffers: &mut Buffers<'_>, power: &mut [f32]) {
        let (columns, rows) = (self.column.length(), self.row.length());
        let size = 2 * V::LANES;
        let half = columns * rows;
        let Buffers { all, lines, scratch } = buffers;
        let mut angles = self.angles.iter();
        for c in 0..=columns / 2 {
            let mirror = (columns - c) % columns;
            // The first row and the middle one mirror themselves.
            let count = if mirror == c { 1 } else { 2 };
            let high = (count - 1) * rows * size;
            for (row, to) in [(c, 0), (mirror, high)].into_iter().take(count) {
                let from = &all[row * (rows + 1) * size..];
                self.row.run_two_passes::<V>(from, scratch, Sink::in_order::<V>(&mut lines[to..]));
            }
            for (d, &angle) in (0..pairs(columns, rows, c)).zip(&mut angles) {
                let opposite = if c == 0 { (rows - d) % rows } else { rows - 1 - d };
                let bin = c + columns * d;
                // SAFETY: `lines` holds two rows, d and `opposite` are below `rows`; a bin and its
                // mirror are at most `half`.
                unsafe {
                    let a = lines.load_complex::<V>(d * size);
                    let b = lines.load_complex::<V>(high + opposite * size);
                    let (p, q) = powers(a, b, Complex::splat(angle));
                    power.store(bin * FRAMES, p);
                    power.store((half - bin) * FRAMES, q);
                }
            }
        }
    }
}

/// Returns the powers of bins `k` and `half − k` from the half-length transform's values there, real and
/// imaginary parts exchanged, and the twiddle factor e^(2πi k / length).
#[inline(always)]
fn powers<V: Vector>(a: Complex<V>, b: Complex<V>, twiddle: Complex<V>) -> (V, V) {
    let even = Complex { re: a.im.add(b.im), im: a.re.sub(b.re) };
    let odd = Complex { re: a.im.sub(b.im), im: a.re.add(b.re) };
    // The odd part times −i · e^(−2πi k / length), but for the sign of its imaginary part, which the
    // next lines account for.
    let odd = Complex {
        re: odd.im.mul(twiddle.re).neg_mul_add(odd.re, twiddle.im),
        im: odd.re.mul(twiddle.re).mul_add(odd.im, twiddle.im),
    };
    let low = Complex { re: even.re.add(odd.re), im: even.im.sub(odd.im) };
    let high = Complex { re: even.re.sub(odd.re), im: even.im.add(odd.im) };
    (low.power(), high.power())
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{FRAMES, PowerSpectra, factors};
    use crate::isa::Isa;
    use crate::noise;

    /// Returns the powers by the definition in f64: (bin, frame).
    fn powers(window: &[f32], hop: usize, samples: &[f32]) -> Vec<f64> {
        let length = window.len();
        let roots: Vec<(f64, f64)> =
            (0..length).map(|i| (TAU * i as f64 / length as f64).sin_cos()).collect();
        let mut powers = Vec::new();
        for bin in 0..=length / 2 {
            for frame in 0..FRAMES {
                let windowed = samples[frame * hop..].iter().zip(window);
                let windowed = windowed.map(|(x, w)| f64::from(*x) * f64::from(*w));
                let (re, im) = windowed.enumerate().fold((0.0, 0.0), |(re, im), (n, x)| {
                    let (sin, cos) = roots[n * bin % length];
                    (re + x * cos, im + x * sin)
                });
                powers.push(re * re + im * im);
            }
        }
        powers
    }

    /// The frames overlap, touch, or leave gaps.
    #[test]
    fn powers_match_the_definition() {
        for (length, hop) in
            [(512, 1), (512, 512), (768, 384), (1280, 1283), (1728, 864), (3072, 1536)]
        {
            let window = noise(length, 1);
            let samples = noise(length + (FRAMES - 1) * hop, length);
            let expected = powers(&window, hop, &samples);
            for isa in Isa::available() {
                let mut spectra = PowerSpectra::new(isa, &window, hop).unwrap();
                assert_eq!(spectra.span(), samples.len());
                let mut power = vec![f32::NAN; expected.len()];
                // Nothing may be left over from an earlier call.
                spectra.compute(&vec![1e3; samples.len()], &mut power);
                spectra.compute(&samples, &mut power);
                for (i, (got, expected)) in power.iter().zip(&expected).enumerate() {
                    let error = (f64::from(*got) - expected).abs();
                    assert!(
                        error < 1e-6 * length as f64,
                        "{}, length {length}, hop {hop}, bin {}, frame {}: {got}, expected {expected}",
                        isa.name(),
                        i / FRAMES,
                        i % FRAMES
                    );
                }
            }
        }
    }

    #[test]
    fn lengths_are_factored_evenly_or_refused() {
        let factors = |half| factors(half).map(|(column, row)| (column.length(), row.length()));
        assert_eq!(factors(1536), Some((32, 48)));
        assert_eq!(factors(768), Some((24, 32)));
        assert_eq!(factors(864), Some((36, 24)));
        assert_eq!(factors(4096), Some((64, 64)));
        assert_eq!([0, 1, 128, 1296, 1672, 8192].map(factors), [None; 6]);
        for (half, (columns, rows)) in (0..5000).filter_map(|half| Some((half, factors(half)?))) {
            assert!(columns * rows == half && rows.is_multiple_of(FRAMES), "{columns} × {rows}");
        }
        for length in [0, 1, 511, 513, 2592, 3344] {
            assert!(PowerSpectra::new(Isa::best(), &vec![1.0; length], 1).is_none());
        }
    }
}
