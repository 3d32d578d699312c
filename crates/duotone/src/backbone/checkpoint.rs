//! TensorFlow's checkpoints: an index, which is a table from names to places, and data.

use std::collections::BTreeMap;
use std::ops::Range;

use duotone_nn::Tensor;

use super::protobuf::{Value, next_field};
use super::reader::Reader;
use super::table;

/// TensorFlow's number of the type of 32-bit floats.
const FLOAT: u64 = 1;
/// Axes of a tensor at most.
const MAX_AXES: usize = 8;

/// A checkpoint whose index has been read.
#[derive(Debug)]
pub(crate) struct Checkpoint<'a> {
    entries: BTreeMap<String, Entry>,
    data: &'a [u8],
}

/// Where and what a tensor is.
#[derive(Debug, Default)]
struct Entry {
    kind: u64,
    shape: Vec<u64>,
    shard: u64,
    start: u64,
    size: u64,
    checksum: u32,
    /// Whether it is one part of a tensor.
    sliced: bool,
}

impl<'a> Checkpoint<'a> {
    /// Reads an index. Its entries are checked when their tensors are read.
    ///
    /// # Errors
    /// If the index is damaged or compressed, or has several data files or numbers in big-endian order.
    pub(crate) fn parse(index: &[u8], data: &'a [u8]) -> Result<Self, String> {
        let mut entries = BTreeMap::new();
        let mut has_header = false;
        table::entries(index, |key, value| {
            // The header comes first, under an empty name.
            if !has_header {
                has_header = true;
                return match key {
                    [] => check_header(value),
                    _ => Err("it has no header".into()),
                };
            }
            let name = str::from_utf8(key).map_err(|_| "a name is not text")?.to_owned();
            match entries.insert(name, Entry::parse(value)?) {
                None => Ok(()),
                Some(_) => Err("a name occurs twice".into()),
            }
        })?;
        if has_header { Ok(Self { entries, data }) } else { Err("it has no header".into()) }
    }

    /// Reads a tensor and checks it against its checksum.
    ///
    /// # Errors
    /// If there is no tensor of this name and shape, or it is damaged; the message names it.
    pub(crate) fn tensor(&self, name: &str, shape: &[usize]) -> Result<Tensor, String> {
        let entry = self.entries.get(name).ok_or_else(|| format!("{name} is missing"))?;
        if entry.kind != FLOAT {
            return Err(format!("{name} has numbers of type {}, not 32-bit floats", entry.kind));
        }
        if entry.sliced || entry.shard != 0 {
            return Err(format!("{name} is divided into several parts"));
        }
        if !entry.shape.iter().copied().eq(shape.iter().map(|&size| size as u64)) {
            return Err(format!("{name} has the shape {:?}, not {shape:?}", entry.shape));
        }
        let count: usize = shape.iter().product();
        let bytes = self.bytes(entry).filter(|bytes| bytes.len() == 4 * count);
        let bytes = bytes.ok_or_else(|| format!("{name} is not completely in the data file"))?;
        if !table::checksum_matches(bytes, entry.checksum) {
            return Err(format!("the checksum of {name} does not match"));
        }
        let data = bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes));
        Ok(Tensor { shape: shape.to_vec(), data: data.collect() })
    }

    fn bytes(&self, entry: &Entry) -> Option<&'a [u8]> {
        let end = entry.start.checked_add(entry.size)?;
        let range: Range<usize> = entry.start.try_into().ok()?..end.try_into().ok()?;
        self.data.get(range)
    }
}

/// Checks the header: the number of data files (field 1) and the byte order (field 2).
fn check_header(header: &[u8]) -> Result<(), String> {
    let mut header = Reader(header);
    let mut files = 0;
    while let Some(field) = next_field(&mut header)? {
        match field {
            (1, Value::Int(number)) => files = number,
            (2, Value::Int(1)) => return Err("its numbers are in big-endian order".into()),
            _ => {}
        }
    }
    match files {
        1 => Ok(()),
        _ => Err(format!("its data is in {files} files, not one")),
    }
}

impl Entry {
    fn parse(entry: &[u8]) -> Result<Self, String> {
        let mut parsed = Self::default();
        let mut entry = Reader(entry);
        while let Some(field) = next_field(&mut entry)? {
            match field {
                (1, Value::Int(kind)) => parsed.kind = kind,
                (2, Value::Bytes(shape)) => parsed.shape = axes(shape)?,
                (3, Value::Int(shard)) => parsed.shard = shard,
                (4, Value::Int(start)) => parsed.start = start,
                (5, Value::Int(size)) => parsed.size = size,
                (6, Value::Fixed32(checksum)) => parsed.checksum = checksum,
                (7, _) => parsed.sliced = true,
                _ => {}
            }
        }
        Ok(parsed)
    }
}

/// The lengths of a tensor's axes: messages (field 2) with a size (field 1), which is absent if zero.
fn axes(shape: &[u8]) -> Result<Vec<u64>, String> {
    let mut axes = Vec::new();
    let mut shape = Reader(shape);
    while let Some(field) = next_field(&mut shape)? {
        let (2, Value::Bytes(axis)) = field else { continue };
        let (mut axis, mut size) = (Reader(axis), 0);
        while let Some(field) = next_field(&mut axis)? {
            if let (1, Value::Int(value)) = field {
                size = value;
            }
        }
        if axes.len() == MAX_AXES {
            return Err(format!("a tensor has more than {MAX_AXES} axes"));
        }
        axes.push(size);
    }
    Ok(axes)
}

#[cfg(test)]
mod tests {
    use super::Checkpoint;
    use crate::backbone::fixtures::{bytes, checkpoint, entry, int, table};

    fn tensors() -> Vec<(String, Vec<usize>, Vec<f32>)> {
        vec![
            ("conv/bias".into(), vec![2], vec![1.5, -2.0]),
            ("conv/kernel".into(), vec![1, 2, 2], vec![1.0, 2.0, 3.0, 4.0]),
            ("power".into(), vec![], vec![0.25]),
        ]
    }

    /// Reads the tensors from a checkpoint.
    fn read(index: &[u8], data: &[u8]) -> Result<(), String> {
        let checkpoint = Checkpoint::parse(index, data)?;
        for (name, shape, numbers) in tensors() {
            let tensor = checkpoint.tensor(&name, &shape)?;
            assert_eq!((tensor.shape, tensor.data), (shape, numbers));
        }
        Ok(())
    }

    #[test]
    fn reads_tensors() {
        let (index, data) = checkpoint(&tensors());
        assert_eq!(read(&index, &data), Ok(()));
    }

    #[test]
    fn refuses_every_truncation_and_never_returns_other_numbers() {
        let (index, data) = checkpoint(&tensors());
        for length in 0..index.len() {
            assert!(read(&index[..length], &data).is_err(), "{length}");
        }
        for length in 0..data.len() {
            assert!(read(&index, &data[..length]).is_err(), "{length}");
        }
        for at in 0..data.len() {
            let mut changed = data.clone();
            changed[at] ^= 1;
            assert!(read(&index, &changed).unwrap_err().contains("checksum"), "{at}");
        }
        for at in 0..index.len() {
            for change in 1..=255 {
                let mut changed = index.clone();
                changed[at] ^= change;
                // Either an error, or the right numbers: `read` compares them.
                let _ = read(&changed, &data);
            }
        }
    }

    /// Entries whose checksums are right but that are wrong otherwise.
    #[test]
    fn refuses_lying_entries_by_name() {
        let data = [0; 16];
        let whole = entry(&[4], 0, &data);
        let refused = |entry: Vec<u8>, shape: &[usize]| {
            let index = table(&[(vec![], int(1, 1)), (b"x".to_vec(), entry)], 2, 0);
            match Checkpoint::parse(&index, &data) {
                Ok(checkpoint) => checkpoint.tensor("x", shape).unwrap_err(),
                Err(error) => error,
            }
        };
        for (extra, shape, message) in [
            (int(1, 2), &[4][..], "x has numbers of type 2, not 32-bit floats"),
            (int(3, 1), &[4], "x is divided into several parts"),
            (bytes(7, &[]), &[4], "x is divided into several parts"),
            (vec![], &[2, 2], "x has the shape [4], not [2, 2]"),
            (int(4, 4), &[4], "x is not completely in the data file"),
            (int(4, u64::MAX), &[4], "x is not completely in the data file"),
            (int(5, 12), &[4], "x is not completely in the data file"),
            (int(5, u64::MAX), &[4], "x is not completely in the data file"),
            (bytes(2, &bytes(2, &[]).repeat(9)), &[4], "a tensor has more than 8 axes"),
            (vec![0x0b], &[4], "it contains a field of the unknown kind 3"),
        ] {
            assert_eq!(refused([&whole[..], &extra].concat(), shape), message);
        }
        let huge = entry(&[1 << 40], 0, &data);
        assert!(refused(huge, &[1 << 40]).contains("not completely"));
        let (index, data) = checkpoint(&tensors());
        let missing = Checkpoint::parse(&index, &data).unwrap().tensor("conv", &[2]).unwrap_err();
        assert_eq!(missing, "conv is missing");
    }

    #[test]
    fn refuses_other_headers() {
        let refused = |entries: &[(Vec<u8>, Vec<u8>)]| {
            Checkpoint::parse(&table(entries, 9, 0), &[]).unwrap_err()
        };
        assert_eq!(refused(&[]), "it has no header");
        assert_eq!(refused(&[(b"x".to_vec(), vec![])]), "it has no header");
        assert_eq!(refused(&[(vec![], int(1, 3))]), "its data is in 3 files, not one");
        let big_endian = [int(1, 1), int(2, 1)].concat();
        assert_eq!(refused(&[(vec![], big_endian)]), "its numbers are in big-endian order");
        let twice = [(vec![], int(1, 1)), (b"x".to_vec(), vec![]), (b"x".to_vec(), vec![])];
        assert_eq!(refused(&twice), "a name occurs twice");
        let not_text = [(vec![], int(1, 1)), (vec![0xff], vec![])];
        assert_eq!(refused(&not_text), "a name is not text");
    }
}
