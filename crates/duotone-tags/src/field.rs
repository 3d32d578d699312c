use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::error::TagError;

/// A field of a tag, by the same name in every format.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Field {
    /// Genre; several values are allowed.
    Genre,
    /// Mood.
    Mood,
    /// Grouping: a category above the genre, or any set of pieces.
    Grouping,
    /// The comment without a description.
    Comment,
    /// A field of the user's own, in capital letters.
    Custom(String),
}

/// Names with a meaning of their own in at least one format: as a field of the user's own, one of these
/// would overwrite what a player shows.
const STANDARD: [&str; 44] = [
    "ALBUM",
    "ALBUMARTIST",
    "ALBUM ARTIST",
    "ALBUMARTISTSORT",
    "ALBUMSORT",
    "ARRANGER",
    "ARTIST",
    "ARTISTSORT",
    "ARTISTS",
    "BPM",
    "COMPILATION",
    "COMPOSER",
    "COMPOSERSORT",
    "CONDUCTOR",
    "COPYRIGHT",
    "COVERART",
    "CUESHEET",
    "DATE",
    "DESCRIPTION",
    "DISCNUMBER",
    "DISCTOTAL",
    "ENCODER",
    "ISRC",
    "KEY",
    "LABEL",
    "LANGUAGE",
    "LICENSE",
    "LYRICIST",
    "LYRICS",
    "METADATA_BLOCK_PICTURE",
    "ORGANIZATION",
    "PERFORMER",
    "PUBLISHER",
    "REMIXER",
    "TITLE",
    "TITLESORT",
    "TOTALDISCS",
    "TOTALTRACKS",
    "TRACK",
    "TRACKNUMBER",
    "TRACKTOTAL",
    "VENDOR",
    "VERSION",
    "YEAR",
];

/// Longest name of a field, in bytes.
const MAX_NAME: usize = 64;
/// Largest number of values of a field, and the longest value, in bytes.
const MAX_VALUES: usize = 64;
const MAX_VALUE: usize = 4096;

impl Field {
    /// Checks values that are to be written to this field.
    ///
    /// # Errors
    /// [`TagError::Value`] if there is none, or one is empty, too long or contains control characters.
    pub fn check(&self, values: &[String]) -> Result<(), TagError> {
        let bad = |reason: &str| Err(TagError::Value(format!("the value of {self} {reason}")));
        if values.is_empty() || values.len() > MAX_VALUES {
            return bad("must be 1 to 64 texts");
        }
        for value in values {
            if value.trim().is_empty() || value.len() > MAX_VALUE {
                return bad("must be 1 to 4096 bytes long");
            }
            if value.chars().any(char::is_control) {
                return bad("must not contain control characters");
            }
        }
        Ok(())
    }

    /// The name in Vorbis comments, and of a text of the user's own in other formats.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Genre => "GENRE",
            Self::Mood => "MOOD",
            Self::Grouping => "GROUPING",
            Self::Comment => "COMMENT",
            Self::Custom(name) => name,
        }
    }
}

impl FromStr for Field {
    type Err = TagError;

    fn from_str(text: &str) -> Result<Self, TagError> {
        let bad = |reason: &str| Err(TagError::Value(format!("the field `{text}` {reason}")));
        let name = text.to_ascii_uppercase();
        let allowed = |c: char| c.is_ascii_alphanumeric() || "_- .".contains(c);
        match &*name {
            "GENRE" => return Ok(Self::Genre),
            "MOOD" => return Ok(Self::Mood),
            "GROUPING" => return Ok(Self::Grouping),
            "COMMENT" => return Ok(Self::Comment),
            _ => {}
        }
        if name.len() < 4 || name.len() > MAX_NAME || name.trim() != name {
            return bad("must have 4 to 64 characters");
        }
        if !name.chars().all(allowed) {
            return bad("may only contain letters, digits, spaces, `_`, `-` and `.`");
        }
        if STANDARD.contains(&&*name) {
            return bad("has a meaning of its own in tags, so it is not written");
        }
        Ok(Self::Custom(name))
    }
}

impl fmt::Display for Field {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Genre => "genre",
            Self::Mood => "mood",
            Self::Grouping => "grouping",
            Self::Comment => "comment",
            Self::Custom(name) => name,
        })
    }
}

impl TryFrom<String> for Field {
    type Error = TagError;

    fn try_from(text: String) -> Result<Self, TagError> {
        text.parse()
    }
}

impl From<Field> for String {
    fn from(field: Field) -> Self {
        field.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Field;

    #[test]
    fn names_have_one_spelling() {
        assert_eq!("Genre".parse::<Field>().unwrap(), Field::Genre);
        let own: Field = "duotone_label".parse().unwrap();
        assert_eq!(own.to_string(), "DUOTONE_LABEL");
        for bad in ["", "abc", "artist", "Album Artist", "a=bcd", "näme", " genre2", "A\0BCD"] {
            assert!(bad.parse::<Field>().is_err(), "{bad}");
        }
    }

    #[test]
    fn values_are_checked() {
        let check = |values: &[&str]| {
            Field::Genre.check(&values.iter().map(|&value| value.to_owned()).collect::<Vec<_>>())
        };
        assert!(check(&["Drum & Bass", "日本"]).is_ok());
        assert!(check(&[]).is_err() && check(&[" "]).is_err() && check(&["a\0b"]).is_err());
        assert!(check(&[&"x".repeat(4097)]).is_err() && check(&["x"; 65]).is_err());
    }
}
