use std::ops::{Add, Sub};

use crate::vector::Vector;

/// A register of complex numbers.
#[derive(Clone, Copy)]
pub struct Complex<V> {
    /// Real parts.
    pub re: V,
    /// Imaginary parts.
    pub im: V,
}

impl<V: Vector> Complex<V> {
    #[inline(always)]
    pub(crate) fn scale(self, by: V) -> Self {
        Self { re: self.re.mul(by), im: self.im.mul(by) }
    }

    /// `self + by × other`
    #[inline(always)]
    pub(crate) fn add_scaled(self, by: V, other: Self) -> Self {
        Self { re: self.re.mul_add(by, other.re), im: self.im.mul_add(by, other.im) }
    }

    /// `self + i × other`
    #[inline(always)]
    pub(crate) fn add_i(self, other: Self) -> Self {
        Self { re: self.re.sub(other.im), im: self.im.add(other.re) }
    }

    /// `self − i × other`
    #[inline(always)]
    pub(crate) fn sub_i(self, other: Self) -> Self {
        Self { re: self.re.add(other.im), im: self.im.sub(other.re) }
    }

    /// `self − conjugate other`
    #[inline(always)]
    pub(crate) fn conjugate_sub(self, other: Self) -> Self {
        Self { re: self.re.sub(other.re), im: self.im.add(other.im) }
    }

    /// `self + conjugate other`
    #[inline(always)]
    pub(crate) fn conjugate_add(self, other: Self) -> Self {
        Self { re: self.re.add(other.re), im: self.im.sub(other.im) }
    }

    /// `self × w`
    #[inline(always)]
    pub(crate) fn mul_twiddle(self, w: Self) -> Self {
        Self {
            re: self.re.mul(w.re).neg_mul_add(self.im, w.im),
            im: self.im.mul(w.re).mul_add(self.re, w.im),
        }
    }

    /// Returns |self|².
    #[inline(always)]
    pub(crate) fn power(self) -> V {
        self.re.mul(self.re).mul_add(self.im, self.im)
    }

    /// Returns one complex number in every lane.
    #[inline(always)]
    pub fn splat([re, im]: [f32; 2]) -> Self {
        Self { re: V::splat(re), im: V::splat(im) }
    }
}

impl<V: Vector> Add for Complex<V> {
    type Output = Self;

    #[inline(always)]
    fn add(self, other: Self) -> Self {
        Self { re: self.re.add(other.re), im: self.im.add(other.im) }
    }
}

impl<V: Vector> Sub for Complex<V> {
    type Output = Self;

    #[inline(always)]
    fn sub(self, other: Self) -> Self {
        Self { re: self.re.sub(other.re), im: self.im.sub(other.im) }
    }
}
