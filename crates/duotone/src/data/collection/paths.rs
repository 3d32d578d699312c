//! Resolution of the paths in a list.

use std::path::{Path, PathBuf};

use crate::path_text::on_disk;

/// The file that a path in a list refers to. The path may be absolute, start with `~/` (the home
/// folder), or be relative to the list's folder. If there is no such file, spaces around the path are
/// removed and backslashes are taken for slashes. Other spellings are resolved by [`on_disk`].
pub(crate) fn resolve(folder: &Path, name: &str) -> PathBuf {
    let absolute = |name: &str| match (name.strip_prefix("~/"), std::env::home_dir()) {
        (Some(rest), Some(home)) => on_disk(&home.join(rest)),
        _ => on_disk(&folder.join(name)),
    };
    let path = absolute(name);
    let normalized = name.trim().replace('\\', "/");
    if normalized != name && !path.exists() { absolute(&normalized) } else { path }
}

/// Whether a name is a path on a Windows drive, such as `D:\music\a.mp3`, but this system is not
/// Windows.
pub(super) fn is_on_drive(name: &str) -> bool {
    let drive = |bytes: &[u8]| matches!(bytes, [letter, b':', b'\\' | b'/', ..] if letter.is_ascii_alphabetic());
    !cfg!(windows) && drive(name.trim().as_bytes())
}
