//! The task file: a collection, its folds and the systems to run.

mod table;

use std::path::{Path, PathBuf};
use std::time::Duration;

use duotone::Error;
use duotone::data::CollectionOptions;
use duotone::evaluate::NetworkSystem;
use serde::Deserialize;

use crate::template::Template;
use table::TaskTable;

/// A task as its file describes it (`docs/mirex.md`).
#[derive(Clone, Debug)]
pub struct Task {
    /// Name of the task.
    pub name: String,
    /// The collection: a folder, a CSV or a MIREX list.
    pub collection: PathBuf,
    /// The columns of labels and groups.
    pub columns: CollectionOptions,
    /// Labels with fewer files (or groups) than this are left out.
    pub min_per_label: Option<usize>,
    /// The folds.
    pub folds: Folds,
    /// The systems, with distinct names.
    pub systems: Vec<System>,
    /// Folder of the task file, in which commands are run.
    pub(super) folder: PathBuf,
}

/// Where the folds come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Folds {
    /// Stratified by label, and grouped if the task has a group column; or those of the collection.
    Made {
        /// Number of folds.
        number: usize,
        /// Seed of the assignment.
        seed: u64,
    },
    /// Given as lists of files.
    Listed(Vec<FoldLists>),
}

impl Folds {
    /// Returns the lists that they are read from.
    pub(super) fn lists(&self) -> Vec<&Path> {
        match self {
            Self::Made { .. } => Vec::new(),
            Self::Listed(folds) => {
                folds.iter().flat_map(|fold| [fold.train.as_path(), fold.test.as_path()]).collect()
            }
        }
    }
}

/// One fold as two lists of the collection's files; labels in the lists must match the collection's.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FoldLists {
    /// List of training files.
    pub train: PathBuf,
    /// List of test files.
    pub test: PathBuf,
}

/// A system of a task.
#[derive(Clone, Debug)]
pub enum System {
    /// A program of any kind, called as a MIREX submission.
    Program(Commands),
    /// One of duotone's networks.
    Network(Box<NetworkSystem>),
}

impl System {
    /// Returns its name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Program(program) => &program.name,
            Self::Network(network) => &network.name,
        }
    }
}

/// An external program's command lines.
#[derive(Clone, Debug)]
pub struct Commands {
    /// Name of the program, which its files start with.
    pub name: String,
    /// Time limit of each command.
    pub time_limit: Duration,
    /// `{scratch} {files}`: run once for all files of the collection.
    pub extract: Option<Template>,
    /// The commands of each fold, in order, with their names: `train` (`{scratch}
    /// {train}`) and `classify` (`{scratch} {test} {output}`), or `train-classify` (`{scratch} {train}
    /// {test} {output}`).
    pub fold: Vec<(&'static str, Template)>,
}

/// Maximum size of a task file, which is written by hand.
const MAX_FILE: u64 = 1 << 20;

impl Task {
    /// Reads a task file. Paths in it are relative to its folder; `collection` overrides the collection
    /// that the file names.
    ///
    /// # Errors
    /// [`Error::Io`], and [`Error::File`] if the file's content is wrong.
    pub fn load(path: &Path, collection: Option<&Path>) -> Result<Self, Error> {
        let refuse = |reason: String| Error::File { path: path.into(), reason };
        let about = path.metadata().map_err(Error::io(path))?;
        if !about.is_file() || about.len() > MAX_FILE {
            return Err(refuse("not a regular file, or larger than 1 MiB".into()));
        }
        let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
        let table: TaskTable = toml::from_str(&text)
            .map_err(|e| refuse(format!("not a task in TOML (see docs/mirex.md): {e}")))?;
        let folder = match path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        let folder = folder.canonicalize().map_err(Error::io(folder))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        table.task(name, folder, collection).map_err(refuse)
    }
}
