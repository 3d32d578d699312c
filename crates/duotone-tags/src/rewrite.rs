//! A file's bytes with other values in its tag, verified.

use std::borrow::Cow;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::container::{self, Layout};
use crate::encode::{self, Raw, joined};
use crate::error::TagError;
use crate::field::Field;
use crate::reader;
use crate::replace::{self, MAX_FILE};
use crate::scheme::Scheme;
use crate::stamp::Stamp;

/// New values of a field.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// The field.
    pub field: Field,
    /// Its values before, for people to read.
    pub before: Vec<String>,
    /// The values to write: at least one.
    pub after: Vec<String>,
}

/// The values of fields in a file, by its bytes. In ID3v2.3, several genres are one text, `Rock/Pop`. A
/// genre that is only in a tag that is never written (ID3v1, RIFF's own) is a value, too.
///
/// # Errors
/// [`TagError::Unsupported`] and [`TagError::Damaged`] if tags of this file could not be written either.
pub fn values(bytes: &[u8], fields: &[&Field]) -> Result<Vec<Vec<String>>, TagError> {
    let layout = container::read(bytes)?;
    let tag = reader::read(bytes, &layout)?;
    let mut values = Vec::new();
    for &field in fields {
        let mut found = tag.values(field);
        if found.is_empty() && *field == Field::Genre {
            found.extend(reader::genre_elsewhere(bytes, &layout)?);
        }
        values.push(found);
    }
    Ok(values)
}

/// Reads a file that is to be planned: its version, and the values of fields.
///
/// # Errors
/// As [`values`]; [`TagError::Protected`] for files that are never replaced, such as links;
/// [`TagError::Io`].
pub fn inspect(path: &Path, fields: &[&Field]) -> Result<(Stamp, Vec<Vec<String>>), TagError> {
    let original = replace::open(path)?;
    let values = values(&original.bytes, fields)?;
    Ok((Stamp::new(&original.bytes, &original.about), values))
}

/// Returns the file with the changed fields. Every other entry of the tag is copied byte by byte, and so
/// is everything outside the tag. The result is read again in two ways: by this crate, which compares all
/// other entries and the digest of everything outside the tag, and by lofty, which must find the new
/// values and otherwise what it found before.
///
/// # Errors
/// [`TagError::Unsupported`] for formats and forms of tags that are not written; [`TagError::Damaged`] if
/// the file does not follow its format; [`TagError::Value`] for values that cannot be written;
/// [`TagError::NotPreserved`] if the verification finds any other difference.
pub fn rewrite(bytes: &[u8], changes: &[Change]) -> Result<Vec<u8>, TagError> {
    if bytes.len() > MAX_FILE {
        return Err(TagError::Unsupported("it is larger than 2 GiB"));
    }
    for (number, change) in changes.iter().enumerate() {
        change.field.check(&change.after)?;
        if changes[..number].iter().any(|other| other.field == change.field) {
            return Err(TagError::Value(format!("{} is changed twice", change.field)));
        }
    }
    let layout = container::read(bytes)?;
    let before = reader::read(bytes, &layout)?;
    let entries = changed_entries(&layout, changes)?;
    let new = container::write(bytes, &layout, &entries)?;

    let again = container::read(&new)?;
    if again.outside != layout.outside {
        return Err(TagError::NotPreserved("data outside the tag"));
    }
    if again.scheme != layout.scheme || again.container != layout.container {
        return Err(TagError::NotPreserved("the format of the tag"));
    }
    if again.entries != entries {
        return Err(TagError::NotPreserved("an entry of the tag"));
    }
    let after = reader::read(&new, &again)?;
    let fields: Vec<&Field> = changes.iter().map(|change| &change.field).collect();
    if before.others(&fields) != after.others(&fields) {
        return Err(TagError::NotPreserved("another field"));
    }
    for change in changes {
        if !holds(&after.values(&change.field), change, layout.scheme) {
            return Err(TagError::NotPreserved("a new value"));
        }
    }
    Ok(new)
}

/// The entries with those of changed fields replaced, where the first of them was, or at the end.
fn changed_entries<'a>(
    layout: &'a Layout<'_>,
    changes: &[Change],
) -> Result<Vec<Raw<'a>>, TagError> {
    let mut entries: Vec<Raw<'a>> = Vec::new();
    let mut pending: Vec<Option<&Change>> = changes.iter().map(Some).collect();
    for entry in &layout.entries {
        let mut is_kept = true;
        for (number, change) in changes.iter().enumerate() {
            if layout.is_of(entry, &change.field)? {
                is_kept = false;
                if let Some(change) = pending[number].take() {
                    entries.extend(encode::entries(layout.scheme, &change.field, &change.after)?);
                }
            }
        }
        if is_kept {
            entries.push(Cow::Borrowed(entry));
        }
    }
    for change in pending.into_iter().flatten() {
        entries.extend(encode::entries(layout.scheme, &change.field, &change.after)?);
    }
    Ok(entries)
}

/// Whether lofty finds the new values.
fn holds(found: &[String], change: &Change, scheme: Scheme) -> bool {
    match scheme {
        Scheme::Id3v2(version) if version == 3 || change.field == Field::Comment => {
            let text = joined(version, &change.field, &change.after);
            // lofty removes one of two parentheses.
            found.concat() == text || found.concat() == text[1..]
        }
        _ => found == change.after,
    }
}
