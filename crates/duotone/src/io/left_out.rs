use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file that could not be used, and why; the work went on without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The file as the collection or the user names it.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// The reason, in words.
    pub reason: String,
}
