/// What can be wrong with an architecture, with weights, or with a batch.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The architecture cannot exist; the message names the pipeline and the sizes.
    #[error("impossible architecture: {0}")]
    Architecture(String),
    /// The architecture asks for more memory or work than the limits allow.
    #[error("architecture over a limit: {0}")]
    Limit(String),
    /// A tensor is missing, superfluous or of another shape than the architecture's.
    #[error("weights do not fit the architecture: {0}")]
    Weights(String),
    /// A batch whose length is not a whole number of segments, or a label out of range.
    #[error("bad batch: {0}")]
    Batch(String),
}
