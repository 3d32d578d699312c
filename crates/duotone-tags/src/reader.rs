//! What lofty reads from a file: a second opinion on every change, independent of [`crate::container`].

use std::io::Cursor;
use std::panic::{AssertUnwindSafe, catch_unwind};

use lofty::aac::AacFile;
use lofty::ape::{ApeFile, ApeTag};
use lofty::config::{GlobalOptions, ParseOptions, ParsingMode, apply_global_options};
use lofty::file::AudioFile;
use lofty::flac::FlacFile;
use lofty::id3::v2::{Frame, Id3v2Tag};
use lofty::iff::aiff::AiffFile;
use lofty::iff::wav::WavFile;
use lofty::mp4::{AtomData, AtomIdent, Ilst, Mp4File};
use lofty::mpeg::MpegFile;
use lofty::musepack::MpcFile;
use lofty::ogg::tag::VorbisComments;
use lofty::ogg::{OggPictureStorage, OpusFile, VorbisFile};
use lofty::picture::Picture;
use lofty::tag::Accessor;
use lofty::wavpack::WavPackFile;

use crate::container::{Container, Layout};
use crate::encode::{ape_key, ident};
use crate::error::TagError;
use crate::field::Field;
use crate::scheme::Scheme;

/// Largest allocation for a tag: pictures of up to this size.
const MAX_ALLOCATION: usize = 256 << 20;

/// A tag as lofty reads it.
pub(crate) enum Tag {
    Id3v2(Id3v2Tag),
    Vorbis(VorbisComments, Vec<Picture>),
    Mp4(Ilst),
    Ape(ApeTag),
    None,
}

/// Reads the tag that [`crate::container`] found.
pub(crate) fn read(bytes: &[u8], layout: &Layout<'_>) -> Result<Tag, TagError> {
    guarded(|| tag(bytes, layout))
}

/// The genre in a tag that is never written: ID3v1, APE in addition to ID3v2, and RIFF's own.
pub(crate) fn genre_elsewhere(
    bytes: &[u8],
    layout: &Layout<'_>,
) -> Result<Option<String>, TagError> {
    guarded(|| {
        let file = &mut Cursor::new(bytes);
        Ok(match layout.container {
            Container::Mpeg => {
                let file = MpegFile::read_from(file, options())?;
                let ape =
                    file.ape().filter(|_| layout.scheme != Scheme::Ape).and_then(Accessor::genre);
                ape.or(file.id3v1().and_then(Accessor::genre)).map(Into::into)
            }
            Container::Wav => {
                let file = WavFile::read_from(file, options())?;
                file.riff_info().and_then(Accessor::genre).map(Into::into)
            }
            _ => None,
        })
    })
}

type Read<T> = Result<T, Box<dyn std::error::Error>>;

/// Runs a reader of lofty's. A panic is an error of the file.
fn guarded<T>(read: impl FnOnce() -> Read<T>) -> Result<T, TagError> {
    let damaged = TagError::Damaged("its tag cannot be read");
    apply_global_options(GlobalOptions::new().allocation_limit(MAX_ALLOCATION));
    match catch_unwind(AssertUnwindSafe(read)) {
        Ok(Ok(found)) => Ok(found),
        Ok(Err(_)) | Err(_) => Err(damaged),
    }
}

fn options() -> ParseOptions {
    let mut options = ParseOptions::new();
    options = options.read_properties(false);
    options = options.parsing_mode(ParsingMode::BestAttempt);
    options.implicit_conversions(false)
}

fn tag(bytes: &[u8], layout: &Layout<'_>) -> Read<Tag> {
    let options = options();
    let file = &mut Cursor::new(bytes);
    let id3 = |tag: Option<&Id3v2Tag>| tag.map_or(Tag::None, |tag| Tag::Id3v2(tag.clone()));
    let ape = |tag: Option<&ApeTag>| tag.map_or(Tag::None, |tag| Tag::Ape(tag.clone()));
    Ok(match layout.container {
        Container::Mpeg => {
            let file = MpegFile::read_from(file, options)?;
            if layout.scheme == Scheme::Ape { ape(file.ape()) } else { id3(file.id3v2()) }
        }
        Container::Adts => id3(AacFile::read_from(file, options)?.id3v2()),
        Container::Wav => id3(WavFile::read_from(file, options)?.id3v2()),
        Container::Aiff => id3(AiffFile::read_from(file, options)?.id3v2()),
        Container::Monkey => ape(ApeFile::read_from(file, options)?.ape()),
        Container::WavPack => ape(WavPackFile::read_from(file, options)?.ape()),
        Container::Musepack => ape(MpcFile::read_from(file, options)?.ape()),
        Container::Mp4 => {
            let file = Mp4File::read_from(file, options)?;
            file.ilst().map_or(Tag::None, |tag| Tag::Mp4(tag.clone()))
        }
        Container::Flac => {
            let file = FlacFile::read_from(file, options)?;
            let pictures = file.pictures().iter().map(|(picture, _)| picture.clone()).collect();
            let comments = file.vorbis_comments().cloned().unwrap_or_default();
            Tag::Vorbis(comments, pictures)
        }
        Container::Ogg => {
            let comments = match bytes.windows(8).take(64).any(|bytes| bytes == b"OpusHead") {
                true => OpusFile::read_from(file, options)?.vorbis_comments().clone(),
                false => VorbisFile::read_from(file, options)?.vorbis_comments().clone(),
            };
            Tag::Vorbis(comments, Vec::new())
        }
    })
}

impl Tag {
    /// The values of a field.
    pub(crate) fn values(&self, field: &Field) -> Vec<String> {
        match self {
            Self::None => Vec::new(),
            Self::Id3v2(tag) => id3_values(tag, field),
            Self::Vorbis(comments, _) => comments
                .items()
                .filter(|(key, _)| key.eq_ignore_ascii_case(field.name()))
                .map(|(_, value)| value.to_owned())
                .collect(),
            Self::Mp4(tag) => mp4_values(tag, field),
            Self::Ape(tag) => tag
                .get(&ape_key(field))
                .and_then(|item| Some(item.text_values()?.map(str::to_owned).collect()))
                .unwrap_or_default(),
        }
    }

    /// Everything that is not in one of the fields, as far as lofty understands it.
    pub(crate) fn others(&self, fields: &[&Field]) -> Vec<(String, Vec<u8>)> {
        let kept = |name: &str| !fields.iter().any(|field| name.eq_ignore_ascii_case(field.name()));
        match self {
            Self::None => Vec::new(),
            Self::Id3v2(tag) => {
                let changed = |frame: &&Frame<'_>| fields.iter().any(|field| is_of(frame, field));
                tag.into_iter().filter(|frame| !changed(frame)).map(frame).collect()
            }
            Self::Vorbis(comments, pictures) => {
                let items = comments.items().filter(|(key, _)| kept(key));
                let mut all: Vec<(String, Vec<u8>)> =
                    items.map(|(key, value)| (key.to_owned(), value.into())).collect();
                let inside = comments.pictures().iter().map(|(picture, _)| picture);
                all.extend(pictures.iter().chain(inside).map(picture));
                all
            }
            Self::Mp4(tag) => {
                let changed: Vec<AtomIdent<'_>> = fields.iter().map(|field| ident(field)).collect();
                let changed =
                    |found: &AtomIdent<'_>| changed.iter().any(|ident| same(ident, found));
                let atoms = tag.into_iter().filter(|atom| !changed(atom.ident()));
                atoms.map(|atom| (format!("{:?}", atom.ident()), data(atom.data()))).collect()
            }
            Self::Ape(tag) => {
                let items = tag.into_iter().filter(|item| kept(item.key()));
                items
                    .map(|item| (item.key().to_owned(), format!("{:?}", item.value()).into()))
                    .collect()
            }
        }
    }
}

fn id3_values(tag: &Id3v2Tag, field: &Field) -> Vec<String> {
    let split = |text: &str| -> Vec<String> {
        let values = text.split('\0').filter(|value| !value.is_empty());
        values.map(str::to_owned).collect()
    };
    if *field == Field::Genre {
        let genres = tag.genres().into_iter().flatten();
        return genres.filter(|genre| !genre.is_empty()).map(str::to_owned).collect();
    }
    let mut values = Vec::new();
    for frame in tag.into_iter().filter(|frame| is_of(frame, field)) {
        values.extend(match frame {
            Frame::Text(frame) => split(&frame.value),
            Frame::UserText(frame) => split(&frame.content),
            Frame::Comment(frame) => split(&frame.content),
            _ => Vec::new(),
        });
    }
    values
}

fn is_of(frame: &Frame<'_>, field: &Field) -> bool {
    match (field, frame) {
        (Field::Genre, Frame::Text(frame)) => frame.id().as_str() == "TCON",
        (Field::Grouping, Frame::Text(frame)) => frame.id().as_str() == "TIT1",
        (Field::Mood, Frame::Text(frame)) => frame.id().as_str() == "TMOO",
        (Field::Mood | Field::Custom(_), Frame::UserText(frame)) => {
            frame.description.eq_ignore_ascii_case(field.name())
        }
        (Field::Comment, Frame::Comment(frame)) => frame.description.is_empty(),
        _ => false,
    }
}

fn frame(frame: &Frame<'_>) -> (String, Vec<u8>) {
    let content = match frame {
        Frame::Text(frame) => frame.value.as_bytes().to_vec(),
        Frame::UserText(frame) => format!("{}\0{}", frame.description, frame.content).into(),
        Frame::Comment(frame) => format!("{}\0{}", frame.description, frame.content).into(),
        Frame::Picture(frame) => frame.picture.data().to_vec(),
        Frame::Binary(frame) => frame.data.to_vec(),
        _ => Vec::new(),
    };
    (frame.id_str().to_owned(), content)
}

fn picture(picture: &Picture) -> (String, Vec<u8>) {
    (format!("{:?}", picture.pic_type()), picture.data().to_vec())
}

fn mp4_values(tag: &Ilst, field: &Field) -> Vec<String> {
    let mut values = Vec::new();
    for atom in tag.into_iter().filter(|atom| same(&ident(field), atom.ident())) {
        for data in atom.data() {
            if let AtomData::UTF8(text) | AtomData::UTF16(text) = data {
                values.push(text.clone());
            }
        }
    }
    values
}

/// Whether two names of atoms are the same. iTunes does not distinguish capital letters.
fn same(one: &AtomIdent<'_>, other: &AtomIdent<'_>) -> bool {
    match (one, other) {
        (AtomIdent::Fourcc(genre), AtomIdent::Fourcc(found)) if genre == b"\xa9gen" => {
            found == genre || found == b"gnre"
        }
        (AtomIdent::Fourcc(one), AtomIdent::Fourcc(other)) => one == other,
        (
            AtomIdent::Freeform { mean, name },
            AtomIdent::Freeform { mean: other_mean, name: other_name },
        ) => mean == other_mean && name.eq_ignore_ascii_case(other_name),
        _ => false,
    }
}

fn data<'a>(data: impl Iterator<Item = &'a AtomData>) -> Vec<u8> {
    let mut all = Vec::new();
    for data in data {
        match data {
            AtomData::Picture(picture) => all.extend_from_slice(picture.data()),
            other => all.extend(format!("{other:?}").into_bytes()),
        }
    }
    all
}
