/// An error on a GPU.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such device. The message lists the existing ones.
    #[error("{0}")]
    NoDevice(String),
    /// The network or its mini-batch exceeds the device's limits.
    #[error("too large for this GPU: {0}")]
    Limit(String),
    /// Networks of several blocks per pipeline run only on the CPU.
    #[error(
        "the GPU runs networks with one block per pipeline and a hidden layer: use the CPU for this one"
    )]
    Architecture,
    /// The device failed or was removed during its work.
    #[error("the GPU was lost: {0}")]
    Lost(String),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Interrupted,
    /// The network itself is invalid.
    #[error(transparent)]
    Network(#[from] duotone_nn::Error),
}
