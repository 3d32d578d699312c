//! Entries for new values, encoded by lofty.

use std::borrow::Cow;

use lofty::TextEncoding;
use lofty::ape::{ApeItem, ApeTag};
use lofty::config::WriteOptions;
use lofty::id3::v2::{
    CommentFrame, ExtendedTextFrame, Frame, FrameId, Id3v2Tag, TextInformationFrame,
};
use lofty::mp4::{Atom, AtomData, AtomIdent, Ilst};
use lofty::tag::{ItemValue, TagExt};

use crate::error::TagError;
use crate::field::Field;
use crate::scheme::Scheme;

/// The bytes of an entry.
pub(crate) type Raw<'a> = Cow<'a, [u8]>;

/// Lengths of what lofty writes around the entries.
const ID3_HEADER: usize = 10;
const ATOM_HEADER: usize = 8;
const APE_FRAME: usize = 32;

/// Where iTunes keeps texts of a user's own.
const ITUNES: &str = "com.apple.iTunes";
/// The language of a comment, which ID3 requires.
const LANGUAGE: [u8; 3] = *b"eng";

/// The entries for values of a field.
pub(crate) fn entries(
    scheme: Scheme,
    field: &Field,
    values: &[String],
) -> Result<Vec<Raw<'static>>, TagError> {
    let failed = |_| TagError::Value(format!("the value of {field} cannot be encoded"));
    let mut bytes = Vec::new();
    match scheme {
        Scheme::Id3v2(version) => {
            let frame = frame(version, field, joined(version, field, values));
            let mut tag = Id3v2Tag::new();
            tag.insert(frame);
            let mut options = WriteOptions::new().preferred_padding(0);
            let options = options.use_id3v23(version == 3).lossy_text_encoding(false);
            tag.dump_to(&mut bytes, options).map_err(failed)?;
            let mut frame = bytes.split_off(ID3_HEADER.min(bytes.len()));
            if *field == Field::Genre {
                frame.splice(..4, *b"TCON");
            }
            Ok(vec![frame.into()])
        }
        Scheme::Vorbis => {
            let comment = |value| format!("{}={value}", field.name()).into_bytes().into();
            Ok(values.iter().map(comment).collect())
        }
        Scheme::Mp4 => {
            let data = values.iter().map(|value| AtomData::UTF8(value.clone())).collect();
            let mut tag = Ilst::new();
            if let Some(atom) = Atom::from_collection(ident(field), data) {
                tag.insert(atom);
            }
            tag.dump_to(&mut bytes, WriteOptions::new()).map_err(failed)?;
            Ok(vec![bytes.split_off(ATOM_HEADER.min(bytes.len())).into()])
        }
        Scheme::Ape => {
            let value = ItemValue::Text(values.join("\0"));
            let item = ApeItem::new(ape_key(field), value);
            let mut tag = ApeTag::new();
            tag.insert(item.map_err(|_| TagError::Value(format!("{field} is no APE key")))?);
            tag.dump_to(&mut bytes, WriteOptions::new()).map_err(failed)?;
            let end = bytes.len().saturating_sub(APE_FRAME);
            Ok(vec![bytes.get(APE_FRAME..end).unwrap_or_default().to_vec().into()])
        }
    }
}

/// The text of a frame.
pub(crate) fn joined(version: u8, field: &Field, values: &[String]) -> String {
    match (version, field) {
        (_, Field::Comment) => values.join("; "),
        (4, _) => values.join("\0"),
        // In 2.3 a genre in parentheses is a number in the list of ID3v1, unless they are doubled.
        (_, Field::Genre) if values.first().is_some_and(|value| value.starts_with('(')) => {
            format!("({}", values.join("/"))
        }
        _ => values.join("/"),
    }
}

fn frame(version: u8, field: &Field, text: String) -> Frame<'static> {
    let encoding = TextEncoding::UTF8;
    let named = |name: &'static str, text| {
        Frame::Text(TextInformationFrame::new(FrameId::Valid(name.into()), encoding, text))
    };
    match field {
        // Renamed afterwards: under its own name, lofty adds parentheses in version 2.3.
        Field::Genre | Field::Grouping => named("TIT1", text),
        Field::Comment => Frame::Comment(CommentFrame::new(encoding, LANGUAGE, "", text)),
        // Version 2.3 has no frame for it.
        Field::Mood if version == 4 => named("TMOO", text),
        Field::Mood | Field::Custom(_) => {
            Frame::UserText(ExtendedTextFrame::new(encoding, field.name().to_owned(), text))
        }
    }
}

/// The atom of a field.
pub(crate) fn ident(field: &Field) -> AtomIdent<'static> {
    match field {
        Field::Genre => AtomIdent::Fourcc(*b"\xa9gen"),
        Field::Grouping => AtomIdent::Fourcc(*b"\xa9grp"),
        Field::Comment => AtomIdent::Fourcc(*b"\xa9cmt"),
        Field::Mood | Field::Custom(_) => {
            AtomIdent::Freeform { mean: ITUNES.into(), name: field.name().to_owned().into() }
        }
    }
}

/// The key of a field in APE tags.
pub(crate) fn ape_key(field: &Field) -> String {
    match field {
        Field::Custom(name) => name.clone(),
        _ => {
            let (first, rest) = field.name().split_at(1);
            format!("{first}{}", rest.to_ascii_lowercase())
        }
    }
}
