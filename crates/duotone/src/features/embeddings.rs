//! The outputs of published networks, cached, so that several trainings on the same clips compute them once.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

use blake3::Hash;

use crate::error::Error;
use crate::features::store::{entry_path, write_entry};

const MAGIC: &[u8; 8] = b"duotemb\0";
const EXTENSION: &str = "emb";
/// Must be increased whenever the format changes, or the values that a published network computes.
const VERSION: u32 = 1;
/// Magic bytes, version, and the number of values.
const HEADER: usize = 16;
const CHECKSUM: usize = 32;
/// Values of an entry at most: a batch of segments.
const MAX_VALUES: usize = 1 << 22;
/// Values in memory at most, half a gigabyte; later ones are computed or read again.
const MAX_MEMORY: usize = 1 << 27;

/// A cache of what published networks compute from batches of segments, in memory and, if there is a feature
/// store, in its folder `embeddings`. A damaged entry is treated as missing.
#[derive(Debug, Default)]
pub(crate) struct Embeddings {
    folder: Option<PathBuf>,
    memory: Mutex<Memory>,
}

#[derive(Debug, Default)]
struct Memory {
    entries: HashMap<Hash, Vec<f32>>,
    /// Number of values of all entries.
    values: usize,
}

impl Embeddings {
    /// Creates a cache, given the folder of a feature store.
    pub(crate) fn new(store: Option<&Path>) -> Self {
        Self { folder: store.map(|store| store.join("embeddings")), memory: Mutex::default() }
    }

    /// Returns the values for a batch of inputs of the network with this digest: cached ones, or those that
    /// `compute` returns.
    ///
    /// # Errors
    /// Those of `compute`; [`Error::Io`] if the store is not writable.
    pub(crate) fn get(
        &self,
        network: &Hash,
        inputs: &[f32],
        compute: impl FnOnce() -> Result<Vec<f32>, Error>,
    ) -> Result<Vec<f32>, Error> {
        let key = key(network, inputs);
        if let Some(values) = self.lock().entries.get(&key) {
            return Ok(values.clone());
        }
        let path = self.folder.as_ref().map(|folder| entry_path(folder, &key, EXTENSION));
        let values = match path.as_deref().and_then(read) {
            Some(values) => values,
            None => {
                let values = compute()?;
                if let Some(path) = path {
                    write(&path, &values)?;
                }
                values
            }
        };
        let mut memory = self.lock();
        let fits = memory.values + values.len() <= MAX_MEMORY;
        if fits && memory.entries.insert(key, values.clone()).is_none() {
            memory.values += values.len();
        }
        Ok(values)
    }

    fn lock(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(network: &Hash, inputs: &[f32]) -> Hash {
    let mut hasher = blake3::Hasher::new();
    hasher.update(MAGIC).update(&VERSION.to_le_bytes()).update(network.as_bytes());
    for block in inputs.chunks(1 << 12) {
        let bytes: Vec<u8> = block.iter().flat_map(|x| x.to_le_bytes()).collect();
        hasher.update(&bytes);
    }
    hasher.finalize()
}

fn write(path: &Path, values: &[f32]) -> Result<(), Error> {
    let mut entry = MAGIC.to_vec();
    entry.extend(VERSION.to_le_bytes());
    entry.extend((values.len() as u32).to_le_bytes());
    entry.extend(values.iter().flat_map(|x| x.to_le_bytes()));
    let checksum = blake3::hash(&entry);
    entry.extend(checksum.as_bytes());
    write_entry(path, &entry)
}

/// Returns the values of an undamaged entry.
fn read(path: &Path) -> Option<Vec<f32>> {
    let file = File::open(path).ok()?;
    if !file.metadata().ok()?.is_file() {
        return None;
    }
    let limit = HEADER + 4 * MAX_VALUES + CHECKSUM;
    let mut bytes = Vec::new();
    file.take(limit as u64 + 1).read_to_end(&mut bytes).ok()?;
    let (entry, checksum) = bytes.split_at_checked(bytes.len().checked_sub(CHECKSUM)?)?;
    let (header, values) = entry.split_at_checked(HEADER)?;
    let (magic, numbers) = header.split_at(MAGIC.len());
    let numbers: Vec<u32> =
        numbers.as_chunks().0.iter().map(|&number| u32::from_le_bytes(number)).collect();
    let count = u32::try_from(values.len() / 4).ok()?;
    let valid = bytes.len() <= limit
        && magic == MAGIC
        && numbers == [VERSION, count]
        && values.len().is_multiple_of(4)
        && blake3::hash(entry).as_bytes() == checksum;
    valid.then(|| values.as_chunks().0.iter().map(|&x| f32::from_le_bytes(x)).collect())
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::{EXTENSION, Embeddings, entry_path, key};
    use crate::error::Error;

    fn fails() -> Result<Vec<f32>, Error> {
        Err(Error::Model("computed again".into()))
    }

    #[test]
    fn values_are_computed_once_per_store_network_and_input() {
        let folder = tempfile::tempdir().unwrap();
        let network = blake3::hash(b"network");
        let first = Embeddings::new(Some(folder.path()));
        assert_eq!(first.get(&network, &[1.0, 2.0], || Ok(vec![3.0])).unwrap(), [3.0]);
        assert_eq!(first.get(&network, &[1.0, 2.0], fails).unwrap(), [3.0]);
        let second = Embeddings::new(Some(folder.path()));
        assert_eq!(second.get(&network, &[1.0, 2.0], fails).unwrap(), [3.0]);
        assert!(second.get(&network, &[1.0, 2.5], fails).is_err());
        assert!(second.get(&blake3::hash(b"other"), &[1.0, 2.0], fails).is_err());
        assert!(Embeddings::new(None).get(&network, &[1.0, 2.0], fails).is_err());
    }

    #[test]
    fn damaged_entries_are_missing() {
        let folder = tempfile::tempdir().unwrap();
        let network = blake3::hash(b"network");
        let inputs = [1.0, 2.0];
        let path =
            entry_path(&folder.path().join("embeddings"), &key(&network, &inputs), EXTENSION);
        let store = || Embeddings::new(Some(folder.path()));
        store().get(&network, &inputs, || Ok(vec![3.0, 4.0])).unwrap();
        let intact = fs::read(&path).unwrap();
        for byte in 0..intact.len() {
            let mut damaged = intact.clone();
            damaged[byte] ^= 1;
            fs::write(&path, damaged).unwrap();
            assert!(store().get(&network, &inputs, fails).is_err(), "byte {byte}");
            fs::write(&path, &intact[..byte]).unwrap();
            assert!(store().get(&network, &inputs, fails).is_err(), "{byte} bytes");
        }
        fs::write(&path, &intact).unwrap();
        assert_eq!(store().get(&network, &inputs, fails).unwrap(), [3.0, 4.0]);
    }
}
