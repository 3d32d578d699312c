use super::portable::Portable;
#[cfg(target_arch = "x86_64")]
use super::x86::Avx2;
use crate::vector::Kernel;

/// An instruction set that this processor has; there is no other way to construct one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Isa(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    #[cfg(target_arch = "x86_64")]
    Avx2,
    Portable,
}

impl Isa {
    /// Returns the fastest of [`available`](Self::available).
    #[must_use]
    pub fn best() -> Self {
        #[cfg(target_arch = "x86_64")]
        if has_avx2() {
            return Self(Kind::Avx2);
        }
        Self(Kind::Portable)
    }

    /// Returns all instruction sets of this processor, fastest first; the portable one is always there.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let mut all = vec![Self::best()];
        if Self::best() != Self(Kind::Portable) {
            all.push(Self(Kind::Portable));
        }
        all
    }

    /// Returns the common name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => "AVX2+FMA",
            Kind::Portable => "portable",
        }
    }

    /// Returns the number of values in a register.
    pub fn lanes(self) -> usize {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => <Avx2 as super::Vector>::LANES,
            Kind::Portable => <Portable as super::Vector>::LANES,
        }
    }

    /// Runs a kernel compiled for this instruction set.
    #[inline]
    pub fn run<K: Kernel>(self, kernel: K) -> K::Output {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            // SAFETY: an `Isa` of this kind is constructed only if `has_avx2` is true.
            Kind::Avx2 => unsafe { run_avx2(kernel) },
            Kind::Portable => kernel.run::<Portable>(),
        }
    }
}

#[cfg(target_arch = "x86_64")]
fn has_avx2() -> bool {
    std::arch::is_x86_feature_detected!("avx2") && std::arch::is_x86_feature_detected!("fma")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn run_avx2<K: Kernel>(kernel: K) -> K::Output {
    kernel.run::<Avx2>()
}
