use super::Isa;

/// Which kernels compute: all give the same numbers but for rounding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Kernels {
    /// The instruction set.
    pub isa: Isa,
    /// The way of the convolutions.
    pub method: Method,
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum Method {
    /// Whichever needs less work for the pipeline's sizes.
    #[default]
    Cheapest,
    /// Tap by tap.
    Direct,
    /// In the frequency domain along time, where its memory is in proportion to the layer's.
    Spectral,
}

impl Default for Kernels {
    /// The fastest on this processor.
    fn default() -> Self {
        Self { isa: Isa::best(), method: Method::Cheapest }
    }
}

impl Kernels {
    /// All there are on this processor.
    #[must_use]
    pub fn available() -> Vec<Self> {
        let methods = [Method::Cheapest, Method::Direct, Method::Spectral];
        let every = |isa| methods.map(|method| Self { isa, method });
        Isa::available().into_iter().flat_map(every).collect()
    }

    /// The instruction set and the way, in words.
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
