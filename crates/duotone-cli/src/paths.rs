//! The files that a command line means.

use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};

use crate::exit::Failure;
use crate::progress::Console;

/// Files as they are, folders as the audio files in them (and in their folders), `-` as the list
/// on standard input, whose lines may be folders too. What does not exist stays: it is reported
/// when it is opened. What a folder holds and cannot be looked at goes to the console's list.
pub(crate) fn expand(paths: &[PathBuf], console: &Console) -> Result<Vec<PathBuf>, Failure> {
    let mut files = Vec::new();
    for path in paths {
        if path == Path::new("-") {
            for line in read_list(io::stdin().lock())? {
                expand_one(&line, &mut files, console)?;
            }
        } else {
            expand_one(path, &mut files, console)?;
        }
    }
    Ok(files)
}

fn expand_one(path: &Path, files: &mut Vec<PathBuf>, console: &Console) -> Result<(), Failure> {
    if path.is_dir() {
        let (found, left_out) = duotone::audio_files(path)?;
        files.extend(found);
        left_out.into_iter().for_each(|file| console.leave_out(file));
    } else {
        files.push(path.to_owned());
    }
    Ok(())
}

/// Bytes of a line, and lines, beyond which it is no list of files.
const LONGEST_LINE: usize = 64 << 10;
const MOST_LINES: usize = 1_000_000;

/// One path a line; empty lines mean nothing.
fn read_list(mut input: impl BufRead) -> Result<Vec<PathBuf>, Failure> {
    let refused = |words: String| Failure::Work(format!("standard input: {words}"));
    let mut paths = Vec::new();
    loop {
        let mut line = Vec::new();
        let mut part = (&mut input).take(LONGEST_LINE as u64 + 1);
        if part.read_until(b'\n', &mut line).map_err(|e| refused(e.to_string()))? == 0 {
            return Ok(paths);
        }
        if line.len() > LONGEST_LINE || paths.len() == MOST_LINES {
            return Err(refused(format!(
                "a line of more than {LONGEST_LINE} bytes, or more than {MOST_LINES} lines: give \
                 one file a line"
            )));
        }
        while line.last().is_some_and(|last| matches!(last, b'\n' | b'\r')) {
            line.pop();
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
        let list = read_list(&b"a b.wav\n\nc.wav\r\nlast"[..]).unwrap();
        assert_eq!(list, ["a b.wav", "c.wav", "last"].map(PathBuf::from));
    }

    #[test]
    fn what_is_no_list_is_refused_before_it_is_all_in_memory() {
        assert!(read_list(io::BufReader::new(io::repeat(b'x'))).is_err());
        let longest = vec![b'x'; LONGEST_LINE];
        assert_eq!(read_list(&longest[..]).unwrap().len(), 1);
    }
}
