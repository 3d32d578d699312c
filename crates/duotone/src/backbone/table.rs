//! The sorted table in which TensorFlow keeps the index of a checkpoint: LevelDB's format, with
//! another magic number.
//!
//! A footer of 48 bytes says where the index block is, and its values where the data blocks are. In a
//! block, each key is stored as what differs from the key before it.

use super::reader::Reader;

/// The last eight bytes of a table.
const MAGIC: u64 = 0xdb47_7524_8b80_fb57;
/// Bytes of a footer: two handles, padding, the magic number.
const FOOTER: usize = 48;
/// Bytes of a key at most. TensorFlow's are names of variables.
const MAX_KEY: usize = 256;

/// Calls `visit` with every key and value of a table.
///
/// # Errors
/// If the table is damaged or compressed, and those of `visit`.
pub(super) fn entries(
    table: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
) -> Result<(), String> {
    let footer = table.last_chunk::<FOOTER>().ok_or("it is too short for a table")?;
    if !footer.ends_with(&MAGIC.to_le_bytes()) {
        return Err("it does not end like a table".into());
    }
    let mut handles = Reader(footer);
    // Of the block of filters, which TensorFlow leaves empty.
    handle(&mut handles)?;
    let index = block(table, handle(&mut handles)?)?;
    let mut end = 0;
    block_entries(index, |_, value| {
        let (start, size) = handle(&mut Reader(value))?;
        // Blocks that overlap would be read again and again.
        if start < end {
            return Err("its blocks overlap".into());
        }
        end = start.saturating_add(size);
        block_entries(block(table, (start, size))?, &mut visit)
    })
}

/// The position and size of a block.
fn handle(reader: &mut Reader<'_>) -> Result<(u64, u64), String> {
    Ok((reader.varint()?, reader.varint()?))
}

/// The content of a block, which is followed by its compression and its checksum.
fn block(table: &[u8], (start, size): (u64, u64)) -> Result<&[u8], String> {
    let mut reader = Reader(table);
    reader.bytes(start)?;
    let from = reader.0;
    let content = reader.bytes(size)?;
    let compression = reader.bytes(1)?[0];
    let checksum = reader.fixed_32()?;
    if !checksum_matches(&from[..content.len() + 1], checksum) {
        return Err("the checksum of a block does not match".into());
    }
    match compression {
        0 => Ok(content),
        1 => Err("a block is compressed by Snappy, which is not supported".into()),
        other => Err(format!("a block is compressed by the unknown method {other}")),
    }
}

/// Calls `visit` with every key and value of a block.
fn block_entries(
    block: &[u8],
    mut visit: impl FnMut(&[u8], &[u8]) -> Result<(), String>,
) -> Result<(), String> {
    // At the end are the positions of entries with whole keys, and their number.
    let (rest, count) = block.split_last_chunk::<4>().ok_or("a block is too short")?;
    let positions = u64::from(u32::from_le_bytes(*count)) * 4;
    let end = (rest.len() as u64).checked_sub(positions).ok_or("a block is too short")?;
    let mut entries = Reader(Reader(rest).bytes(end)?);
    let mut key = Vec::new();
    while !entries.is_empty() {
        let (shared, own, length) = (entries.varint()?, entries.varint()?, entries.varint()?);
        let own = entries.bytes(own)?;
        if shared > key.len() as u64 {
            return Err("a key shares more with the one before than that has".into());
        }
        key.truncate(shared as usize);
        if key.len() + own.len() > MAX_KEY {
            return Err(format!("a key has more than {MAX_KEY} bytes"));
        }
        key.extend(own);
        visit(&key, entries.bytes(length)?)?;
    }
    Ok(())
}

/// Whether bytes have a checksum: CRC-32C, rotated and shifted, so that data which contains checksums
/// of itself does no harm.
pub(super) fn checksum_matches(bytes: &[u8], checksum: u32) -> bool {
    // A fuzzer cannot guess a checksum, and what follows must not rely on it.
    cfg!(fuzzing) || masked_crc(bytes) == checksum
}

fn masked_crc(bytes: &[u8]) -> u32 {
    let step = |crc: u32, &byte: &u8| CRCS[usize::from(crc as u8 ^ byte)] ^ crc >> 8;
    let crc = !bytes.iter().fold(!0, step);
    crc.rotate_right(15).wrapping_add(0xa282_ead8)
}

/// The CRC-32C of every byte.
const CRCS: [u32; 256] = {
    let mut crcs = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let mut crc = byte as u32;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
            bit += 1;
        }
        crcs[byte] = crc;
        byte += 1;
    }
    crcs
};

#[cfg(test)]
mod tests {
    use super::{entries, masked_crc};
    use crate::backbone::fixtures::{append, block, checksum, finish, table};

    fn pairs() -> Vec<(Vec<u8>, Vec<u8>)> {
        let names = ["", "conv/bias", "conv/kernel", "conv_1/bias", "dense/bias", "dense/kernel"];
        names
            .iter()
            .enumerate()
            .map(|(i, name)| (name.as_bytes().to_vec(), vec![7; i * 9]))
            .collect()
    }

    type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

    fn read(table: &[u8]) -> Result<Pairs, String> {
        let mut read = Vec::new();
        entries(table, |key, value| {
            read.push((key.to_vec(), value.to_vec()));
            Ok(())
        })?;
        Ok(read)
    }

    #[test]
    fn checksums_are_those_of_another_implementation() {
        // The check value of CRC-32C, masked.
        assert_eq!(
            checksum(b"123456789"),
            0xe306_9283_u32.rotate_right(15).wrapping_add(0xa282_ead8)
        );
        for length in 0..70 {
            let bytes: Vec<u8> = (0..length).map(|i: u32| (i * 37) as u8).collect();
            assert_eq!(masked_crc(&bytes), checksum(&bytes));
        }
    }

    #[test]
    fn reads_every_entry() {
        for per_block in 1..7 {
            assert_eq!(read(&table(&pairs(), per_block, 0)), Ok(pairs()));
        }
    }

    #[test]
    fn refuses_compressed_blocks_by_name() {
        let error = |compression| read(&table(&pairs(), 4, compression)).unwrap_err();
        assert!(error(1).contains("Snappy") && error(9).contains("unknown method 9"));
    }

    #[test]
    fn refuses_every_truncation_and_every_changed_byte_that_matters() {
        let whole = table(&pairs(), 4, 0);
        for length in 0..whole.len() {
            assert!(read(&whole[..length]).is_err(), "{length}");
        }
        for at in 0..whole.len() {
            for change in 1..=255 {
                let mut changed = whole.clone();
                changed[at] ^= change;
                // Only the block of filters and the footer's padding are not read.
                assert!(
                    read(&changed).is_err_and(|e| !e.is_empty()) || read(&changed) == Ok(pairs())
                );
            }
        }
    }

    #[test]
    fn refuses_long_keys_and_blocks_that_are_read_twice() {
        let long = vec![(vec![b'x'; 257], vec![])];
        assert!(read(&table(&long, 1, 0)).unwrap_err().contains("more than 256 bytes"));
        let mut twice = Vec::new();
        let handle = append(&mut twice, block(&pairs()), 0);
        let index = [(b"a".to_vec(), handle.clone()), (b"b".to_vec(), handle)];
        assert_eq!(read(&finish(twice.clone(), &index[..1])), Ok(pairs()));
        assert_eq!(read(&finish(twice, &index)).unwrap_err(), "its blocks overlap");
    }
}
