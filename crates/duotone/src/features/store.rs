//! The feature store: one small file per clip and front end, named after the digest of the clip's
//! content.
//!
//! `docs/store.md` describes the format and the reasons for it.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use duotone_audio::{FrontEnd, Spectrogram};

use crate::error::Error;
use crate::features::{ClipFeatures, Notes};
use crate::io::write::{replace, try_writing};

const MAGIC: &[u8; 8] = b"duotmel\0";
/// Must be increased whenever the format changes, or the values that a front end computes.
const VERSION: u32 = 5;
const HEADER: usize = 104;
/// Offset of the digests in a header; the integers precede them.
const DIGESTS: usize = HEADER - 64;
const CHECKSUM: usize = 32;
const REPEATED: u32 = 1;
const SILENT: u32 = 2;
/// Longer recordings are never decoded, which bounds the size of an entry.
const MAX_SECONDS: u64 = 25 * 3600;
/// Bytes of the decode errors at most, and of all warnings together.
const MAX_TEXT: usize = 4096;
/// Entries are not synced. After a crash of the machine, the checksum detects a damaged one.
const NO_SYNC: fn(&File) -> std::io::Result<()> = |_| Ok(());

/// A folder that caches the features of files. Each front end has its own entries, and a damaged
/// entry is treated as missing.
///
/// Entries appear whole or not at all, so several processes may use a store at the same time.
#[derive(Clone, Debug)]
pub struct FeatureStore {
    root: PathBuf,
}

impl FeatureStore {
    /// Opens the store in a folder, which is created if it does not exist.
    ///
    /// # Errors
    /// [`Error::File`] if `dir` is a file; [`Error::Io`] if the folder cannot be created or is not
    /// writable.
    pub fn open(dir: impl AsRef<Path>) -> Result<Self, Error> {
        let dir = dir.as_ref();
        if fs::metadata(dir).is_ok_and(|about| !about.is_dir()) {
            let reason = "is a file, but a feature store is a folder: choose another path".into();
            return Err(Error::File { path: dir.to_owned(), reason });
        }
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
        try_writing(dir).map_err(Error::io(dir))?;
        Ok(Self { root: dir.to_owned() })
    }

    /// The entries of one front end.
    pub(crate) fn bucket(&self, front_end: &FrontEnd) -> Result<Bucket, Error> {
        let spec = serde_json::to_vec_pretty(front_end)
            .map_err(|source| Error::Serialize { what: "the front end", source })?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(MAGIC).update(&VERSION.to_le_bytes()).update(&spec);
        let key = *hasher.finalize().as_bytes();
        let folder = self.root.join(blake3::Hash::from_bytes(key).to_hex().as_str());
        let bucket = Bucket { folder, key, front_end: front_end.clone() };
        fs::create_dir_all(&bucket.folder).map_err(Error::io(&bucket.folder))?;
        let description = bucket.folder.join("front-end.json");
        if fs::read(&description).ok().as_ref() != Some(&spec) {
            replace(&description, &spec, NO_SYNC).map_err(Error::io(&description))?;
        }
        Ok(bucket)
    }
}

/// The entries of one front end.
pub(crate) struct Bucket {
    folder: PathBuf,
    key: [u8; 32],
    front_end: FrontEnd,
}

impl Bucket {
    /// The features of the file with this content, if there is an undamaged entry.
    pub(crate) fn get(&self, content: &blake3::Hash) -> Option<ClipFeatures> {
        let mut file = File::open(self.entry_path(content)).ok()?;
        let about = file.metadata().ok()?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let header = Header::read(&header)?;
        // Sizes are trusted only if they match the front end and the length of the file.
        let max_frames = MAX_SECONDS * u64::from(self.front_end.sample_rate)
            / self.front_end.hop.max(1) as u64
            + self.front_end.segment_frames as u64;
        // A fuzzer cannot guess a digest, and the checks that follow must not rely on it.
        let same_key = header.key == self.key && header.content == *content.as_bytes();
        let expected = (same_key || cfg!(fuzzing))
            && header.bands as usize == self.front_end.bands
            && u64::from(header.frames) <= max_frames
            && header.decode_errors as usize <= MAX_TEXT
            && header.warnings as usize <= MAX_TEXT
            && about.is_file()
            && about.len() == header.file_length()?;
        if !expected {
            return None;
        }
        let mut text = vec![0; header.decode_errors as usize + header.warnings as usize];
        file.read_exact(&mut text).ok()?;
        let mut values = Vec::new();
        let bytes = header.bands as usize * header.frames as usize * 4;
        values.try_reserve_exact(bytes).ok()?;
        (&mut file).take(bytes as u64).read_to_end(&mut values).ok()?;
        let mut checksum = [0; CHECKSUM];
        file.read_exact(&mut checksum).ok()?;
        let intact = checksum_of(&header.bytes(), &text, &values) == checksum;
        if !intact && !cfg!(fuzzing) {
            return None;
        }
        let data = values.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect();
        let (bands, frames) = (header.bands as usize, header.frames as usize);
        let warnings = String::from_utf8(text.split_off(header.decode_errors as usize)).ok()?;
        let decode_errors = String::from_utf8(text).ok()?;
        Some(ClipFeatures {
            spectrogram: Spectrogram::new(bands, frames, data).ok()?,
            digest: content.to_hex().to_string(),
            source_rate: header.source_rate,
            notes: Notes {
                silent: header.flags & SILENT != 0,
                repeated: header.flags & REPEATED != 0,
                decode_errors: Some(decode_errors).filter(|text| !text.is_empty()),
                warnings: warnings.lines().map(str::to_owned).collect(),
            },
            bandwidth: Some(f32::from_bits(header.bandwidth)).filter(|hertz| hertz.is_finite()),
        })
    }

    /// Stores the features of the file with this content.
    pub(crate) fn put(&self, content: &blake3::Hash, clip: &ClipFeatures) -> Result<(), Error> {
        let notes = &clip.notes;
        let decode_errors = truncate(notes.decode_errors.as_deref().unwrap_or_default());
        // One per line: a warning is a sentence without line breaks.
        let warnings = notes.warnings.join("\n");
        let warnings = truncate(&warnings);
        let flag = |set, bit| if set { bit } else { 0 };
        // A length of more than 32 bits would give an entry that `get` rejects.
        let header = Header {
            bands: clip.bands() as u32,
            frames: clip.frames() as u32,
            source_rate: clip.source_rate,
            bandwidth: clip.bandwidth.unwrap_or(f32::NAN).to_bits(),
            flags: flag(notes.repeated, REPEATED) | flag(notes.silent, SILENT),
            decode_errors: decode_errors.len() as u32,
            warnings: warnings.len() as u32,
            key: self.key,
            content: *content.as_bytes(),
        };
        let values: Vec<u8> =
            clip.spectrogram.data().iter().flat_map(|value| value.to_le_bytes()).collect();
        let text = [decode_errors, warnings].concat();
        let checksum = checksum_of(&header.bytes(), text.as_bytes(), &values);
        let entry = [&header.bytes()[..], text.as_bytes(), &values, &checksum].concat();
        write_entry(&self.entry_path(content), &entry)
    }

    /// Path of the entry for the file with this content.
    pub(crate) fn entry_path(&self, content: &blake3::Hash) -> PathBuf {
        entry_path(&self.folder, content, "mel")
    }
}

/// Path of an entry that is named after a digest.
pub(super) fn entry_path(folder: &Path, digest: &blake3::Hash, extension: &str) -> PathBuf {
    let name = digest.to_hex();
    folder.join(&name[..2]).join(format!("{name}.{extension}"))
}

/// Writes an entry. It appears whole or not at all.
pub(super) fn write_entry(path: &Path, entry: &[u8]) -> Result<(), Error> {
    let folder = path.parent().unwrap_or(path);
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    replace(path, entry, NO_SYNC).map_err(Error::io(path))
}

/// The header of an entry, little-endian.
struct Header {
    bands: u32,
    frames: u32,
    source_rate: u32,
    /// The bits of a number in hertz; NaN if there is none.
    bandwidth: u32,
    flags: u32,
    /// Length of the decode errors in bytes.
    decode_errors: u32,
    /// Length of the warnings that follow it, one per line, in bytes.
    warnings: u32,
    key: [u8; 32],
    content: [u8; 32],
}

impl Header {
    fn bytes(&self) -> [u8; HEADER] {
        let numbers = [
            VERSION,
            self.bands,
            self.frames,
            self.source_rate,
            self.bandwidth,
            self.flags,
            self.decode_errors,
            self.warnings,
        ];
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        for (to, number) in bytes[8..DIGESTS].chunks_exact_mut(4).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        bytes[DIGESTS..DIGESTS + 32].copy_from_slice(&self.key);
        bytes[DIGESTS + 32..].copy_from_slice(&self.content);
        bytes
    }

    /// Returns `None` if the magic bytes or the version do not match.
    fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let (start, digests) = bytes.split_at(DIGESTS);
        let numbers: Vec<u32> =
            start[8..].as_chunks().0.iter().map(|&number| u32::from_le_bytes(number)).collect();
        let [VERSION, bands, frames, source_rate, bandwidth, flags, decode_errors, warnings] =
            numbers[..]
        else {
            return None;
        };
        let (key, content) = digests.split_at(32);
        let (key, content) = (key.try_into().ok()?, content.try_into().ok()?);
        let header = Self {
            bands,
            frames,
            source_rate,
            bandwidth,
            flags,
            decode_errors,
            warnings,
            key,
            content,
        };
        start.starts_with(MAGIC).then_some(header)
    }

    fn file_length(&self) -> Option<u64> {
        let values = u64::from(self.bands) * u64::from(self.frames);
        let text = u64::from(self.decode_errors) + u64::from(self.warnings);
        values.checked_mul(4)?.checked_add((HEADER + CHECKSUM) as u64 + text)
    }
}

/// The text, cut to the length that an entry may contain.
fn truncate(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn checksum_of(header: &[u8], text: &[u8], values: &[u8]) -> [u8; CHECKSUM] {
    *blake3::Hasher::new().update(header).update(text).update(values).finalize().as_bytes()
}
