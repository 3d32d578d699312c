//! Complex Fourier transforms, one in each lane: Stockham's passes from one buffer to another, no
//! reordering.

use std::f64::consts::TAU;

use super::butterfly::butterfly;
use super::{Complex, Vector};

/// The tables of the inverse transform `Σ x[n] e^(2πi kn / length)`, not divided by anything. With
/// real and imaginary parts exchanged, before and after, it is the forward one.
#[derive(Clone, Debug)]
pub(crate) struct Stockham {
    length: usize,
    passes: Vec<Pass>,
    twiddles: Vec<[f32; 2]>,
}

/// One pass over the whole transform: `length / radix` groups of butterflies, each group of `stride`
/// butterflies with the same twiddles.
#[derive(Clone, Copy, Debug)]
struct Pass {
    radix: usize,
    length: usize,
    stride: usize,
    /// Its first twiddle; `radix − 1` a group.
    first: usize,
}

impl Stockham {
    /// Where `length` has no prime factor above 5.
    pub(crate) fn new(length: usize) -> Option<Self> {
        let (mut passes, mut twiddles) = (Vec::new(), Vec::new());
        let (mut left, mut stride) = (length, 1);
        for radix in radices(length)? {
            passes.push(Pass { radix, length: left, stride, first: twiddles.len() });
            for group in 0..left / radix {
                twiddles.extend((1..radix).map(|j| root(group * j, left)));
            }
            left /= radix;
            stride *= radix;
        }
        Some(Self { length, passes, twiddles })
    }

    pub(crate) fn length(&self) -> usize {
        self.length
    }

    /// Transforms the numbers that `load(n)` gives and hands each result, in no order, to `store`.
    ///
    /// # Safety
    /// Both buffers are valid for `2 × length × LANES` numbers and do not overlap; `load` does not read
    /// them.
    #[inline(always)]
    pub(crate) unsafe fn run<V: Vector>(
        &self,
        load: impl Fn(usize) -> Complex<V>,
        (mut full, mut free): (*mut f32, *mut f32),
        mut store: impl FnMut(usize, Complex<V>),
    ) {
        let size = 2 * V::LANES;
        let (first, between, last) = match self.passes.as_slice() {
            [] => return store(0, load(0)),
            [only] => return self.any_pass(*only, load, store),
            [first, between @ .., last] => (first, between, last),
        };
        // SAFETY: indices are below `length`, and no pass reads the buffer that it writes.
        unsafe {
            self.any_pass(*first, load, |n, x| x.store(full.add(n * size)));
            for pass in between {
                let to = free;
                let from = full;
                self.any_pass(
                    *pass,
                    |n| Complex::<V>::load(from.add(n * size)),
                    |n, x| {
                        x.store(to.add(n * size));
                    },
                );
                (full, free) = (free, full);
            }
            self.any_pass(*last, |n| Complex::<V>::load(full.add(n * size)), store);
        }
    }

    /// As [`run`](Self::run) from one buffer (which is destroyed) to another.
    ///
    /// # Safety
    /// All three are valid for `2 × length × LANES` numbers and do not overlap.
    #[inline(always)]
    pub(crate) unsafe fn run_buffers<V: Vector>(
        &self,
        from: *mut f32,
        scratch: *mut f32,
        to: *mut f32,
    ) {
        let size = 2 * V::LANES;
        let (mut read, mut write) = (from, scratch);
        for (i, pass) in self.passes.iter().enumerate() {
            if i + 1 == self.passes.len() {
                write = to;
            }
            // SAFETY: each buffer holds all numbers of the transform, indices are below `length`, and
            // `read` is not `write`.
            unsafe {
                self.any_pass(
                    *pass,
                    |n| Complex::<V>::load(read.add(n * size)),
                    |n, x| {
                        x.store(write.add(n * size));
                    },
                );
            }
            (read, write) = (write, read);
        }
    }

    #[inline(always)]
    fn any_pass<V: Vector>(
        &self,
        pass: Pass,
        load: impl Fn(usize) -> Complex<V>,
        store: impl FnMut(usize, Complex<V>),
    ) {
        match pass.radix {
            2 => self.pass::<V, 2>(pass, load, store),
            3 => self.pass::<V, 3>(pass, load, store),
            4 => self.pass::<V, 4>(pass, load, store),
            5 => self.pass::<V, 5>(pass, load, store),
            6 => self.pass::<V, 6>(pass, load, store),
            _ => self.pass::<V, 8>(pass, load, store),
        }
    }

    /// Reads and writes every index below the transform's length once: the largest one read is
    /// q + stride × (group + (R − 1) × groups), below stride × the pass's length, as is the largest one
    /// written.
    #[inline(always)]
    fn pass<V: Vector, const R: usize>(
        &self,
        pass: Pass,
        load: impl Fn(usize) -> Complex<V>,
        mut store: impl FnMut(usize, Complex<V>),
    ) {
        let Pass { length, stride, first, .. } = pass;
        let groups = length / R;
        for group in 0..groups {
            let twiddles = &self.twiddles[first + group * (R - 1)..][..R - 1];
            for q in 0..stride {
                let read = q + stride * group;
                let write = q + stride * R * group;
                let mut x = [Complex::<V>::splat([0.0; 2]); R];
                for (j, x) in x.iter_mut().enumerate() {
                    *x = load(read + j * groups * stride);
                }
                let y = butterfly::<V, R>(x);
                store(write, y[0]);
                for j in 1..R {
                    let y = match group {
                        0 => y[j],
                        _ => y[j].turn(Complex::splat(twiddles[j - 1])),
                    };
                    store(write + j * stride, y);
                }
            }
        }
    }
}

/// The passes' radices, as few as will do, where `length` has no prime factor above 5.
pub(crate) fn radices(length: usize) -> Option<Vec<usize>> {
    if length == 1 {
        return Some(Vec::new());
    }
    let with = |radix: usize| {
        let mut rest = radices(length / radix)?;
        rest.insert(0, radix);
        Some(rest)
    };
    let factors = [8, 6, 5, 4, 3, 2].into_iter().filter(|&radix| length.is_multiple_of(radix));
    factors.filter_map(with).min_by_key(Vec::len)
}

/// e^(2πi k / n)
pub(crate) fn root(k: usize, n: usize) -> [f32; 2] {
    let (sin, cos) = (TAU * (k % n) as f64 / n as f64).sin_cos();
    [cos as f32, sin as f32]
}
