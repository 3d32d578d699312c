/// An error on the way from a file to its spectrogram.
///
/// Messages give the reason and, if there is one, the remedy. They leave out the file's name, which
/// the caller puts in front.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not audio, or a container or codec that is not supported.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The content contradicts its own format, or holds samples that are not finite.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Decoding produced no samples.
    #[error("the file contains no audio")]
    NoAudio,
    /// There are no samples, or too few to give one at the front end's rate.
    #[error("the samples are empty, or too few to be resampled")]
    NoSamples,
    /// The content exceeds a limit.
    #[error("over a limit: {0}")]
    Limit(String),
    /// The parameters of the front end or the segmenter are invalid.
    #[error("invalid front end: {0}")]
    Spec(String),
}
