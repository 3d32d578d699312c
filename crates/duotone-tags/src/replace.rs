//! Replacing a file: a copy beside it, read again, then renamed.

use std::fs::{self, File, Metadata, TryLockError};
use std::io::{ErrorKind, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::TagError;
use crate::stamp::{modified, time};

/// Largest file whose tags are written, in bytes. Files are held in memory twice.
pub const MAX_FILE: usize = 2 << 30;

/// A file's content, and what is known about it.
pub(crate) struct Original {
    pub(crate) bytes: Vec<u8>,
    pub(crate) about: Metadata,
    /// Locked while this lives.
    file: File,
}

/// A finished copy, which is removed unless it takes its place.
pub(crate) struct Copy {
    temporary: PathBuf,
    target: PathBuf,
    /// The target's metadata before.
    before: Metadata,
    _locks: (File, File),
    is_renamed: bool,
}

/// Reads a file that may be replaced, and locks it.
pub(crate) fn open(path: &Path) -> Result<Original, TagError> {
    let about = fs::symlink_metadata(path).map_err(TagError::io("reading it"))?;
    if about.is_symlink() {
        return Err(TagError::Protected("it is a symbolic link"));
    }
    if !about.is_file() {
        return Err(TagError::Protected("it is not a file"));
    }
    if about.permissions().readonly() {
        return Err(TagError::Protected("it is read-only"));
    }
    if links(&about) > 1 {
        return Err(TagError::Protected(
            "it has other names (hard links), which would keep the old tags",
        ));
    }
    if about.len() > MAX_FILE as u64 {
        return Err(TagError::Unsupported("it is larger than 2 GiB"));
    }
    let mut file = File::open(path).map_err(TagError::io("reading it"))?;
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(TagError::Protected("another program has locked it"));
    }
    let about = file.metadata().map_err(TagError::io("reading it"))?;
    let mut bytes = Vec::with_capacity(about.len() as usize);
    // A file that grows meanwhile is noticed before it is replaced.
    let mut part = (&mut file).take(MAX_FILE as u64);
    part.read_to_end(&mut bytes).map_err(TagError::io("reading it"))?;
    Ok(Original { bytes, about, file })
}

/// The name of a file's copy: hidden, and the same each time, so that a copy that was left by a killed
/// run is found.
fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().as_encoded_bytes();
    let hash = blake3::hash(name).to_hex();
    path.with_file_name(format!(".duotone-tag-{}.partial", &hash[..16]))
}

/// Removes what a killed run left beside a file.
pub(crate) fn sweep(path: &Path) -> Result<(), TagError> {
    let temporary = temporary(path);
    let failed = TagError::io("removing a copy left by an earlier run");
    let file = match fs::symlink_metadata(&temporary) {
        Ok(about) if about.is_file() => File::open(&temporary).map_err(failed)?,
        Ok(_) => return Err(TagError::Protected("something else has the name of its copy")),
        Err(e) if e.kind() == ErrorKind::NotFound => return Ok(()),
        Err(e) => return Err(failed(e)),
    };
    if let Err(TryLockError::WouldBlock) = file.try_lock() {
        return Err(TagError::Protected("another run is writing it"));
    }
    fs::remove_file(&temporary).map_err(TagError::io("removing a copy left by an earlier run"))
}

/// Writes a copy with other content beside a file, with the same owner, permissions and extended
/// attributes, and reads it again. `stamp` is its time of modification; without one, it is now.
pub(crate) fn write_copy(
    path: &Path,
    original: Original,
    bytes: &[u8],
    stamp: Option<(i64, u32)>,
) -> Result<Copy, TagError> {
    sweep(path)?;
    let temporary = temporary(path);
    let mut options = File::options();
    options.create_new(true).read(true).write(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&temporary).map_err(TagError::io("writing a copy beside it"))?;
    // On a file system without locks, the worst that can happen is that two runs fail.
    let _ = file.try_lock();
    let Original { about, file: original, .. } = original;
    let target = path.to_owned();
    let written = fill(&mut file, bytes, &original, &about, stamp);
    let locks = (original, file);
    let copy = Copy { temporary, target, before: about, _locks: locks, is_renamed: false };
    written?;
    let mut again = Vec::with_capacity(bytes.len());
    let read = File::open(&copy.temporary).and_then(|mut file| file.read_to_end(&mut again));
    read.map_err(TagError::io("reading the copy"))?;
    if again != bytes {
        return Err(TagError::NotPreserved("what was written to the copy"));
    }
    Ok(copy)
}

fn fill(
    file: &mut File,
    bytes: &[u8],
    original: &File,
    about: &Metadata,
    stamp: Option<(i64, u32)>,
) -> Result<(), TagError> {
    file.write_all(bytes).map_err(TagError::io("writing a copy beside it"))?;
    attributes(file, original, about)?;
    if let Some(stamp) = stamp {
        let time = time(stamp).ok_or(TagError::NotPreserved("its time of modification"))?;
        file.set_modified(time).map_err(TagError::io("keeping its time of modification"))?;
    }
    file.sync_all().map_err(TagError::io("writing a copy beside it"))
}

impl Copy {
    /// Puts the copy in the place of the file.
    pub(crate) fn rename(mut self) -> Result<(), TagError> {
        let about = fs::symlink_metadata(&self.target).map_err(TagError::io("reading it"))?;
        let same = about.len() == self.before.len() && modified(&about) == modified(&self.before);
        if !same || !is_same_file(&about, &self.before) {
            return Err(TagError::Changed("it was changed by another program just now"));
        }
        fs::rename(&self.temporary, &self.target).map_err(TagError::io("replacing it"))?;
        self.is_renamed = true;
        Ok(())
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        if !self.is_renamed {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// Makes renames in a folder durable. If it cannot be synced, the system writes it later.
pub(crate) fn sync_folder(folder: &Path) {
    if let Some(folder) = File::open(folder).ok().filter(|_| cfg!(unix)) {
        let _ = folder.sync_all();
    }
}

#[cfg(unix)]
fn links(about: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(about)
}

#[cfg(not(unix))]
fn links(_: &Metadata) -> u64 {
    1
}

#[cfg(unix)]
fn is_same_file(one: &Metadata, other: &Metadata) -> bool {
    use std::os::unix::fs::MetadataExt;
    (one.dev(), one.ino()) == (other.dev(), other.ino())
}

#[cfg(not(unix))]
fn is_same_file(_: &Metadata, _: &Metadata) -> bool {
    true
}

/// Gives the copy the owner, permissions and extended attributes (access control lists among them) of
/// the original.
#[cfg(unix)]
fn attributes(file: &File, original: &File, about: &Metadata) -> Result<(), TagError> {
    use std::os::unix::fs::{MetadataExt, fchown};
    let own = file.metadata().map_err(TagError::io("writing a copy beside it"))?;
    if (own.uid(), own.gid()) != (about.uid(), about.gid()) {
        fchown(file, Some(about.uid()), Some(about.gid()))
            .map_err(|_| TagError::NotPreserved("its owner"))?;
    }
    let permissions = file.set_permissions(about.permissions());
    permissions.map_err(|_| TagError::NotPreserved("its permissions"))?;
    extended(file, original).map_err(|_| TagError::NotPreserved("an extended attribute"))
}

#[cfg(not(unix))]
fn attributes(file: &File, _: &File, about: &Metadata) -> Result<(), TagError> {
    let permissions = file.set_permissions(about.permissions());
    permissions.map_err(|_| TagError::NotPreserved("its permissions"))
}

#[cfg(any(target_os = "linux", target_os = "android", target_os = "macos"))]
fn extended(file: &File, original: &File) -> rustix::io::Result<()> {
    use rustix::fs::{XattrFlags, fgetxattr, flistxattr, fsetxattr};
    use rustix::io::Errno;
    /// Largest list of names, and largest value, on Linux.
    const MOST: usize = 64 << 10;
    let mut names = vec![0_u8; MOST];
    let length = match flistxattr(original, &mut names) {
        Ok(length) => length,
        Err(Errno::NOTSUP | Errno::NOSYS) => return Ok(()),
        Err(e) => return Err(e),
    };
    let mut value = vec![0_u8; if length > 0 { MOST } else { 0 }];
    let mut again = value.clone();
    for name in names[..length].split(|&byte| byte == 0).filter(|name| !name.is_empty()) {
        let length = fgetxattr(original, name, &mut value)?;
        // The system may have set it already, such as a label of SELinux.
        let same = fgetxattr(file, name, &mut again).is_ok_and(|n| again[..n] == value[..length]);
        if !same {
            fsetxattr(file, name, &value[..length], XattrFlags::empty())?;
        }
    }
    Ok(())
}

#[cfg(all(unix, not(any(target_os = "linux", target_os = "android", target_os = "macos"))))]
fn extended(_: &File, _: &File) -> rustix::io::Result<()> {
    Ok(())
}
