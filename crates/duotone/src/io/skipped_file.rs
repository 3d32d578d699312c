use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file that could not be used, with the reason. The operation continued without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkippedFile {
    /// The file, as named by the collection or the user.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// Why it could not be used, for people to read.
    #[serde(alias = "reason")]
    pub error: String,
}
