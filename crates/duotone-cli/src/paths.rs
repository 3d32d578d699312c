//! The files that a command line means.

use std::io::{self, BufRead};
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

/// One path a line; empty lines mean nothing.
fn read_list(input: impl BufRead) -> Result<Vec<PathBuf>, Failure> {
    let mut paths = Vec::new();
    for line in input.split(b'\n') {
        let mut line = line.map_err(|e| Failure::Work(format!("standard input: {e}")))?;
        if line.last() == Some(&b'\r') {
            line.pop();
        }
        if !line.is_empty() {
            paths.push(path_from(line));
        }
    }
    Ok(paths)
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
}
