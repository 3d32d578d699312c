//! The formats: where a file's tag is, as raw entries, and everything else in it.

mod ape;
mod flac;
mod id3;
mod iff;
mod mp4;
mod mp4_tables;
mod mp4_write;
mod mpeg;
mod ogg;
mod ogg_page;
mod vorbis;

use std::borrow::Cow;

use crate::encode::Raw;
use crate::error::TagError;
use crate::field::Field;
use crate::scheme::Scheme;

/// The format of a file, by its content.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Container {
    /// MP1, MP2 and MP3.
    Mpeg,
    /// AAC in ADTS frames.
    Adts,
    Flac,
    Ogg,
    Mp4,
    Wav,
    Aiff,
    /// Monkey's Audio.
    Monkey,
    WavPack,
    Musepack,
}

/// A file's tag as raw entries (frames, comments, atoms, items), and a digest of everything else that
/// must stay as it is.
#[derive(Debug)]
pub(crate) struct Layout<'a> {
    pub(crate) container: Container,
    pub(crate) scheme: Scheme,
    /// In the order of the file.
    pub(crate) entries: Vec<Cow<'a, [u8]>>,
    /// Digest of the audio, and of all other data but sizes, padding and positions.
    pub(crate) outside: [u8; 32],
}

impl Layout<'_> {
    /// Whether an entry belongs to a field.
    pub(crate) fn is_of(&self, entry: &[u8], field: &Field) -> Result<bool, TagError> {
        match self.scheme {
            Scheme::Id3v2(version) => id3::is_of(entry, version, field),
            Scheme::Vorbis => Ok(vorbis::is_of(entry, field)),
            Scheme::Mp4 => Ok(mp4::is_of(entry, field)),
            Scheme::Ape => Ok(ape::is_of(entry, field)),
        }
    }
}

/// Recognises the format.
pub(crate) fn container(bytes: &[u8]) -> Result<Container, TagError> {
    let start = |text: &[u8]| bytes.starts_with(text);
    let kind = |at: usize| bytes.get(at..at + 4).unwrap_or_default();
    if start(b"fLaC") {
        return Ok(Container::Flac);
    }
    if start(b"OggS") {
        return Ok(Container::Ogg);
    }
    if kind(4) == b"ftyp" {
        return Ok(Container::Mp4);
    }
    if start(b"RIFF") && kind(8) == b"WAVE" {
        return Ok(Container::Wav);
    }
    if start(b"FORM") && matches!(kind(8), b"AIFF" | b"AIFC") {
        return Ok(Container::Aiff);
    }
    if start(b"MAC ") {
        return Ok(Container::Monkey);
    }
    if start(b"wvpk") {
        return Ok(Container::WavPack);
    }
    if start(b"MPCK") || start(b"MP+") {
        return Ok(Container::Musepack);
    }
    mpeg::container(bytes)
}

/// Reads where everything is.
pub(crate) fn read(bytes: &[u8]) -> Result<Layout<'_>, TagError> {
    let container = container(bytes)?;
    match container {
        Container::Mpeg | Container::Adts => mpeg::read(bytes, container),
        Container::Flac => flac::read(bytes),
        Container::Ogg => ogg::read(bytes),
        Container::Mp4 => mp4::read(bytes),
        Container::Wav | Container::Aiff => iff::read(bytes, container),
        Container::Monkey | Container::WavPack | Container::Musepack => ape::read(bytes, container),
    }
}

/// The file with other entries in its tag.
pub(crate) fn write(
    bytes: &[u8],
    layout: &Layout<'_>,
    entries: &[Raw<'_>],
) -> Result<Vec<u8>, TagError> {
    match (layout.container, layout.scheme) {
        (Container::Mpeg | Container::Adts, Scheme::Id3v2(_)) => mpeg::write(bytes, entries),
        (Container::Flac, _) => flac::write(bytes, entries),
        (Container::Ogg, _) => ogg::write(bytes, entries),
        (Container::Mp4, _) => mp4_write::write(bytes, entries),
        (Container::Wav | Container::Aiff, _) => iff::write(bytes, layout.container, entries),
        (_, _) => ape::write(bytes, entries),
    }
}
