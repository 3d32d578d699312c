//! The files named on a command line.

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use duotone::Error;
use duotone::io::SkippedFile;

use crate::exit::Failure;

/// The files found under a list of paths.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) files: Vec<PathBuf>,
    /// Entries of folders that could not be read.
    pub(crate) skipped_files: Vec<SkippedFile>,
    /// Number of ignored files in folders: hidden files, texts, pictures.
    pub(crate) side_files: usize,
    /// Number of times that a file was named again.
    pub(crate) repeated: usize,
}

/// Expands paths to files: folders to the audio files in them and their sub-folders, and `-` to the
/// list on standard input. The list has one path per line (separated by NUL characters if `null`),
/// which may be a folder too. A file that is named twice, or that is also in a named folder, is listed
/// once, where it is named first. Paths that do not exist are kept and reported when they are opened.
pub(crate) fn expand(paths: &[PathBuf], null: bool) -> Result<Files, Failure> {
    let end = if null { 0 } else { b'\n' };
    if null && !paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage(
            "-0 applies to a list on standard input, but `-` is not among the paths".into(),
        ));
    }
    let mut all = Files::default();
    for path in paths {
        if path == Path::new("-") {
            for line in read_list(io::stdin().lock(), end)? {
                all.add(&line)?;
            }
        } else {
            all.add(path)?;
        }
    }
    all.keep_first();
    Ok(all)
}

impl Files {
    fn keep_first(&mut self) {
        let named = self.files.len();
        let mut seen = HashSet::new();
        // `./a`, `a` and the full path of `a` are the same file; links are not followed.
        let mut is_new = |path: &Path| {
            seen.insert(std::path::absolute(path).unwrap_or_else(|_| path.to_owned()))
        };
        self.files.retain(|file| is_new(file));
        self.skipped_files.retain(|skipped| is_new(&skipped.path));
        self.repeated = named - self.files.len();
    }

    fn add(&mut self, path: &Path) -> Result<(), Failure> {
        let path = duotone::on_disk(path);
        if path.is_dir() {
            match duotone::data::audio_files(&path) {
                Ok(found) => {
                    self.files.extend(found.files);
                    self.skipped_files.extend(found.skipped_files);
                    self.side_files += found.side_files;
                }
                // Like a file that cannot be read, it does not stop the work on the others.
                Err(Error::Io { source, .. }) => {
                    let reason = format!("the folder cannot be read: {source}");
                    self.skipped_files.push(SkippedFile { path, error: reason });
                }
                Err(error) => return Err(error.into()),
            }
        } else {
            self.files.push(path);
        }
        Ok(())
    }
}

/// Recognises a model by its name or its first bytes: a safetensors file begins with an 8-byte
/// length, followed by a JSON object.
pub(crate) fn looks_like_a_model(path: &Path) -> bool {
    // Reading from a pipe would block.
    if !path.is_file() {
        return false;
    }
    let mut start = [0; 9];
    let read = File::open(path).and_then(|mut file| file.read_exact(&mut start));
    let safetensors = read.is_ok() && start[4..] == [0, 0, 0, 0, b'{'];
    safetensors || path.extension().is_some_and(|extension| extension == "safetensors")
}

/// Longest line in bytes and largest number of lines of a list of files.
const MAX_LINE_BYTES: usize = 64 << 10;
const MAX_LINES: usize = 1_000_000;

/// Reads paths terminated by `end`. Empty paths are ignored.
fn read_list(mut input: impl BufRead, end: u8) -> Result<Vec<PathBuf>, Failure> {
    let error = |reason: String| Failure::Work(format!("standard input: {reason}"));
    let mut paths = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut part = (&mut input).take(MAX_LINE_BYTES as u64 + 1);
        if part.read_until(end, &mut line).map_err(|e| error(e.to_string()))? == 0 {
            return Ok(paths);
        }
        if line.len() > MAX_LINE_BYTES || paths.len() == MAX_LINES {
            return Err(error(format!(
                "a line of more than {MAX_LINE_BYTES} bytes, or more than {MAX_LINES} lines: give \
                 one file per line"
            )));
        }
        line.pop_if(|last| *last == end);
        if end == b'\n' {
            line.pop_if(|last| *last == b'\r');
            // No path contains this character.
            if line.contains(&0) {
                return Err(error("the paths are separated by NUL characters: add -0".into()));
            }
        }
        if !line.is_empty() {
            paths.push(path_from(line));
        }
    }
}

/// Unix paths are bytes in any encoding.
#[cfg(unix)]
fn path_from(line: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    std::ffi::OsString::from_vec(line).into()
}

#[cfg(not(unix))]
fn path_from(line: Vec<u8>) -> PathBuf {
    String::from_utf8_lossy(&line).into_owned().into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_have_one_path_per_line() {
        let list = read_list(&b"a b.wav\n\nc.wav\r\nlast"[..], b'\n').unwrap();
        assert_eq!(list, ["a b.wav", "c.wav", "last"].map(PathBuf::from));
        let list = read_list(&b"a\nb.wav\0\0c.wav\r\0last"[..], 0).unwrap();
        assert_eq!(list, ["a\nb.wav", "c.wav\r", "last"].map(PathBuf::from));
    }

    #[test]
    fn a_list_with_nul_characters_needs_another_separator() {
        let Err(Failure::Work(message)) = read_list(&b"a.wav\0b.wav\0"[..], b'\n') else {
            panic!("accepted");
        };
        assert!(message.ends_with("add -0"), "{message}");
    }

    #[test]
    fn endless_lines_are_rejected() {
        assert!(read_list(io::BufReader::new(io::repeat(b'x')), b'\n').is_err());
        let longest = vec![b'x'; MAX_LINE_BYTES];
        assert_eq!(read_list(&longest[..], b'\n').unwrap().len(), 1);
    }
}
