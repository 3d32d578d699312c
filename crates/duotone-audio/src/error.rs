/// What can go wrong between a file and its spectrogram.
///
/// Messages name the reason and, where there is one, the cure; the caller knows the file's name
/// and puts it in front.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The file could not be opened or read.
    #[error("{0}")]
    Io(#[from] std::io::Error),
    /// Not audio at all, or a container or codec that is not read here.
    #[error("unsupported: {0}")]
    Unsupported(String),
    /// The content contradicts its own format, or holds samples that are not finite.
    #[error("malformed: {0}")]
    Malformed(String),
    /// Decoding gave not one sample.
    #[error("the file holds no audio")]
    NoAudio,
    /// The content asks for more than the limits allow.
    #[error("over a limit: {0}")]
    Limit(String),
    /// The front end's or segmenter's own numbers make no sense.
    #[error("impossible front end: {0}")]
    Spec(String),
}
