/// An invalid architecture, invalid weights, or an invalid batch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The architecture's sizes are inconsistent; the message names the pipeline and the sizes.
    #[error("impossible architecture: {0}")]
    Architecture(String),
    /// The architecture exceeds a limit.
    #[error("architecture over a limit: {0}")]
    Limit(String),
    /// A tensor is missing, unexpected, or has another shape than the architecture's.
    #[error("weights do not fit the architecture: {0}")]
    Weights(String),
    /// A batch's length is not a whole number of segments, or a label is out of range.
    #[error("bad batch: {0}")]
    Batch(String),
}
