//! Links from a report to audio files on its reader's disk.

use std::collections::HashMap;
use std::path::{Component, Path, PathBuf};

use duotone::data::Collection;
use duotone::path_text;

/// Relative URL of each clip, by its path in the collection.
#[derive(Default)]
pub(super) struct Links(HashMap<PathBuf, String>);

impl Links {
    /// Creates links relative to the report's folder.
    pub(super) fn from(folder: &Path, collection: &Collection) -> Self {
        let Ok(folder) = folder.canonicalize() else { return Self::default() };
        let link = |item: &duotone::data::Item| {
            let url = relative_url(&folder, &item.path.canonicalize().ok()?)?;
            Some((path_text(&item.name).into_owned().into(), url))
        };
        Self(collection.items.iter().filter_map(link).collect())
    }

    /// Returns a player for a clip, or an empty string if its file is unknown.
    pub(super) fn player(&self, name: &Path) -> String {
        match self.0.get(name) {
            Some(url) => format!(r#"<audio controls preload="none" src="{url}"></audio>"#),
            None => String::new(),
        }
    }
}

/// Returns the relative URL from a folder to a file, percent-encoded; `None` if there is none (on
/// another drive). Both paths must be absolute, with links resolved.
fn relative_url(folder: &Path, file: &Path) -> Option<String> {
    let (from, to): (Vec<_>, Vec<_>) = (folder.components().collect(), file.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if common == 0 {
        return None;
    }
    let mut parts = vec!["..".to_owned(); from.len() - common];
    for part in &to[common..] {
        let Component::Normal(name) = part else { return None };
        parts.push(name.as_encoded_bytes().iter().map(|&byte| encoded(byte)).collect());
    }
    Some(parts.join("/"))
}

/// Encodes a byte of a URL, unless RFC 3986 lists it as unreserved.
fn encoded(byte: u8) -> String {
    match byte {
        b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(byte).to_string()
        }
        _ => format!("%{byte:02X}"),
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::relative_url;

    #[test]
    #[cfg(unix)]
    fn urls_lead_from_the_report_to_the_file() {
        for (folder, file, url) in [
            ("/music/report", "/music/rock/a.mp3", "../rock/a.mp3"),
            ("/a/b/c", "/x/y.wav", "../../../x/y.wav"),
            ("/a", "/a/b.wav", "b.wav"),
            ("/a", "/a/1:2 \"é\" 100%?#.wav", "1%3A2%20%22%C3%A9%22%20100%25%3F%23.wav"),
            ("/a", "/a/<script>'&/x.wav", "%3Cscript%3E%27%26/x.wav"),
        ] {
            assert_eq!(relative_url(Path::new(folder), Path::new(file)).as_deref(), Some(url));
        }
    }
}
