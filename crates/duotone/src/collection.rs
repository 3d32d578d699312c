//! Stand-in until the collection's own branch is merged.
use std::path::PathBuf;

use crate::LeftOut;

/// One clip of a collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// As the collection names it.
    pub name: PathBuf,
    /// Where it is.
    pub path: PathBuf,
    /// Index of its label.
    pub label: usize,
    /// Index of its group.
    pub group: Option<usize>,
    /// The fold that the list puts it in.
    pub fold: Option<String>,
}

/// A labelled collection.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Collection {
    /// As the user named it.
    pub path: PathBuf,
    /// What the label column is called.
    pub label_column: String,
    /// What the group column is called.
    pub group_column: Option<String>,
    /// The labels.
    pub labels: Vec<String>,
    /// The groups.
    pub groups: Vec<String>,
    /// The clips.
    pub items: Vec<Item>,
    /// Files that could not be used.
    pub left_out: Vec<LeftOut>,
    /// What the user should know.
    pub notices: Vec<String>,
}
impl Collection {
    /// Stand-in.
    ///
    /// # Errors
    /// Always.
    pub fn load(
        path: &std::path::Path,
        _label: Option<&str>,
        _group: Option<&str>,
    ) -> Result<Self, crate::Error> {
        Err(crate::Error::Settings(path.display().to_string()))
    }
}
/// Stand-in.
///
/// # Errors
/// Always.
pub fn audio_files(path: &std::path::Path) -> Result<Vec<PathBuf>, crate::Error> {
    Err(crate::Error::Settings(path.display().to_string()))
}
/// Stand-in.
pub fn automatic_rate(rates: impl IntoIterator<Item = u32>) -> u32 {
    rates.into_iter().next().unwrap_or(22_050)
}
