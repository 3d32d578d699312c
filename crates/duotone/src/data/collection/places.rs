//! Where a file that a list names lies.

use std::path::{Path, PathBuf};

use crate::path_text::on_disk;

/// The file that a name in a list means: as it is when absolute, under the home folder after `~/`,
/// otherwise relative to the list's folder. Spaces around the name and backslashes between folders
/// count only where a file has them in its name; other spellings are those of [`on_disk`].
pub(crate) fn resolve(folder: &Path, name: &str) -> PathBuf {
    let place = |name: &str| match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => on_disk(&home.join(rest)),
        _ => on_disk(&folder.join(name)),
    };
    let path = place(name);
    let plain = name.trim().replace('\\', "/");
    if plain != name && !path.exists() { place(&plain) } else { path }
}

/// Whether a name is a path on a drive of Windows, such as `D:\music\a.mp3`, and this is another
/// system.
pub(super) fn is_on_drive(name: &str) -> bool {
    let drive = |bytes: &[u8]| matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    !cfg!(windows) && drive(name.trim().as_bytes())
}
