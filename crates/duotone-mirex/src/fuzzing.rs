//! Entry points of fuzz targets for MIREX's lists, compiled with `--cfg fuzzing` only.

use std::path::{Path, PathBuf};

use crate::{check, lists};

/// Reads a file as a system's decisions on two files between two labels.
pub fn output(path: &Path) {
    let tests = ["a.wav", "b.wav"].map(PathBuf::from);
    let labels = ["x", "y"].map(String::from);
    match check::check(path, &tests, &labels) {
        Ok(checked) => {
            assert_eq!(checked.classes.len(), tests.len());
            assert!(checked.classes.iter().all(|&class| class < labels.len()));
        }
        // It is shown in a report, so it must not quote a whole hostile file.
        Err(words) => assert!(words.len() < 4096, "{} bytes of words", words.len()),
    }
}

/// Reads a file as a list given to a submission.
pub fn list(path: &Path) {
    if let Ok(lines) = lists::read(path) {
        assert!(lines.iter().all(|line| !line.path.as_os_str().is_empty() || line.label.is_some()));
    }
}
