//! Conversion of paths to text and back. Bytes of a name that are not valid UTF-8 are written as
//! `\xNN`.

use std::borrow::Cow;
use std::fmt::Write;
use std::path::{Component, Path, PathBuf};

use unicode_normalization::UnicodeNormalization;

/// A path as text. A path in UTF-8 is unchanged. In any other path, each invalid byte is written as
/// `\xNN` (two hexadecimal digits), and so is a backslash that would otherwise be taken for the
/// start of such an escape. [`on_disk`] finds the file for such a text.
#[must_use]
pub fn path_text(path: &Path) -> Cow<'_, str> {
    match path.to_str() {
        Some(text) => Cow::Borrowed(text),
        // Windows separates folders by backslashes, and its names are UTF-16.
        None if cfg!(windows) => path.to_string_lossy(),
        None => Cow::Owned(escape(path.as_os_str().as_encoded_bytes())),
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() + 16);
    for chunk in bytes.utf8_chunks() {
        let mut rest = chunk.valid();
        while let Some(position) = rest.find(r"\x") {
            let (before, from) = rest.split_at(position);
            text.push_str(before);
            let escaped = if escaped_byte(from.as_bytes()).is_some() { r"\x5c" } else { r"\" };
            text.push_str(escaped);
            rest = &from[1..];
        }
        text.push_str(rest);
        for byte in chunk.invalid() {
            let _ = write!(text, "\\x{byte:02x}");
        }
    }
    text
}

/// The byte that a leading `\xNN` stands for.
fn escaped_byte(text: &[u8]) -> Option<u8> {
    let digits = text.strip_prefix(br"\x")?.get(..2)?;
    let digits = std::str::from_utf8(digits).ok().filter(|d| !d.starts_with('+'))?;
    u8::from_str_radix(digits, 16).ok()
}

/// Reverses [`path_text`].
fn unescape(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut at = 0;
    while at < text.len() {
        match escaped_byte(&text[at..]) {
            Some(byte) => {
                bytes.push(byte);
                at += 4;
            }
            None => {
                bytes.push(text[at]);
                at += 1;
            }
        }
    }
    bytes
}

/// The file that a path refers to. The first of these that exists: the path as written; the path
/// with the escapes of [`path_text`] decoded; a path that differs only in its Unicode normal form
/// (systems write `é` as one character or as two). If none exists, returns the path unchanged.
#[must_use]
pub fn on_disk(path: &Path) -> PathBuf {
    if path.symlink_metadata().is_ok() {
        return path.to_owned();
    }
    let raw = raw(path);
    let found = raw.filter(|raw| raw.symlink_metadata().is_ok()).or_else(|| other_form(path));
    found.unwrap_or_else(|| path.to_owned())
}

#[cfg(unix)]
fn raw(path: &Path) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    let bytes = path.as_os_str().as_encoded_bytes();
    let raw = unescape(bytes);
    (raw != bytes).then(|| std::ffi::OsString::from_vec(raw).into())
}

#[cfg(not(unix))]
fn raw(_: &Path) -> Option<PathBuf> {
    None
}

/// The existing path whose components are each written as given, composed or decomposed.
fn other_form(path: &Path) -> Option<PathBuf> {
    if path.to_str()?.is_ascii() {
        return None;
    }
    let mut found = PathBuf::new();
    for component in path.components() {
        let Component::Normal(name) = component else {
            found.push(component);
            continue;
        };
        let name = name.to_str()?;
        let forms = [name.to_owned(), name.nfc().collect(), name.nfd().collect()];
        let exists = |form: &String| found.join(form).symlink_metadata().is_ok();
        let form = forms.iter().find(|form| exists(form))?;
        found.push(form);
    }
    Some(found)
}

/// The text in Unicode normal form C, for comparing names.
pub(crate) fn composed(text: &str) -> Cow<'_, str> {
    match text.is_ascii() {
        true => Cow::Borrowed(text),
        false => Cow::Owned(text.nfc().collect()),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{escape, on_disk, unescape};

    proptest::proptest! {
        /// Arbitrary names, and names made of backslashes, digits and broken characters.
        #[test]
        fn escapes_round_trip(bytes in proptest::collection::vec(proptest::sample::select(
            b"\\x5cfF0aB\xff\xc3\xa9".to_vec()), 0..24), any: Vec<u8>)
        {
            for bytes in [bytes, any] {
                assert_eq!(unescape(escape(&bytes).as_bytes()), bytes);
            }
        }
    }

    #[test]
    fn escapes_only_what_is_ambiguous() {
        for (bytes, text) in [
            (&b"caf\xe9.wav"[..], r"caf\xe9.wav"),
            ("café.wav".as_bytes(), "café.wav"),
            (br"a\b\xyz", r"a\b\xyz"),
            (br"a\x41", r"a\x5cx41"),
        ] {
            assert_eq!(escape(bytes), text);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn finds_a_name_in_every_form() {
        use std::os::unix::ffi::OsStrExt;
        let folder = tempfile::tempdir().unwrap();
        let dir = folder.path();
        // Decomposed folder, composed file.
        std::fs::create_dir(dir.join("Bjo\u{308}rk")).unwrap();
        let file = dir.join("Bjo\u{308}rk/J\u{f3}ga.wav");
        std::fs::write(&file, "").unwrap();
        for name in ["Bj\u{f6}rk/J\u{f3}ga.wav", "Bj\u{f6}rk/Jo\u{301}ga.wav"] {
            assert_eq!(on_disk(&dir.join(name)), file, "{name}");
        }
        assert_eq!(on_disk(&dir.join("Bj\u{f6}rk/x")), dir.join("Bj\u{f6}rk/x"));
        let latin = dir.join(std::ffi::OsStr::from_bytes(b"caf\xe9.wav"));
        std::fs::write(&latin, "").unwrap();
        assert_eq!(on_disk(&dir.join(r"caf\xe9.wav")), latin);
        // A file of exactly that name takes precedence.
        std::fs::write(dir.join(r"caf\xe9.wav"), "").unwrap();
        assert_eq!(on_disk(&dir.join(r"caf\xe9.wav")), dir.join(r"caf\xe9.wav"));
        assert_eq!(on_disk(Path::new("é/none")), Path::new("é/none"));
    }
}
