//! MIREX's lists, with one path or `path<TAB>label` per line. Paths are bytes in any encoding.

use std::ffi::OsString;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use duotone::{Error, on_disk};

/// Maximum size of a list in bytes.
const MAX_BYTES: u64 = 256 << 20;

/// Reads the non-empty lines of a list, each split at its first tab.
///
/// # Errors
/// [`Error::Io`]; [`Error::Collection`] if the file is not a list.
pub(super) fn read(list: &Path) -> Result<Vec<Line>, Error> {
    let refused = |reason: String| Error::Collection { path: list.to_owned(), reason };
    if !std::fs::metadata(list).map_err(Error::io(list))?.is_file() {
        return Err(refused("not a regular file: expected a list of paths, one per line".into()));
    }
    let mut bytes = Vec::new();
    let file = File::open(list).map_err(Error::io(list))?;
    file.take(MAX_BYTES + 1).read_to_end(&mut bytes).map_err(Error::io(list))?;
    if bytes.len() as u64 > MAX_BYTES {
        return Err(refused(format!("larger than {} MiB: split the list", MAX_BYTES >> 20)));
    }
    if bytes.contains(&0) {
        return Err(refused("not a list but binary data: give one path per line".into()));
    }
    let lines: Vec<Line> = lines(&bytes).filter(|line| !line.is_empty()).map(Line::new).collect();
    match lines.is_empty() {
        true => Err(refused("the list is empty: give one path per line".into())),
        false => Ok(lines),
    }
}

/// A line of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line {
    /// The path as written, up to the tab.
    pub(super) path: PathBuf,
    /// The text after the tab, if there is one; invalid UTF-8 in it becomes `�`.
    pub(super) label: Option<String>,
}

impl Line {
    fn new(line: &[u8]) -> Self {
        let (path, label) = cut(line);
        let label = label.map(|label| String::from_utf8_lossy(label).trim().to_owned());
        Self { path: path_from(path), label }
    }

    /// Returns the file's path, relative to the list's folder, as in a collection.
    pub(super) fn place(&self, list: &Path) -> PathBuf {
        on_disk(&list.parent().unwrap_or(Path::new("")).join(&self.path))
    }
}

/// Splits text into lines without their ends, of any system, and without a byte order mark.
pub(super) fn lines(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    let bytes = bytes.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(bytes);
    bytes.split(|&byte| byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line))
}

/// Splits a line at its first tab.
pub(super) fn cut(line: &[u8]) -> (&[u8], Option<&[u8]>) {
    match line.iter().position(|&byte| byte == b'\t') {
        Some(tab) => (&line[..tab], Some(&line[tab + 1..])),
        None => (line, None),
    }
}

/// Formats a list with one line per path, with its label if there is one.
pub(super) fn bytes<'a>(lines: impl IntoIterator<Item = (&'a Path, Option<&'a str>)>) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (path, label) in lines {
        bytes.extend(path.as_os_str().as_encoded_bytes());
        if let Some(label) = label {
            bytes.push(b'\t');
            bytes.extend(label.as_bytes());
        }
        bytes.push(b'\n');
    }
    bytes
}

/// Returns whether a list can name this path.
pub(super) fn can_name(path: &Path) -> bool {
    !path.as_os_str().as_encoded_bytes().iter().any(|byte| b"\t\r\n".contains(byte))
}

#[cfg(unix)]
fn path_from(bytes: &[u8]) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    OsString::from_vec(bytes.to_vec()).into()
}

#[cfg(not(unix))]
fn path_from(bytes: &[u8]) -> PathBuf {
    OsString::from(String::from_utf8_lossy(bytes).into_owned()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(bytes: &[u8]) -> Result<Vec<Line>, Error> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("list.txt");
        std::fs::write(&path, bytes).unwrap();
        read(&path)
    }

    #[test]
    fn a_line_is_a_path_and_perhaps_a_label() {
        let line = |path: &str, label: Option<&str>| Line {
            path: path.into(),
            label: label.map(Into::into),
        };
        let found = list(b"\xEF\xBB\xBFa b.wav\r\n\n/c.wav\tjazz \nd.wav").unwrap();
        assert_eq!(
            found,
            [line("a b.wav", None), line("/c.wav", Some("jazz")), line("d.wav", None)]
        );
        assert_eq!(found[0].place(Path::new("/x/list.txt")), Path::new("/x/a b.wav"));
        assert_eq!(found[1].place(Path::new("/x/list.txt")), Path::new("/c.wav"));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        for (content, word) in [(&b""[..], "empty"), (b"\n\n", "empty"), (b"RIFF\0\0", "binary")] {
            assert!(list(content).unwrap_err().to_string().contains(word));
        }
        let folder = tempfile::tempdir().unwrap();
        assert!(read(folder.path()).unwrap_err().to_string().contains("not a regular file"));
    }

    #[cfg(unix)]
    #[test]
    fn a_path_in_another_encoding_comes_back_as_it_was() {
        let content = b"caf\xE9.wav\nb.wav\n";
        let found = list(content).unwrap();
        assert_eq!(bytes(found.iter().map(|line| (line.path.as_path(), None))), content);
    }
}
