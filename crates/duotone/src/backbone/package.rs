//! The package `musicnn` as the user has it: the wheel from PyPI, or a folder with its files.

use std::fmt::Write;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::wheel;
use crate::error::Error;

/// Where the package is from.
pub(super) const SOURCE: &str = "musicnn 0.1.0 from PyPI";
/// SHA-256 of the wheel on PyPI.
const WHEEL: &str = "f38a4890c648c1ddbb141c5d96d2b0a8cfcd36746002d896989f7b88beb65cfa";
/// Bytes of a wheel at most; the right one has 28 MiB.
const MAX_WHEEL: u64 = 64 << 20;
/// The command that downloads the wheel.
pub(super) const DOWNLOAD: &str = "pip download musicnn==0.1.0 --no-deps";

/// A file of the package.
#[derive(Clone, Copy, Debug)]
pub(super) struct PackageFile {
    /// The name in the folder `musicnn`, with slashes.
    pub(super) name: &'static str,
    pub(super) bytes: usize,
    pub(super) sha256: &'static str,
}

/// An opened package.
#[derive(Debug)]
pub(super) enum Package {
    /// A wheel whose digest is right.
    Wheel { path: PathBuf, archive: Vec<u8> },
    /// The folder `musicnn`.
    Folder(PathBuf),
}

impl Package {
    /// Opens a wheel and checks its digest, or finds the folder `musicnn`: the path itself, or in it.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if the path is neither the wheel nor such a folder.
    pub(super) fn open(path: &Path) -> Result<Self, Error> {
        let about = path.metadata().map_err(Error::io(path))?;
        if about.is_dir() {
            let inner = path.join("musicnn");
            let folder = if inner.is_dir() { inner } else { path.to_owned() };
            return match folder.join("MSD_musicnn").is_dir() {
                true => Ok(Self::Folder(folder)),
                false => Err(refused(path, "a folder without musicnn/MSD_musicnn".into())),
            };
        }
        // Checked before opening: opening a pipe blocks until it has a writer.
        if !about.is_file() {
            return Err(refused(path, "neither a file nor a folder".into()));
        }
        if about.len() > MAX_WHEEL {
            return Err(refused(path, "too large to be the wheel of musicnn 0.1.0".into()));
        }
        let archive = read(path, MAX_WHEEL)?;
        check(path, "the wheel of musicnn 0.1.0", &archive, WHEEL)?;
        Ok(Self::Wheel { path: path.to_owned(), archive })
    }

    pub(super) fn path(&self) -> &Path {
        match self {
            Self::Wheel { path, .. } | Self::Folder(path) => path,
        }
    }

    /// Reads a file of the package and checks its digest.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if it is not there or has another content.
    pub(super) fn read(&self, file: PackageFile) -> Result<Vec<u8>, Error> {
        let what = format!("musicnn 0.1.0's file {}", file.name);
        match self {
            Self::Wheel { path, archive } => {
                let content = wheel::member(archive, &format!("musicnn/{}", file.name), file.bytes)
                    .map_err(|reason| refused(path, reason))?;
                check(path, &what, &content, file.sha256)?;
                Ok(content)
            }
            Self::Folder(folder) => {
                let path = folder.join(file.name);
                if !path.metadata().map_err(Error::io(&path))?.is_file() {
                    return Err(refused(&path, "not a file".into()));
                }
                let content = read(&path, file.bytes as u64)?;
                check(&path, &what, &content, file.sha256)?;
                Ok(content)
            }
        }
    }
}

/// Reads a file, up to one byte more than its expected length.
fn read(path: &Path, length: u64) -> Result<Vec<u8>, Error> {
    let mut content = Vec::new();
    let file = File::open(path).map_err(Error::io(path))?;
    file.take(length + 1).read_to_end(&mut content).map_err(Error::io(path))?;
    Ok(content)
}

fn check(path: &Path, what: &str, content: &[u8], expected: &str) -> Result<(), Error> {
    let mut found = String::new();
    for byte in Sha256::digest(content) {
        let _ = write!(found, "{byte:02x}");
    }
    if found == expected {
        return Ok(());
    }
    let reason = format!("not {what}: its SHA-256 is {found}, not {expected}");
    Err(refused(path, reason))
}

fn refused(path: &Path, reason: String) -> Error {
    let reason = format!("{reason}; `{DOWNLOAD}` downloads the right wheel");
    Error::File { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{MAX_WHEEL, Package, PackageFile, WHEEL};

    const FILE: PackageFile = PackageFile {
        name: "MSD_musicnn/.index",
        bytes: 3,
        sha256: "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad",
    };

    #[test]
    fn a_folder_may_be_the_package_or_contain_it() {
        let root = tempfile::tempdir().unwrap();
        let package = root.path().join("musicnn");
        assert!(Package::open(root.path()).unwrap_err().to_string().contains("without musicnn/"));
        fs::create_dir_all(package.join("MSD_musicnn")).unwrap();
        for folder in [root.path(), &package] {
            let missing = Package::open(folder).unwrap().read(FILE).unwrap_err().to_string();
            assert!(missing.contains(".index"), "{missing}");
        }
        fs::write(package.join(FILE.name), "abc").unwrap();
        for folder in [root.path(), &package] {
            assert_eq!(Package::open(folder).unwrap().read(FILE).unwrap(), b"abc");
        }
        for other in ["abd", "abcd", ""] {
            fs::write(package.join(FILE.name), other).unwrap();
            let error = Package::open(&package).unwrap().read(FILE).unwrap_err().to_string();
            for part in ["not musicnn 0.1.0's file MSD_musicnn/.index", FILE.sha256, "pip download"]
            {
                assert!(error.contains(part), "{error}");
            }
        }
    }

    #[test]
    fn another_wheel_is_refused_with_both_digests() {
        let root = tempfile::tempdir().unwrap();
        let path = root.path().join("musicnn-0.1.0-py3-none-any.whl");
        assert!(Package::open(&path).unwrap_err().to_string().contains(".whl: "));
        fs::write(&path, "PK").unwrap();
        let error = Package::open(&path).unwrap_err().to_string();
        for part in ["not the wheel of musicnn 0.1.0", "its SHA-256 is ", WHEEL, "pip download"] {
            assert!(error.contains(part), "{error}");
        }
        fs::File::create(&path).unwrap().set_len(MAX_WHEEL + 1).unwrap();
        let error = Package::open(&path).unwrap_err().to_string();
        assert!(error.contains("too large") && error.contains("pip download"), "{error}");
    }
}
