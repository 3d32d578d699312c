use super::stockham::root;
use super::two_pass::{InOrder, Sink, TwoPassFft};
use crate::aligned::AlignedBuf;
use crate::complex::Complex;
use crate::isa::Isa;
use crate::vector::{Kernel, Vector};

/// Power spectra of overlapping frames of real samples, several at once, one in each lane.
///
/// A frame's even and odd samples are the real and imaginary parts of one complex sequence of half the
/// length `N`, whose transform is taken apart and squared, so that the spectrum itself never lies in
/// memory. The transform is done in two steps, so that all but one pass over the whole stays in the
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
    /// Half of the window: the other half of the product is the ½ of taking apart.
    window: Vec<f32>,
    /// The transform over `a`, `rows` times.
    column: TwoPassFft,
    /// The transform over `b`, `columns` times.
    row: TwoPassFft,
    /// e^(2πi bc / N), (b, c)
    twiddles: Vec<[f32; 2]>,
    /// e^(2πi k / length) of the pairs of bins, in the order in which they are taken apart.
    angles: Vec<[f32; 2]>,
    work: AlignedBuf,
}

/// Frames that are worked on together.
pub const FRAMES: usize = 8;

impl PowerSpectra {
    /// Plans transforms of frames of `window.len()` samples, `hop` apart, each multiplied by `window`,
    /// for an instruction set. There is none where half the length is not a product of two of 16, 24, 32,
    /// 40, 48 and 64 or of 36 and one of them.
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

    /// Samples that [`FRAMES`] frames span.
    #[must_use]
    pub fn span(&self) -> usize {
        self.window.len() + (FRAMES - 1) * self.hop
    }

    /// The power of [`FRAMES`] frames, which begin at the first sample and one hop after the other:
    /// (bin, frame), bins from 0 to half the length.
    ///
    /// # Panics
    /// When there are fewer samples than [`span`](Self::span) or no room for `length / 2 + 1` bins.
    pub fn compute(&mut self, samples: &[f32], power: &mut [f32]) {
        assert!(samples.len() >= self.span(), "samples of all frames");
        assert!(power.len() >= (self.window.len() / 2 + 1) * FRAMES, "room for all bins");
        let mut work = std::mem::take(&mut self.work);
        self.isa.run(Compute { plan: self, samples, work: &mut work, power });
        self.work = work;
    }
}

/// Columns and rows whose product is `half`, as near to each other as there are.
fn factors(half: usize) -> Option<(TwoPassFft, TwoPassFft)> {
    // Rows are taken by whole registers.
    let columns = (1..=half / FRAMES).filter(|columns| half.is_multiple_of(columns * FRAMES));
    let factors = columns.filter_map(|c| TwoPassFft::new(c).zip(TwoPassFft::new(half / c)));
    factors.min_by_key(|(column, row)| column.length().max(row.length()))
}

/// How many bins `c + columns × d`, d from 0, are taken apart with row `c`: of a bin and its mirror
/// only one. Rows beyond the middle have none.
fn pairs(columns: usize, rows: usize, c: usize) -> usize {
    match columns - c {
        _ if c == 0 => rows / 2 + 1,
        mirror if mirror == c => rows / 2,
        _ => rows,
    }
}

struct Compute<'a> {
    plan: &'a PowerSpectra,
    samples: &'a [f32],
    work: &'a mut AlignedBuf,
    power: &'a mut [f32],
}

/// Where a pass over [`Compute`]'s lanes works: pointers to complex registers.
#[derive(Clone, Copy)]
struct Buffers {
    /// All `columns × rows` numbers, (c, b), each row one number longer than it is: else all numbers
    /// of a column would lie in the same few sets of the first-level cache.
    all: *mut f32,
    /// `LANES` columns or two rows.
    lines: *mut f32,
    /// One column or row.
    scratch: *mut f32,
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
        for first in (0..FRAMES).step_by(V::LANES) {
            // SAFETY: `work` holds `all`, `LANES` lines and one more. The door checked that there are
            // samples of all frames, the last of which begins `first + LANES - 1` hops after the first,
            // and room for all bins of all frames.
            unsafe {
                let to = work.as_mut_ptr();
                let scratch = to.add(all + V::LANES * line);
                let buffers = Buffers { all: to, lines: to.add(all), scratch };
                plan.columns::<V>(samples.as_ptr().add(first * plan.hop), buffers);
                plan.rows::<V>(buffers, power.as_mut_ptr().add(first));
            }
        }
    }
}

impl PowerSpectra {
    /// Fills `all` from the samples of `LANES` frames.
    ///
    /// # Safety
    /// `samples` is valid for reading those frames, `buffers` as [`Compute`] makes them.
    #[inline(always)]
    unsafe fn columns<V: Vector>(&self, samples: *const f32, buffers: Buffers) {
        let (columns, rows) = (self.column.length(), self.row.length());
        let size = 2 * V::LANES;
        // Samples of so many columns are cache lines.
        for b in (0..rows).step_by(V::LANES) {
            // SAFETY: `rows` is a multiple of LANES, so `b + LANES <= rows`; a and c are below `columns`:
            // samples end within their frame, and within LANES lines of `columns` numbers.
            unsafe {
                for a in 0..columns {
                    for part in 0..2 {
                        let at = 2 * (a * rows + b) + part * V::LANES;
                        let first = part * V::LANES / 2;
                        let window = &self.window[at..at + V::LANES];
                        let transposed = V::load_transposed(samples.add(at), self.hop);
                        for (i, (&x, &w)) in transposed.as_ref().iter().zip(window).enumerate() {
                            let to = ((first + i / 2) * columns + a) * size;
                            // Real and imaginary parts exchanged: see `TwoPassFft`.
                            let to = to + (1 - i % 2) * V::LANES;
                            x.mul(V::splat(w)).store(buffers.lines.add(to));
                        }
                    }
                }
                let twiddles = self.twiddles[b * columns..].chunks_exact(columns);
                for (i, twiddles) in twiddles.take(V::LANES).enumerate() {
                    let from = buffers.lines.add(i * columns * size);
                    let to = buffers.all.add((b + i) * size);
                    let to = Twiddled { to, stride: (rows + 1) * size, twiddles };
                    self.column.run::<V>(from, buffers.scratch, to);
                }
            }
        }
    }

    /// Writes the powers of `LANES` frames, each bin [`FRAMES`] numbers after the one before.
    ///
    /// # Safety
    /// `buffers` are as [`columns`](Self::columns) leaves them, `power` is valid for writing `LANES`
    /// numbers at every bin.
    #[inline(always)]
    unsafe fn rows<V: Vector>(&self, buffers: Buffers, power: *mut f32) {
        let (columns, rows) = (self.column.length(), self.row.length());
        let size = 2 * V::LANES;
        let half = columns * rows;
        // SAFETY: c is below `columns`, b and d below `rows`; `lines` holds two rows; a bin and its
        // mirror are at most `half`.
        unsafe {
            let (low, other) = (buffers.lines, buffers.lines.add(rows * size));
            let mut angles = self.angles.iter();
            for c in 0..=columns / 2 {
                let mirror = (columns - c) % columns;
                let pair = [(c, low), (mirror, other)];
                // The first row and the middle one mirror themselves.
                let pair = &pair[..if mirror == c { 1 } else { 2 }];
                let high = pair[pair.len() - 1].1;
                for &(row, to) in pair {
                    let from = buffers.all.add(row * (rows + 1) * size);
                    self.row.run::<V>(from, buffers.scratch, InOrder(to));
                }
                for (d, &angle) in (0..pairs(columns, rows, c)).zip(&mut angles) {
                    let opposite = if c == 0 { (rows - d) % rows } else { rows - 1 - d };
                    let a = Complex::<V>::load(low.add(d * size));
                    let b = Complex::<V>::load(high.add(opposite * size));
                    let (p, q) = powers(a, b, Complex::splat(angle));
                    let bin = c + columns * d;
                    p.store(power.add(bin * FRAMES));
                    q.store(power.add((half - bin) * FRAMES));
                }
            }
        }
    }
}

/// The numbers of a column, each multiplied by its own twiddle factor: memory that is valid for writing them, `stride`
/// apart.
struct Twiddled<'a> {
    to: *mut f32,
    stride: usize,
    twiddles: &'a [[f32; 2]],
}

impl<V: Vector> Sink<V> for Twiddled<'_> {
    #[inline(always)]
    unsafe fn store_result(&self, k: usize, x: Complex<V>) {
        let x = x.mul_twiddle(Complex::splat(self.twiddles[k]));
        // SAFETY: as the caller vouches.
        unsafe { x.store(self.to.add(k * self.stride)) }
    }
}

/// The powers of bins `k` and `half − k` from the half-length transform's values there, real and
/// imaginary parts exchanged, and e^(2πi k / length).
#[inline(always)]
fn powers<V: Vector>(a: Complex<V>, b: Complex<V>, turn: Complex<V>) -> (V, V) {
    let even = Complex { re: a.im.add(b.im), im: a.re.sub(b.re) };
    let odd = Complex { re: a.im.sub(b.im), im: a.re.add(b.re) };
    // The odd part times −i · e^(−2πi k / length); the sign of its imaginary part is in what follows.
    let odd = Complex {
        re: odd.im.mul(turn.re).neg_mul_add(odd.re, turn.im),
        im: odd.re.mul(turn.re).mul_add(odd.im, turn.im),
    };
    let [low, high] =
        [(even.re.add(odd.re), even.im.sub(odd.im)), (even.re.sub(odd.re), even.im.add(odd.im))];
    (low.0.mul(low.0).mul_add(low.1, low.1), high.0.mul(high.0).mul_add(high.1, high.1))
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::{FRAMES, PowerSpectra, factors};
    use crate::isa::Isa;
    use crate::noise;

    /// The sum written out in f64: (bin, frame).
    fn sums(window: &[f32], hop: usize, samples: &[f32]) -> Vec<f64> {
        let length = window.len();
        let turn: Vec<(f64, f64)> =
            (0..length).map(|i| (TAU * i as f64 / length as f64).sin_cos()).collect();
        let mut sums = Vec::new();
        for bin in 0..=length / 2 {
            for frame in 0..FRAMES {
                let windowed = samples[frame * hop..].iter().zip(window);
                let windowed = windowed.map(|(x, w)| f64::from(*x) * f64::from(*w));
                let (re, im) = windowed.enumerate().fold((0.0, 0.0), |(re, im), (n, x)| {
                    let (sin, cos) = turn[n * bin % length];
                    (re + x * cos, im + x * sin)
                });
                sums.push(re * re + im * im);
            }
        }
        sums
    }

    /// Frames that overlap, touch and leave gaps.
    #[test]
    fn powers_are_the_sums_they_stand_for() {
        for (length, hop) in
            [(512, 1), (512, 512), (768, 384), (1280, 1283), (1728, 864), (3072, 1536)]
        {
            let window = noise(length, 1);
            let samples = noise(length + (FRAMES - 1) * hop, length);
            let expected = sums(&window, hop, &samples);
            for isa in Isa::available() {
                let mut spectra = PowerSpectra::new(isa, &window, hop).unwrap();
                assert_eq!(spectra.span(), samples.len());
                let mut power = vec![f32::NAN; expected.len()];
                // TwoPassFft: nothing of a run may be left for the next.
                spectra.compute(&vec![1e3; samples.len()], &mut power);
                spectra.compute(&samples, &mut power);
                for (i, (got, expected)) in power.iter().zip(&expected).enumerate() {
                    let off = (f64::from(*got) - expected).abs();
                    assert!(
                        off < 1e-6 * length as f64,
                        "{}, length {length}, hop {hop}, bin {}, frame {}: {got} for {expected}",
                        isa.name(),
                        i / FRAMES,
                        i % FRAMES
                    );
                }
            }
        }
    }

    #[test]
    fn lengths_are_taken_apart_evenly_or_not_at_all() {
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
