//! The files that a command line means.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use duotone::io::LeftOut;

use crate::exit::Failure;

/// What paths come to.
#[derive(Debug, Default)]
pub(crate) struct Files {
    pub(crate) files: Vec<PathBuf>,
    /// What a folder holds and cannot be looked at.
    pub(crate) left_out: Vec<LeftOut>,
    /// Number of files in folders that are passed over: hidden ones, texts, pictures.
    pub(crate) side_files: usize,
}

/// Files as they are, folders as the audio files in them (and in their folders), `-` as the list
/// on standard input, whose lines (or, with `null`, whose paths between NUL characters) may be
/// folders too. What does not exist stays: it is reported when it is opened.
pub(crate) fn expand(paths: &[PathBuf], null: bool) -> Result<Files, Failure> {
    let end = if null { 0 } else { b'\n' };
    if null && !paths.iter().any(|path| path == Path::new("-")) {
        return Err(Failure::Usage(
            "-0 is for the list on standard input, and `-` is not among the paths".into(),
        ));
    }
    let mut all = Files::default();
    for path in paths {
        if path == Path::new("-") {
            for line in read_list(io::stdin().lock(), end)? {
                all.take(&line)?;
            }
        } else {
            all.take(path)?;
        }
    }
    Ok(all)
}

impl Files {
    fn take(&mut self, path: &Path) -> Result<(), Failure> {
        let path = duotone::on_disk(path);
        if path.is_dir() {
            let found = duotone::data::audio_files(&path)?;
            self.files.extend(found.files);
            self.left_out.extend(found.left_out);
            self.side_files += found.side_files;
        } else {
            self.files.push(path);
        }
        Ok(())
    }
}

/// Bytes of a line, and lines, beyond which it is no list of files.
const LONGEST_LINE: usize = 64 << 10;
const MAX_LINES: usize = 1_000_000;

/// One path before each `end`; empty ones mean nothing.
fn read_list(mut input: impl BufRead, end: u8) -> Result<Vec<PathBuf>, Failure> {
    let refused = |words: String| Failure::Work(format!("standard input: {words}"));
    let mut paths = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut part = (&mut input).take(LONGEST_LINE as u64 + 1);
        if part.read_until(end, &mut line).map_err(|e| refused(e.to_string()))? == 0 {
            return Ok(paths);
        }
        if line.len() > LONGEST_LINE || paths.len() == MAX_LINES {
            return Err(refused(format!(
                "a line of more than {LONGEST_LINE} bytes, or more than {MAX_LINES} lines: give \
                 one file a line"
            )));
        }
        line.pop_if(|last| *last == end);
        if end == b'\n' {
            line.pop_if(|last| *last == b'\r');
        }
        if !line.is_empty() {
            paths.push(path_from(line));
        }
    }
}

/// Unix paths are bytes, in whatever encoding.
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
    fn a_list_is_a_path_a_line() {
        let list = read_list(&b"a b.wav\n\nc.wav\r\nlast"[..], b'\n').unwrap();
        assert_eq!(list, ["a b.wav", "c.wav", "last"].map(PathBuf::from));
        let list = read_list(&b"a\nb.wav\0\0c.wav\r\0last"[..], 0).unwrap();
        assert_eq!(list, ["a\nb.wav", "c.wav\r", "last"].map(PathBuf::from));
    }

    #[test]
    fn what_is_no_list_is_refused_before_it_is_all_in_memory() {
        assert!(read_list(io::BufReader::new(io::repeat(b'x')), b'\n').is_err());
        let longest = vec![b'x'; LONGEST_LINE];
        assert_eq!(read_list(&longest[..], b'\n').unwrap().len(), 1);
    }
}
