//! Features on disk: one small file a clip, named by the file's content and the front end.
//!
//! The format and the reasons for it are in `docs/store.md`.

use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use duotone_audio::{FrontEnd, Spectrogram};

use crate::error::Error;
use crate::features::{ClipFeatures, Notes};
use crate::io::write::{replace, try_writing};

const MAGIC: &[u8; 8] = b"duotmel\0";
/// Raised when the format changes, or the numbers that the same front end gives.
const VERSION: u32 = 4;
const HEADER: usize = 100;
/// Where the numbers of a header end and its digests begin.
const NUMBERS: usize = HEADER - 64;
const CHECKSUM: usize = 32;
const REPEATED: u32 = 1;
const SILENT: u32 = 2;
/// No recording this long is read, so no entry is larger than its spectrogram.
const MAX_SECONDS: u64 = 25 * 3600;
/// Bytes of a damage report, and of all warnings, at most.
const MAX_TEXT: usize = 4096;
/// Entries are not synced: after a crash of the machine the checksum tells.
const NO_SYNC: fn(&File) -> std::io::Result<()> = |_| Ok(());

/// A folder that keeps the features of files: adding files computes only those, another front end
/// never reads them, and an entry that is not whole counts as absent.
///
/// Entries appear whole or not at all, so several runs may use one store at once.
#[derive(Clone, Debug)]
pub struct FeatureStore {
    root: PathBuf,
}

impl FeatureStore {
    /// Opens the store in a folder; the folder is made where there is none.
    ///
    /// # Errors
    /// [`Error::Io`] or [`Error::File`] when the folder cannot be made or written to.
    pub fn open(dir: &Path) -> Result<Self, Error> {
        if fs::metadata(dir).is_ok_and(|about| !about.is_dir()) {
            let reason = "is a file; a feature store is a folder: name another one".into();
            return Err(Error::File { path: dir.to_owned(), reason });
        }
        fs::create_dir_all(dir).map_err(Error::io(dir))?;
        try_writing(dir).map_err(Error::io(dir))?;
        Ok(Self { root: dir.to_owned() })
    }

    /// The bucket of one front end.
    pub(crate) fn bucket(&self, front_end: &FrontEnd) -> Result<Bucket, Error> {
        let spec = serde_json::to_vec_pretty(front_end)
            .map_err(|e| Error::Settings(format!("the front end cannot be written: {e}")))?;
        let mut hasher = blake3::Hasher::new();
        hasher.update(MAGIC).update(&VERSION.to_le_bytes()).update(&spec);
        let key = *hasher.finalize().as_bytes();
        let folder = self.root.join(blake3::Hash::from_bytes(key).to_hex().as_str());
        let bucket = Bucket { folder, key, front_end: front_end.clone() };
        fs::create_dir_all(&bucket.folder).map_err(Error::io(&bucket.folder))?;
        let note = bucket.folder.join("front-end.json");
        if fs::read(&note).ok().as_ref() != Some(&spec) {
            replace(&note, &spec, NO_SYNC).map_err(Error::io(&note))?;
        }
        Ok(bucket)
    }
}

/// The entries that one front end made.
pub(crate) struct Bucket {
    folder: PathBuf,
    key: [u8; 32],
    front_end: FrontEnd,
}

impl Bucket {
    /// The features of the file with this content, if they are here and whole.
    pub(crate) fn get(&self, content: &blake3::Hash) -> Option<ClipFeatures> {
        let mut file = File::open(self.place(content)).ok()?;
        let about = file.metadata().ok()?;
        let mut header = [0; HEADER];
        file.read_exact(&mut header).ok()?;
        let header = Header::read(&header)?;
        // Believed only as far as the front end allows and the file is long.
        let most_frames = MAX_SECONDS * u64::from(self.front_end.sample_rate)
            / self.front_end.hop.max(1) as u64
            + self.front_end.segment_frames as u64;
        // No fuzzer finds a digest, and what lies behind one must hold by itself.
        let ours = header.key == self.key && header.content == *content.as_bytes();
        let expected = (ours || cfg!(fuzzing))
            && header.bands as usize == self.front_end.bands
            && u64::from(header.frames) <= most_frames
            && header.damage as usize <= MAX_TEXT
            && header.warnings as usize <= MAX_TEXT
            && about.is_file()
            && about.len() == header.file_length()?;
        if !expected {
            return None;
        }
        let mut text = vec![0; header.damage as usize + header.warnings as usize];
        file.read_exact(&mut text).ok()?;
        let mut values = Vec::new();
        let bytes = header.bands as usize * header.frames as usize * 4;
        values.try_reserve_exact(bytes).ok()?;
        (&mut file).take(bytes as u64).read_to_end(&mut values).ok()?;
        let mut checksum = [0; CHECKSUM];
        file.read_exact(&mut checksum).ok()?;
        let right = checksum_of(&header.bytes(), &text, &values) == checksum;
        if !right && !cfg!(fuzzing) {
            return None;
        }
        let data = values.as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect();
        let (bands, frames) = (header.bands as usize, header.frames as usize);
        let warnings = String::from_utf8(text.split_off(header.damage as usize)).ok()?;
        let damage = String::from_utf8(text).ok()?;
        Some(ClipFeatures {
            spectrogram: Spectrogram::new(bands, frames, data).ok()?,
            digest: content.to_hex().to_string(),
            source_rate: header.source_rate,
            notes: Notes {
                silent: header.flags & SILENT != 0,
                repeated: header.flags & REPEATED != 0,
                damage: Some(damage).filter(|text| !text.is_empty()),
                warnings: warnings.lines().map(str::to_owned).collect(),
            },
        })
    }

    /// Keeps the features of the file with this content.
    pub(crate) fn put(&self, content: &blake3::Hash, clip: &ClipFeatures) -> Result<(), Error> {
        let notes = &clip.notes;
        let damage = short(notes.damage.as_deref().unwrap_or_default());
        // One a line: they are sentences and hold no line breaks.
        let warnings = notes.warnings.join("\n");
        let warnings = short(&warnings);
        let flag = |set, bit| if set { bit } else { 0 };
        // Lengths beyond 32 bits become entries that are not found again.
        let header = Header {
            bands: clip.bands() as u32,
            frames: clip.frames() as u32,
            source_rate: clip.source_rate,
            flags: flag(notes.repeated, REPEATED) | flag(notes.silent, SILENT),
            damage: damage.len() as u32,
            warnings: warnings.len() as u32,
            key: self.key,
            content: *content.as_bytes(),
        };
        let values: Vec<u8> =
            clip.spectrogram.data().iter().flat_map(|value| value.to_le_bytes()).collect();
        let text = [damage, warnings].concat();
        let checksum = checksum_of(&header.bytes(), text.as_bytes(), &values);
        let entry = [&header.bytes()[..], text.as_bytes(), &values, &checksum].concat();
        let place = self.place(content);
        let folder = place.parent().unwrap_or(&self.folder);
        fs::create_dir_all(folder).map_err(Error::io(folder))?;
        replace(&place, &entry, NO_SYNC).map_err(Error::io(place))
    }

    /// Where the entry of the file with this content lies.
    pub(crate) fn place(&self, content: &blake3::Hash) -> PathBuf {
        let name = content.to_hex();
        self.folder.join(&name[..2]).join(format!("{name}.mel"))
    }
}

/// What stands before an entry's values; little-endian.
struct Header {
    bands: u32,
    frames: u32,
    source_rate: u32,
    flags: u32,
    /// Bytes of the damage report.
    damage: u32,
    /// Bytes of the warnings behind it, one a line.
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
            self.flags,
            self.damage,
            self.warnings,
        ];
        let mut bytes = [0; HEADER];
        bytes[..8].copy_from_slice(MAGIC);
        for (to, number) in bytes[8..NUMBERS].chunks_exact_mut(4).zip(numbers) {
            to.copy_from_slice(&number.to_le_bytes());
        }
        bytes[NUMBERS..NUMBERS + 32].copy_from_slice(&self.key);
        bytes[NUMBERS + 32..].copy_from_slice(&self.content);
        bytes
    }

    /// `None` where the magic or the version is another.
    fn read(bytes: &[u8; HEADER]) -> Option<Self> {
        let (start, digests) = bytes.split_at(NUMBERS);
        let numbers: Vec<u32> =
            start[8..].as_chunks().0.iter().map(|&number| u32::from_le_bytes(number)).collect();
        let [VERSION, bands, frames, source_rate, flags, damage, warnings] = numbers[..] else {
            return None;
        };
        let (key, content) = digests.split_at(32);
        let (key, content) = (key.try_into().ok()?, content.try_into().ok()?);
        let header = Self { bands, frames, source_rate, flags, damage, warnings, key, content };
        start.starts_with(MAGIC).then_some(header)
    }

    fn file_length(&self) -> Option<u64> {
        let values = u64::from(self.bands) * u64::from(self.frames);
        let text = u64::from(self.damage) + u64::from(self.warnings);
        values.checked_mul(4)?.checked_add((HEADER + CHECKSUM) as u64 + text)
    }
}

/// The start of a text, as long as an entry holds.
fn short(text: &str) -> &str {
    &text[..text.floor_char_boundary(MAX_TEXT)]
}

fn checksum_of(header: &[u8], text: &[u8], values: &[u8]) -> [u8; CHECKSUM] {
    *blake3::Hasher::new().update(header).update(text).update(values).finalize().as_bytes()
}
