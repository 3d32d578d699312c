//! Paths in JSON, as text that means one path only (see [`path_text`]).

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

/// For `#[serde(serialize_with)]` on several.
pub(crate) fn paths<S: Serializer>(
    paths: &[impl AsRef<Path>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path_text(path.as_ref())))
}

/// What a word means; the error names the words there are.
pub(crate) fn meant<T: Copy>(setting: &str, word: &str, words: &[(&str, T)]) -> Result<T, String> {
    words.iter().find(|(known, _)| *known == word).map(|(_, value)| *value).ok_or_else(|| {
        let known: Vec<&str> = words.iter().map(|(known, _)| *known).collect();
        format!("unknown {setting} `{word}`; expected one of {}", known.join(", "))
    })
}
