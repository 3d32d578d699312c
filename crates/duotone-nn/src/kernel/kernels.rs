use super::Isa;

/// Which kernels to use: all compute the same values up to rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    /// The instruction set.
    pub isa: Isa,
    /// The method for convolutions.
    pub method: Method,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// Whichever costs less for the pipeline's sizes.
    #[default]
    Cheapest,
    /// Tap by tap.
    Direct,
    /// In the frequency domain along time, unless that needs far more memory than the layer.
    Spectral,
}

impl Default for Kernels {
    /// Returns the fastest kernels on this processor.
    fn default() -> Self {
        Self { isa: Isa::best(), method: Method::Cheapest }
    }
}

impl Kernels {
    /// Returns all combinations on this processor.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let methods = [Method::Cheapest, Method::Direct, Method::Spectral];
        let every = |isa| methods.map(|method| Self { isa, method });
        Isa::available().into_iter().flat_map(every).collect()
    }

    /// Returns the names of the instruction set and the method.
    #[must_use]
    pub fn name(self) -> String {
        let method = match self.method {
            Method::Cheapest => "cheapest",
            Method::Direct => "direct",
            Method::Spectral => "spectral",
        };
        format!("{}, {method}", self.isa.name())
    }
}
