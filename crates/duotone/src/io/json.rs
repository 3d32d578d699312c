//! Serialization of paths as unambiguous text (see [`path_text`]) and of counts, and parsing of enum names.

use std::path::Path;

use serde::Serializer;

use crate::path_text::path_text;

/// For `#[serde(serialize_with)]` on a path.
pub(crate) fn path<S: Serializer>(
    path: &impl AsRef<Path>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(&path_text(path.as_ref()))
}

/// For `#[serde(serialize_with)]` on a slice of paths.
pub(crate) fn paths<S: Serializer>(
    paths: &[impl AsRef<Path>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path_text(path.as_ref())))
}

/// For `#[serde(default)]` of a count that is 1 where it is not stated.
pub(crate) fn one() -> usize {
    1
}

/// For `#[serde(skip_serializing_if)]` of such a count.
#[allow(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
pub(crate) fn is_one(count: &usize) -> bool {
    *count == 1
}

/// The value called `name`; the error lists the possible names.
pub(crate) fn by_name<T: Copy>(
    setting: &str,
    name: &str,
    values: &[(&str, T)],
) -> Result<T, String> {
    values.iter().find(|(known, _)| *known == name).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = values.iter().map(|(known, _)| *known).collect();
        format!("unknown {setting} `{name}`; expected one of {}", known.join(", "))
    })
}
