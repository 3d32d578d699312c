use std::path::PathBuf;

use serde::{Deserialize, Serialize};

/// A file that could not be used, with the reason. The operation continued without it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// The file, as named by the collection or the user.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
    /// Why it could not be used, for people to read.
    pub reason: String,
}
