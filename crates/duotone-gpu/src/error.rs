/// What can go wrong on a GPU.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// There is no such device; the message lists those there are.
    #[error("{0}")]
    NoDevice(String),
    /// The network or its mini-batch is larger than the device allows.
    #[error("too large for this GPU: {0}")]
    Limit(String),
    /// The device failed or was taken away in the midst of its work.
    #[error("the GPU was lost: {0}")]
    Lost(String),
    /// The caller asked to stop.
    #[error("stopped on request")]
    Interrupted,
    /// The network itself is not possible.
    #[error(transparent)]
    Network(#[from] duotone_nn::Error),
}
