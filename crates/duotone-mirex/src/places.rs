//! Where a task keeps what.

use std::path::{Path, PathBuf};

/// The folders and files of a task's output.
pub(super) struct Places(PathBuf);

impl Places {
    /// In a folder, which must exist: programs are told absolute paths.
    pub(super) fn new(output: &Path) -> Self {
        Self(output.to_owned())
    }

    pub(super) fn lists(&self) -> PathBuf {
        self.0.join("lists")
    }

    /// What a program may write to; emptied before every fold.
    pub(super) fn scratch(&self, system: &str) -> PathBuf {
        self.0.join("scratch").join(system)
    }

    /// What a program's `extract` left.
    pub(super) fn features(&self, system: &str) -> PathBuf {
        self.0.join("features").join(system)
    }

    /// The networks' feature store. No system has a name that begins with a point.
    pub(super) fn store(&self) -> PathBuf {
        self.0.join("features").join(".duotone")
    }

    /// Folds are given by their index here and named by their numbers from 1.
    pub(super) fn output(&self, system: &str, fold: usize) -> PathBuf {
        self.0.join("outputs").join(format!("{system}-fold{}.txt", fold + 1))
    }

    pub(super) fn log(&self, system: &str, step: &str) -> PathBuf {
        self.0.join("logs").join(format!("{system}-{step}.log"))
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Folders of a run that another run begins without.
    pub(super) fn folders(&self) -> [PathBuf; 6] {
        ["lists", "scratch", "features", "outputs", "logs", "runs"].map(|name| self.0.join(name))
    }
}
