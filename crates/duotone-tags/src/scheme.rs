/// How a file's tag is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scheme {
    /// Frames of this version: 3 or 4.
    Id3v2(u8),
    Vorbis,
    Mp4,
    Ape,
}
