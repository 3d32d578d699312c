//! Collections in a folder, whose sub-folders are the labels.

use std::fs;
use std::path::{Path, PathBuf};

use super::{CollectionOptions, Entry, Found, MAX_FILES, refused};
use crate::error::Error;
use crate::io::SkippedFile;
use crate::plural::plural;

/// Extensions of files that are ignored: they are often stored next to music but contain none, or are
/// written by duotone. All other files are tried, because their content decides whether they are audio, not
/// their name.
const SIDE_FILES: [&str; 40] = [
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
    "lock",
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
    "parquet",
    "part",
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

/// Entries by which folders written by duotone are recognised: those of each front end in a feature
/// store, and those with the results of a MIREX task. Files written by an evaluation are ignored by
/// their extensions.
const OWN_FOLDERS: [&[&str]; 2] = [&["front-end.json"], &["lists", "outputs", "runs"]];

/// Deeper folders are skipped.
const MAX_DEPTH: usize = 32;
/// Number of entries visited at most. Links can lead to the same folder many times.
const MAX_ENTRIES: usize = 4 * MAX_FILES;

pub(super) fn read(root: &Path, options: &CollectionOptions) -> Result<Found, Error> {
    if let Some(column) = options.label.as_deref().filter(|&column| column != "folder") {
        return Err(refused(
            root,
            format!(
                "a folder has no column `{column}`: its sub-folders are the labels; omit the \
                 column, or use a CSV list"
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
                     (label/artist/…/file) or `album` (the folder that contains the file); use a \
                     CSV list for other groups"
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
            format!("no files can be grouped by `{column}`: the label folders have no sub-folders"),
        ));
    }
    if walk.own_folders > 0 {
        let n = walk.own_folders;
        found.warnings.push(format!(
            "ignored {} written by duotone (features or results)",
            plural(n, "folder")
        ));
    }
    if walk.side_files > 0 {
        let n = walk.side_files;
        found.warnings.push(format!(
            "ignored {} (hidden files, documents, images and other non-audio files)",
            plural(n, "file")
        ));
    }
    if unlabelled > 0 {
        found
            .warnings
            .push(format!("ignored {} outside the label folders", plural(unlabelled, "file")));
    }
    found.skipped_files = walk.skipped_files;
    Ok(found)
}

struct Walk<'a> {
    root: &'a Path,
    entries: usize,
    side_files: usize,
    own_folders: usize,
    /// Relative to the root.
    files: Vec<PathBuf>,
    skipped_files: Vec<SkippedFile>,
}

impl<'a> Walk<'a> {
    /// Visits everything below a folder.
    fn through(root: &'a Path) -> Result<Self, Error> {
        let (files, skipped_files) = (Vec::new(), Vec::new());
        let mut walk =
            Walk { root, entries: 0, side_files: 0, own_folders: 0, files, skipped_files };
        walk.enter(root, &mut Vec::new())?;
        Ok(walk)
    }

    /// Visits the entries of a folder, sorted by name. `above` are the folders that contain it, with
    /// links resolved, by which a link to one of them is detected.
    fn enter(&mut self, folder: &Path, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        let entries = fs::canonicalize(folder).and_then(|resolved| {
            let entries: Result<Vec<_>, _> = fs::read_dir(folder)?.collect();
            Ok((resolved, entries?))
        });
        let (resolved, mut entries) = match entries {
            Ok(entries) => entries,
            Err(source) if above.is_empty() => return Err(Error::io(folder)(source)),
            Err(source) => {
                self.skip(folder, format!("the folder cannot be read: {source}"));
                return Ok(());
            }
        };
        if above.contains(&resolved) {
            self.skip(folder, "a link to a folder that contains it".to_owned());
            return Ok(());
        }
        if above.len() >= MAX_DEPTH {
            self.skip(folder, format!("nested more than {MAX_DEPTH} folders deep"));
            return Ok(());
        }
        if !above.is_empty() && is_own(&entries) {
            self.own_folders += 1;
            return Ok(());
        }
        above.push(resolved);
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            self.visit(&entry.path(), above)?;
        }
        above.pop();
        Ok(())
    }

    fn visit(&mut self, path: &Path, above: &mut Vec<PathBuf>) -> Result<(), Error> {
        self.entries += 1;
        if self.files.len() > MAX_FILES || self.entries > MAX_ENTRIES {
            let reason = format!("contains more than {MAX_FILES} files: use a smaller folder");
            return Err(refused(self.root, reason));
        }
        match fs::metadata(path) {
            _ if is_hidden(path) => self.side_files += 1,
            Ok(about) if about.is_dir() => self.enter(path, above)?,
            _ if is_side_file(path) => self.side_files += 1,
            Ok(about) if about.is_file() => self.files.push(self.name(path)),
            Ok(_) => self.skip(path, "neither a file nor a folder".to_owned()),
            Err(source) => self.skip(path, source.to_string()),
        }
        Ok(())
    }

    fn skip(&mut self, path: &Path, error: String) {
        self.skipped_files.push(SkippedFile { path: self.name(path), error });
    }

    fn name(&self, path: &Path) -> PathBuf {
        path.strip_prefix(self.root).unwrap_or(path).to_owned()
    }
}

fn is_hidden(path: &Path) -> bool {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    name.starts_with(b".") || name == b"__MACOSX"
}

/// Whether a folder with these entries was written by duotone.
fn is_own(entries: &[fs::DirEntry]) -> bool {
    let contains = |name: &&str| entries.iter().any(|entry| entry.file_name() == **name);
    OWN_FOLDERS.iter().any(|names| names.iter().all(contains))
}

/// Returns whether files with this extension are ignored.
fn is_side_file(path: &Path) -> bool {
    let extension = path.extension().and_then(|e| e.to_str()).map(str::to_ascii_lowercase);
    extension.is_some_and(|e| SIDE_FILES.contains(&e.as_str()))
}

/// The files below a folder, as found by [`audio_files`].
#[derive(Debug, Default)]
pub struct AudioFiles {
    /// Files that may be audio, sorted by name.
    pub files: Vec<PathBuf>,
    /// Files and folders that could not be read.
    pub skipped_files: Vec<SkippedFile>,
    /// Number of files that were ignored: hidden files, documents, images and the like.
    pub side_files: usize,
}

/// Finds the files below a folder that may be audio.
///
/// # Errors
/// [`Error::Io`] if the folder cannot be read; [`Error::Collection`] if it contains too many files.
pub fn audio_files(folder: &Path) -> Result<AudioFiles, Error> {
    let mut walk = Walk::through(folder)?;
    walk.skipped_files.iter_mut().for_each(|skipped| skipped.path = folder.join(&skipped.path));
    Ok(AudioFiles {
        files: walk.files.iter().map(|file| folder.join(file)).collect(),
        skipped_files: walk.skipped_files,
        side_files: walk.side_files,
    })
}
