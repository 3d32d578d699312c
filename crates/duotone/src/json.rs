//! Paths in JSON: what is not Unicode in a name becomes `�`, so that a name stops no work.

use std::path::Path;

use serde::Serializer;

/// For `#[serde(serialize_with)]` on a path.
pub(crate) fn path<S: Serializer>(
    path: &impl AsRef<Path>,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&path.as_ref().display())
}

/// For `#[serde(serialize_with)]` on several.
pub(crate) fn paths<S: Serializer>(
    paths: &[impl AsRef<Path>],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(paths.iter().map(|path| path.as_ref().to_string_lossy()))
}
