//! A folder whose sub-folders are the labels.

use std::fs;
use std::path::{Path, PathBuf};

use super::{CollectionOptions, Entry, Found, MAX_FILES, refused};
use crate::error::Error;
use crate::io::LeftOut;
use crate::plural::plural;

/// What lies beside music and is none. Everything else is tried: content decides, not the name.
const SIDE_FILES: [&str; 37] = [
    "bmp",
    "checkpoint",
    "csv",
    "cue",
    "db",
    "doc",
    "docx",
    "gif",
    "htm",
    "html",
    "ini",
    "jpeg",
    "jpg",
    "json",
    "jsonl",
    "log",
    "lrc",
    "m3u",
    "m3u8",
    "md",
    "md5",
    "mid",
    "midi",
    "nfo",
    "onnx",
    "pdf",
    "pls",
    "png",
    "safetensors",
    "sfv",
    "toml",
    "tsv",
    "txt",
    "url",
    "webp",
    "xml",
    "yaml",
];

/// Names that are together in the folders that duotone itself writes, and in no folder of music: in
/// a feature store (for each front end) and in a MIREX task's results. What an evaluation writes
/// has the extensions of side files.
const OWN_FOLDERS: [&[&str]; 2] = [&["front-end.json"], &["lists", "outputs", "runs"]];

/// Folders within folders, at most.
const DEEPEST: usize = 32;
/// Files and folders looked at, at most: links can make few folders many.
const MAX_ENTRIES: usize = 4 * MAX_FILES;

pub(super) fn read(root: &Path, options: &CollectionOptions) -> Result<Found, Error> {
    if let Some(column) = options.label.as_deref().filter(|&column| column != "folder") {
        return Err(refused(
            root,
            format!(
                "a folder has no column `{column}`: its sub-folders are the labels; leave the \
                 column out, or give a CSV"
            ),
        ));
    }
    let by_album = match options.group.as_deref() {
        None | Some("artist") => false,
        Some("album") => true,
        Some(column) => {
            return Err(refused(
                root,
                format!(
                    "a folder has no column `{column}`: its files can be grouped by `artist` \
                     (label/artist/…/file) or `album` (the folder a file lies in); give a CSV for \
                     other groups"
                ),
            ));
        }
    };
    let walk = Walk::through(root)?;

    let mut found = Found { label_column: "folder".to_owned(), ..Found::default() };
    let mut unlabelled = 0;
    for name in walk.files {
        let folders: Vec<String> = name.parent().map_or_else(Vec::new, |parent| {
            parent.iter().map(|part| part.to_string_lossy().into_owned()).collect()
        });
        let Some((label, below)) = folders.split_first() else {
            unlabelled += 1;
            continue;
        };
        let group =
            if by_album { below.join("/") } else { below.first().cloned().unwrap_or_default() };
        found.entries.push(Entry {
            path: root.join(&name),
            label: label.clone(),
            group: Some(group).filter(|group| options.group.is_some() && !group.is_empty()),
            fold: None,
            split: None,
            name,
        });
    }
    if let Some(column) = &options.group
        && !found.entries.is_empty()
        && found.entries.iter().all(|entry| entry.group.is_none())
    {
        return Err(refused(
            root,
            format!("no files to group by `{column}`: there are no folders within the labels'"),
        ));
    }
    if walk.own_folders > 0 {
        let n = walk.own_folders;
        found.notices.push(format!(
            "passed over {} that duotone wrote (features or results)",
            plural(n, "folder")
        ));
    }
    if walk.side_files > 0 {
        let n = walk.side_files;
        found.notices.push(format!(
            "passed over {} (hidden, texts, pictures and the like)",
            plural(n, "file")
        ));
    }
    if unlabelled > 0 {
        found
            .notices
            .push(format!("ignored {} outside the label folders", plural(unlabelled, "file")));
    }
    found.left_out = walk.left_out;
    Ok(found)
}

struct Walk<'a> {
    root: &'a Path,
    entries: usize,
    side_files: usize,
    own_folders: usize,
    /// Relative to the root.
    files: Vec<PathBuf>,
    left_out: Vec<LeftOut>,
}

impl<'a> Walk<'a> {
    fn through(root: &'a Path) -> Result<Self, Error> {
        let (files, left_out) = (Vec::new(), Vec::new());
        let mut walk = Walk { root, entries: 0, side_files: 0, own_folders: 0, files, left_out };
        walk.enter(root, &mut Vec::new())?;
        Ok(walk)
    }

    /// Takes a folder's files and enters its folders, in the order of their names. `above` holds
    /// the folders on the way here, resolved, so that a link back to one of them is seen.
    fn enter(&mut self, folder: &Path, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        let entries = fs::canonicalize(folder).and_then(|resolved| {
            let entries: Result<Vec<_>, _> = fs::read_dir(folder)?.collect();
            Ok((resolved, entries?))
        });
        let (resolved, mut entries) = match entries {
            Ok(entries) => entries,
            Err(source) if above.is_empty() => return Err(Error::io(folder)(source)),
            Err(source) => {
                self.leave_out(folder, format!("the folder cannot be read: {source}"));
                return Ok(());
            }
        };
        if above.contains(&resolved) {
            self.leave_out(folder, "a link to a folder that it lies in".to_owned());
            return Ok(());
        }
        if above.len() >= DEEPEST {
            self.leave_out(folder, format!("more than {DEEPEST} folders deep"));
            return Ok(());
        }
        if !above.is_empty() && is_own(&entries) {
            self.own_folders += 1;
            return Ok(());
        }
        above.push(resolved);
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self.take(&entry.path(), above)?;
        }
        above.pop();
        Ok(())
    }

    fn take(&mut self, path: &Path, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        self.entries += 1;
        if self.files.len() > MAX_FILES || self.entries > MAX_ENTRIES {
            let reason = format!("holds more than {MAX_FILES} files: give a smaller folder");
            return Err(refused(self.root, reason));
        }
        match fs::metadata(path) {
            _ if is_hidden(path) => self.side_files += 1,
            Ok(about) if about.is_dir() => self.enter(path, above)?,
            _ if is_side_file(path) => self.side_files += 1,
            Ok(about) if about.is_file() => self.files.push(self.name(path)),
            Ok(_) => self.leave_out(path, "neither a file nor a folder".to_owned()),
            Err(source) => self.leave_out(path, source.to_string()),
        }
        Ok(())
    }

    fn leave_out(&mut self, path: &Path, reason: String) {
        self.left_out.push(LeftOut { path: self.name(path), reason });
    }

    fn name(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root).unwrap_or(path).to_owned()
    }
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".") || name == b"__MACOSX"
}

/// Whether a folder with these entries is one that duotone wrote.
fn is_own(entries: &[fs::DirEntry]) -> bool {
    let holds = |name: &&str| entries.iter().any(|entry| entry.file_name() == **name);
    OWN_FOLDERS.iter().any(|names| names.iter().all(holds))
}

/// By its extension.
fn is_side_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|e| SIDE_FILES.contains(&e.as_str()))
}

/// What a folder holds.
#[derive(Debug, Default)]
pub struct AudioFiles {
    /// Files that may be audio, in the order of their names.
    pub files: Vec<PathBuf>,
    /// What could not be looked at.
    pub left_out: Vec<LeftOut>,
    /// Number of hidden files, texts, pictures and the like, which are passed over.
    pub side_files: usize,
}

/// The files below a folder that may be audio.
///
/// # Errors
/// [`Error::Io`] when the folder cannot be read, [`Error::Collection`] when it holds too much.
pub fn audio_files(folder: &Path) -> Result<AudioFiles, Error> {
    let mut walk = Walk::through(folder)?;
    walk.left_out.iter_mut().for_each(|left_out| left_out.path = folder.join(&left_out.path));
    Ok(AudioFiles {
        files: walk.files.iter().map(|file| folder.join(file)).collect(),
        left_out: walk.left_out,
        side_files: walk.side_files,
    })
}
