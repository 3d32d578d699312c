//! The folder in which backbones are stored, one file each.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use etcetera::base_strategy::{BaseStrategy, choose_native_strategy};
use serde::Serialize;

use super::Backbone;
use super::known::{KNOWN, NAMES};
#[cfg(feature = "onnx")]
use super::onnx;
use super::package::Package;
use crate::error::Error;
use crate::io::SkippedFile;

/// The environment variable that names the folder.
const VARIABLE: &str = "DUOTONE_BACKBONES";
/// What the names of the files end with.
const SUFFIX: &str = ".safetensors";
/// What the names of files with ONNX graphs end with.
pub(super) const GRAPH_SUFFIX: &str = ".onnx";

/// A stored backbone.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Stored {
    /// Its name.
    pub name: String,
    /// Where its weights are from.
    pub source: String,
    /// Licence of its weights.
    pub licence: String,
    /// Size of its file.
    pub bytes: u64,
    /// Digest of what it was made from: `sha256:` and 64 hexadecimal digits.
    pub source_digest: String,
    /// Its file.
    #[serde(serialize_with = "crate::io::json::path")]
    pub path: PathBuf,
}

/// The folder of the user's backbones: the environment variable `DUOTONE_BACKBONES`, or
/// `duotone/backbones` in the folder for data of the user's programs.
///
/// # Errors
/// [`Error::Setting`] if the variable is not set and the user has no home folder.
pub fn folder() -> Result<PathBuf, Error> {
    if let Some(folder) = std::env::var_os(VARIABLE).filter(|folder| !folder.is_empty()) {
        return Ok(folder.into());
    }
    let unknown = |_| {
        let reason = format!("the home folder is unknown: set {VARIABLE} to a folder");
        Error::setting(VARIABLE, reason)
    };
    Ok(choose_native_strategy().map_err(unknown)?.data_dir().join("duotone").join("backbones"))
}

/// Makes backbones from the package `musicnn` (its wheel, the folder `musicnn`, or a folder in which
/// that is) and stores them in a folder, which is created if necessary. Stored backbones of the same
/// names are replaced.
///
/// # Errors
/// [`Error::Io`]; [`Error::File`] if the source is not exactly musicnn 0.1.0, or a file of another kind
/// is in the way.
pub fn add(source: &Path, folder: &Path) -> Result<Vec<Stored>, Error> {
    let package = Package::open(source)?;
    let mut backbones = Vec::new();
    for known in &KNOWN {
        backbones.push(Backbone::from_package(known, &package)?);
    }
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let mut stored = Vec::new();
    for backbone in backbones {
        let path = file(folder, &backbone.card.name)?;
        backbone.save(&path)?;
        stored.push(describe(backbone, path)?);
    }
    Ok(stored)
}

/// Lists the backbones in a folder by name, and the files there that are called like backbones but
/// cannot be used. A folder that does not exist is empty.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be read.
pub fn list(folder: &Path) -> Result<(Vec<Stored>, Vec<SkippedFile>), Error> {
    let entries = match fs::read_dir(folder) {
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
        entries => entries.map_err(Error::io(folder))?,
    };
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(Error::io(folder))?.path();
        let name = path.as_os_str().as_encoded_bytes();
        if name.ends_with(SUFFIX.as_bytes()) || name.ends_with(GRAPH_SUFFIX.as_bytes()) {
            paths.push(path);
        }
    }
    paths.sort();
    let (mut stored, mut skipped) = (Vec::new(), Vec::new());
    for path in paths {
        match load(&path) {
            Ok(backbone) => stored.push(backbone),
            Err(Error::File { path, reason }) => skipped.push(SkippedFile { path, error: reason }),
            Err(error) => skipped.push(SkippedFile { path, error: error.to_string() }),
        }
    }
    Ok((stored, skipped))
}

/// Removes a backbone from a folder and returns the file that it was in.
///
/// # Errors
/// [`Error::Setting`] if there can be no backbone of this name; [`Error::File`] if it is not there;
/// [`Error::Io`].
pub fn remove(name: &str, folder: &Path) -> Result<PathBuf, Error> {
    let path = file(folder, name)?;
    match fs::remove_file(&path) {
        Err(e) if e.kind() == ErrorKind::NotFound => {
            Err(Error::File { path, reason: "there is no such backbone".into() })
        }
        removed => removed.map_err(Error::io(&path)).map(|()| path),
    }
}

/// Reads a backbone's file and describes it.
fn load(path: &Path) -> Result<Stored, Error> {
    if path.as_os_str().as_encoded_bytes().ends_with(GRAPH_SUFFIX.as_bytes()) {
        return load_graph(path);
    }
    describe(Backbone::load_from(path)?, path.to_owned())
}

#[cfg(feature = "onnx")]
fn load_graph(path: &Path) -> Result<Stored, Error> {
    onnx::describe(&onnx::OnnxBackbone::load_from(path)?, path.to_owned())
}

#[cfg(not(feature = "onnx"))]
fn load_graph(path: &Path) -> Result<Stored, Error> {
    let reason = "an ONNX graph, which this build cannot run: it lacks the feature `onnx`";
    Err(Error::File { path: path.to_owned(), reason: reason.into() })
}

/// The file of a backbone in a folder.
pub(super) fn file(folder: &Path, name: &str) -> Result<PathBuf, Error> {
    if NAMES.contains(&name) {
        return Ok(folder.join(format!("{name}{SUFFIX}")));
    }
    #[cfg(feature = "onnx")]
    if onnx::is_name(name) && onnx::path_of(folder, name).exists() {
        return Ok(onnx::path_of(folder, name));
    }
    let reason = format!("no backbone is called {name:?}: choose one of {}", NAMES.join(", "));
    Err(Error::setting("name", reason))
}

fn describe(backbone: Backbone, path: PathBuf) -> Result<Stored, Error> {
    let bytes = fs::metadata(&path).map_err(Error::io(&path))?.len();
    let card = backbone.card;
    Ok(Stored {
        name: card.name,
        source: card.source,
        licence: card.licence,
        bytes,
        source_digest: card.source_digest,
        path,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{file, list, remove};
    use crate::backbone::NAMES;
    use crate::backbone::tests::backbone;

    #[test]
    fn lists_and_removes_what_is_stored() {
        let root = tempfile::tempdir().unwrap();
        let folder = root.path().join("absent");
        assert_eq!(list(&folder).unwrap(), (vec![], vec![]));
        fs::create_dir(&folder).unwrap();
        for (i, name) in NAMES.into_iter().enumerate() {
            backbone(i).save(&file(&folder, name).unwrap()).unwrap();
        }
        fs::write(folder.join("notes.txt"), "x").unwrap();
        fs::write(folder.join("other.safetensors"), "x").unwrap();
        let (stored, skipped) = list(&folder).unwrap();
        assert_eq!(stored.iter().map(|s| &s.name[..]).collect::<Vec<_>>(), NAMES);
        assert_eq!((&stored[1].licence[..], stored[1].bytes > 3_000_000), ("ISC", true));
        assert_eq!(skipped.len(), 1);
        assert!(skipped[0].error.contains("not a duotone backbone"), "{skipped:?}");
        assert_eq!(remove("musicnn-msd", &folder).unwrap(), stored[0].path);
        let error = remove("musicnn-msd", &folder).unwrap_err().to_string();
        assert!(error.ends_with("musicnn-msd.safetensors: there is no such backbone"), "{error}");
        assert_eq!(list(&folder).unwrap().0, stored[1..]);
    }

    #[test]
    fn names_are_no_paths() {
        let root = tempfile::tempdir().unwrap();
        fs::write(root.path().join("x.safetensors"), "x").unwrap();
        for name in ["x", "../x", "", "musicnn-msd.safetensors"] {
            let error = remove(name, root.path()).unwrap_err().to_string();
            assert!(error.contains("choose one of musicnn-msd, musicnn-mtt"), "{error}");
        }
    }
}
