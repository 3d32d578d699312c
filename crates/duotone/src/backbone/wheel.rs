//! Members of a wheel, which is a zip archive.

use miniz_oxide::inflate::decompress_to_vec_with_limit;
use rawzip::{CompressionMethod, ZipArchive};

/// The member of an archive with a name and a length, decompressed. Nothing is written to disk, so the
/// names of other members do not matter.
///
/// # Errors
/// If the archive is damaged, the member is not there or occurs twice, or it has another length.
pub(crate) fn member(archive: &[u8], name: &str, length: usize) -> Result<Vec<u8>, String> {
    let damaged = |e: rawzip::Error| format!("not a wheel, or damaged: {e}");
    let archive = ZipArchive::from_slice(archive).map_err(damaged)?;
    let mut found = None;
    for entry in archive.entries() {
        let entry = entry.map_err(damaged)?;
        if entry.file_path().as_ref() == name.as_bytes() && found.replace(entry).is_some() {
            return Err(format!("{name} occurs twice in it"));
        }
    }
    let entry = found.ok_or_else(|| format!("{name} is not in it"))?;
    let compressed = archive.get_entry(entry.wayfinder()).map_err(damaged)?.data();
    let content = match entry.compression_method() {
        CompressionMethod::STORE => compressed.to_vec(),
        // Stops at the length that the caller expects, whatever the archive states.
        CompressionMethod::DEFLATE => decompress_to_vec_with_limit(compressed, length)
            .map_err(|e| format!("{name} cannot be decompressed: {e}"))?,
        other => return Err(format!("{name} is compressed by an unsupported method ({other:?})")),
    };
    match content.len() == length {
        true => Ok(content),
        false => Err(format!("{name} has {} bytes, not {length}", content.len())),
    }
}

#[cfg(test)]
mod tests {
    use super::member;
    use crate::backbone::fixtures::zip;

    const TEXT: &[u8] = b"one, two, one, two, one, two, one, two, one, two";

    #[test]
    fn reads_stored_and_deflated_members() {
        for method in [0, 8] {
            let archive = zip(&[("a/b", TEXT), ("c", b"x")], method);
            assert_eq!(member(&archive, "a/b", TEXT.len()).as_deref(), Ok(TEXT));
            assert_eq!(member(&archive, "c", 1).as_deref(), Ok(&b"x"[..]));
        }
    }

    #[test]
    fn members_with_other_lengths_are_refused() {
        let bomb = vec![0; 1 << 20];
        let archive = zip(&[("a", &bomb), ("b", TEXT)], 8);
        assert!(archive.len() < 4000);
        for (name, length) in [("a", 1000), ("a", (1 << 20) - 1), ("b", 10), ("b", 1 << 40)] {
            assert!(member(&archive, name, length).unwrap_err().starts_with(name));
        }
        assert!(member(&zip(&[("a", TEXT)], 0), "a", 3).unwrap_err().contains("48 bytes, not 3"));
    }

    #[test]
    fn absent_double_and_unsupported_members_are_named() {
        let archive = zip(&[("a", TEXT), ("../b", TEXT), ("a", TEXT)], 8);
        for (name, message) in [("a", "a occurs twice in it"), ("b", "b is not in it")] {
            assert_eq!(member(&archive, name, TEXT.len()).unwrap_err(), message);
        }
        let error = member(&zip(&[("a", TEXT)], 12), "a", TEXT.len()).unwrap_err();
        assert!(error.contains("a is compressed by an unsupported method"), "{error}");
    }

    #[test]
    fn truncated_and_changed_archives_never_panic() {
        let whole = zip(&[("a", TEXT)], 8);
        let length = TEXT.len();
        for cut in 0..whole.len() {
            assert!(member(&whole[..cut], "a", length).is_err(), "{cut}");
        }
        for at in 0..whole.len() {
            for change in 1..=255 {
                let mut changed = whole.clone();
                changed[at] ^= change;
                if let Ok(content) = member(&changed, "a", length) {
                    assert_eq!(content.len(), length);
                }
            }
        }
    }
}
