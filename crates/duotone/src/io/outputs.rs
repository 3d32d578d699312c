//! Checks that are made before an operation starts, so that no output overwrites an input.

use std::collections::HashSet;
use std::fs::{self, File};
use std::io::Read;
use std::path::Path;

use crate::error::Error;
use crate::path_text::path_text;

/// How many bytes of an existing file are read to determine its kind.
const START: u64 = 4096;

/// Refuses an output that is one of the inputs, even under another name: a hard link, a symbolic
/// link or another spelling of the path. Both may be files or folders; paths that do not exist are
/// ignored.
///
/// # Errors
/// [`Error::File`], which names both paths.
pub fn refuse_inputs<P: AsRef<Path>>(
    output: &Path,
    inputs: impl IntoIterator<Item = P>,
) -> Result<(), Error> {
    let Some(own) = identity(output) else { return Ok(()) };
    for input in inputs {
        if identity(input.as_ref()).as_ref() == Some(&own) {
            return Err(same(output, input.as_ref()));
        }
    }
    Ok(())
}

fn same(output: &Path, input: &Path) -> Error {
    // Compared as strings: `Path` considers `a/b` and `a/./b` equal.
    let what = match output.as_os_str() == input.as_os_str() {
        true => "this is also an input".to_owned(),
        false => format!("this is the input {} under another name", path_text(input)),
    };
    let reason = format!("{what}, which would be overwritten: choose another output");
    Error::File { path: output.to_owned(), reason }
}

/// Equal for two paths that lead to the same file.
#[cfg(unix)]
fn identity(path: &Path) -> Option<(u64, u64)> {
    use std::os::unix::fs::MetadataExt;
    // Without opening the file: opening a pipe blocks until it has a writer.
    fs::metadata(path).ok().map(|about| (about.dev(), about.ino()))
}

#[cfg(not(unix))]
fn identity(path: &Path) -> Option<same_file::Handle> {
    same_file::Handle::from_path(path).ok()
}

/// Refuses to replace an existing file of another kind than the one to be written, judged by its
/// first bytes. An empty file may be replaced.
///
/// # Errors
/// [`Error::File`] if the file is of another kind; [`Error::Io`] if it cannot be read.
pub fn refuse_other_kind(
    output: &Path,
    kind: &str,
    is_kind: impl Fn(&[u8]) -> bool,
) -> Result<(), Error> {
    let refused = |reason: String| Err(Error::File { path: output.to_owned(), reason });
    let Ok(about) = fs::metadata(output) else { return Ok(()) };
    if !about.is_file() {
        return refused(format!("not a regular file: choose a file to write the {kind} to"));
    }
    let mut start = Vec::new();
    let file = File::open(output).map_err(Error::io(output))?;
    file.take(START).read_to_end(&mut start).map_err(Error::io(output))?;
    if start.is_empty() || is_kind(&start) {
        return Ok(());
    }
    refused(format!(
        "the {kind} cannot be written here, because a file of another kind already exists: choose \
         another output, or remove that file first"
    ))
}

/// Whether the bytes contain a word.
pub(crate) fn holds(bytes: &[u8], word: &str) -> bool {
    bytes.windows(word.len()).any(|window| window == word.as_bytes())
}

/// Whether a file starts like duotone's models and checkpoints.
pub(crate) fn is_tensor_file(start: &[u8]) -> bool {
    start.get(8) == Some(&b'{') && holds(start, "duotone")
}

/// Refuses a results folder that contains an input. Nothing would be overwritten, but results and
/// music would be mixed.
///
/// # Errors
/// [`Error::File`], which names both paths.
pub fn refuse_folder_of_inputs<'a>(
    folder: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Error> {
    let Ok(real) = folder.canonicalize() else { return Ok(()) };
    let mut parents = HashSet::new();
    for input in inputs {
        let Some(parent) = input.parent() else { continue };
        // Thousands of files share a few folders, so each folder is resolved only once.
        if parents.insert(parent) && parent.canonicalize().is_ok_and(|parent| parent == real) {
            let reason = format!(
                "this folder contains {}, an input: choose a separate folder for the results",
                path_text(input)
            );
            return Err(Error::File { path: folder.to_owned(), reason });
        }
    }
    Ok(())
}

/// Refuses a folder that is about to be emptied if it contains one of the inputs.
///
/// # Errors
/// [`Error::File`], which names both paths.
pub fn refuse_inputs_within<'a>(
    folder: &Path,
    inputs: impl IntoIterator<Item = &'a Path>,
) -> Result<(), Error> {
    let Ok(real) = folder.canonicalize() else { return Ok(()) };
    let within = |input: &&Path| input.canonicalize().is_ok_and(|input| input.starts_with(&real));
    match inputs.into_iter().find(within) {
        None => Ok(()),
        Some(input) => Err(Error::File {
            path: folder.to_owned(),
            reason: format!(
                "this folder would be emptied, but it contains the input {}: choose another output",
                path_text(input)
            ),
        }),
    }
}

/// Whether a file starts like an ONNX file, with the version of the format.
pub(crate) fn is_onnx(start: &[u8]) -> bool {
    start.starts_with(&[0x08]) && !is_tensor_file(start)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;

    use super::{refuse_inputs, refuse_inputs_within, refuse_other_kind};

    #[test]
    fn refuses_an_input_under_any_name() {
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        let input = dir.join("list.csv");
        fs::create_dir(dir.join("sub")).unwrap();
        fs::write(&input, "path,label\n").unwrap();
        fs::write(dir.join("other.csv"), "path,label\n").unwrap();
        fs::hard_link(&input, dir.join("hard")).unwrap();
        let mut names: Vec<PathBuf> =
            ["list.csv", "./list.csv", "sub/../list.csv", "hard"].map(|name| dir.join(name)).into();
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(&input, dir.join("soft")).unwrap();
            std::os::unix::fs::symlink(dir, dir.join("sub/up")).unwrap();
            names.extend([dir.join("soft"), dir.join("sub/up/list.csv")]);
        }
        for output in names {
            let error = refuse_inputs(&output, [&input]).unwrap_err().to_string();
            let both = [&output, &input].iter().all(|p| error.contains(p.to_str().unwrap()));
            assert!(both && error.contains("choose another output"), "{error}");
        }
        for unused in ["other.csv", "absent.csv"] {
            refuse_inputs(&dir.join(unused), [&input, &dir.join("absent.csv")]).unwrap();
        }
        assert!(refuse_inputs(&dir.join("sub/.."), [dir]).is_err(), "folders too");
        assert!(refuse_inputs_within(dir, [input.as_path()]).is_err());
        refuse_inputs_within(&dir.join("sub"), [input.as_path()]).unwrap();
    }

    #[test]
    fn replaces_only_empty_files_and_its_own_kind() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        let check = || refuse_other_kind(&path, "poem", |start| start.starts_with(b"O "));
        check().unwrap();
        for (content, fine) in [("", true), ("O rose", true), ("RIFF", false)] {
            fs::write(&path, content).unwrap();
            assert_eq!(check().is_ok(), fine, "{content}");
        }
        let error = check().unwrap_err().to_string();
        assert!(
            error.contains("the poem cannot be written here") && error.contains("file:"),
            "{error}"
        );
        let folder = refuse_other_kind(folder.path(), "poem", |_| true).unwrap_err().to_string();
        assert!(folder.contains("not a regular file"), "{folder}");
    }
}
