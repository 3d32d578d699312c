//! The layout of a task's output folder.

use std::path::{Path, PathBuf};

/// The folders and files of a task's output.
pub(super) struct Places(PathBuf);

impl Places {
    /// Lays out an existing folder; programs are given absolute paths.
    pub(super) fn new(output: &Path) -> Self {
        Self(output.to_owned())
    }

    pub(super) fn lists(&self) -> PathBuf {
        self.0.join("lists")
    }

    /// Folder that a program may write to; emptied before every fold.
    pub(super) fn scratch(&self, system: &str) -> PathBuf {
        self.0.join("scratch").join(system)
    }

    /// Folder of the files that a program's `extract` wrote.
    pub(super) fn features(&self, system: &str) -> PathBuf {
        self.0.join("features").join(system)
    }

    /// The networks' feature store. No system's name starts with a dot.
    pub(super) fn store(&self) -> PathBuf {
        self.0.join("features").join(".duotone")
    }

    /// File of a system's decisions; `fold` is an index, and files are numbered from 1.
    pub(super) fn output(&self, system: &str, fold: usize) -> PathBuf {
        self.0.join("outputs").join(format!("{system}-fold{}.txt", fold + 1))
    }

    pub(super) fn log(&self, system: &str, step: &str) -> PathBuf {
        self.0.join("logs").join(format!("{system}-{step}.log"))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Folders that a new run empties.
    pub(super) fn folders(&self) -> [PathBuf; 6] {
        ["lists", "scratch", "features", "outputs", "logs", "runs"].map(|name| self.0.join(name))
    }
}
