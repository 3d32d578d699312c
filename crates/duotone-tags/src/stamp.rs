//! What identifies a version of a file, and paths and times in JSON.

use std::fs::Metadata;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use data_encoding::BASE64;
use serde::{Deserialize, Serialize};

/// A version of a file: its size, time of modification and BLAKE3 digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamp {
    /// Size in bytes.
    pub size: u64,
    /// Time of modification, in seconds since 1970 and nanoseconds.
    pub modified: (i64, u32),
    /// BLAKE3, 64 hexadecimal digits.
    pub digest: String,
}

impl Stamp {
    pub(crate) fn new(bytes: &[u8], about: &Metadata) -> Self {
        let modified = modified(about);
        Self { size: bytes.len() as u64, modified, digest: digest(bytes) }
    }
}

/// The BLAKE3 digest of some bytes, as 64 hexadecimal digits.
#[must_use]
pub fn digest(bytes: &[u8]) -> String {
    blake3::hash(bytes).to_hex().to_string()
}

pub(crate) fn modified(about: &Metadata) -> (i64, u32) {
    about.modified().map_or((0, 0), seconds)
}

/// A time as seconds since 1970, rounded down, and nanoseconds.
fn seconds(time: SystemTime) -> (i64, u32) {
    match time.duration_since(UNIX_EPOCH) {
        Ok(after) => (after.as_secs().cast_signed(), after.subsec_nanos()),
        Err(before) => {
            let before = before.duration();
            let whole = before.as_secs().cast_signed();
            match before.subsec_nanos() {
                0 => (-whole, 0),
                nanos => (-whole - 1, 1_000_000_000 - nanos),
            }
        }
    }
}

/// Reverses [`seconds`], for times that the system can represent.
pub(crate) fn time((seconds, nanos): (i64, u32)) -> Option<SystemTime> {
    let whole = Duration::from_secs(seconds.unsigned_abs());
    let second = match seconds < 0 {
        true => UNIX_EPOCH.checked_sub(whole),
        false => UNIX_EPOCH.checked_add(whole),
    };
    second?.checked_add(Duration::from_nanos(nanos.into()))
}

/// Seconds since 1970.
pub(crate) fn now() -> i64 {
    seconds(SystemTime::now()).0
}

/// A path in JSON: text, or Base64 for names that are not UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
enum PathText {
    Text(String),
    Bytes { base64: String },
}

/// For `#[serde(with)]` on a path.
pub(crate) mod path {
    use super::{BASE64, Path, PathBuf, PathText};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub(crate) fn serialize<S: Serializer>(path: &Path, serializer: S) -> Result<S::Ok, S::Error> {
        let text = match path.to_str() {
            Some(text) => PathText::Text(text.to_owned()),
            None => {
                let bytes = path.as_os_str().as_encoded_bytes();
                PathText::Bytes { base64: BASE64.encode(bytes) }
            }
        };
        text.serialize(serializer)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<PathBuf, D::Error> {
        match PathText::deserialize(deserializer)? {
            PathText::Text(text) => Ok(text.into()),
            PathText::Bytes { base64 } => {
                let bytes = BASE64.decode(base64.as_bytes()).map_err(D::Error::custom)?;
                super::from_bytes(bytes).ok_or_else(|| D::Error::custom("a path is not a name"))
            }
        }
    }
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    use std::os::unix::ffi::OsStringExt;
    Some(std::ffi::OsString::from_vec(bytes).into())
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> Option<PathBuf> {
    String::from_utf8(bytes).ok().map(PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::{seconds, time};

    #[test]
    fn times_before_1970_come_back() {
        for stamp in [(0, 0), (1_700_000_000, 5), (-1, 999_999_999), (-7, 0)] {
            assert_eq!(seconds(time(stamp).unwrap()), stamp);
        }
        assert!(time((i64::MAX, u32::MAX)).is_none());
    }
}
