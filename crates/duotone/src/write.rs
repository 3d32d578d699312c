use std::{io::Write, path::Path};

use crate::Error;

/// Writes a file under a temporary name in its folder, then renames it: whoever looks finds the old
/// content or the new, never half of it.
///
/// # Errors
/// [`Error::Io`] with the path, for instance when the disk is full.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), Error> {
    let attempt = || {
        let folder = path.parent().filter(|p| !p.as_os_str().is_empty());
        let mut builder = tempfile::Builder::new();
        // Temporary files are private by default; this one will be the user's, by their umask.
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        let mut file = builder.tempfile_in(folder.unwrap_or(Path::new(".")))?;
        file.write_all(bytes)?;
        file.persist(path)?;
        Ok(())
    };
    attempt().map_err(Error::io(path))
}
