//! Writers of the files that this module reads, for its tests.

/// CRC-32C bit by bit, masked.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut crc = !0_u32;
    for &byte in bytes {
        crc ^= u32::from(byte);
        for _ in 0..8 {
            crc = if crc & 1 == 1 { crc >> 1 ^ 0x82f6_3b78 } else { crc >> 1 };
        }
    }
    (!crc).rotate_right(15).wrapping_add(0xa282_ead8)
}

pub(crate) fn varint(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while value > 127 {
        bytes.push(value as u8 | 128);
        value >>= 7;
    }
    bytes.push(value as u8);
    bytes
}

/// Keys and values.
pub(crate) type Pairs = [(Vec<u8>, Vec<u8>)];

/// A block of a table, in which every third key is whole.
pub(crate) fn block(entries: &Pairs) -> Vec<u8> {
    let (mut bytes, mut restarts, mut previous) = (Vec::new(), Vec::new(), Vec::new());
    for (i, (key, value)) in entries.iter().enumerate() {
        let mut shared = 0;
        if i % 3 == 0 {
            restarts.push(bytes.len() as u32);
        } else {
            while key.get(shared).is_some() && key.get(shared) == previous.get(shared) {
                shared += 1;
            }
        }
        for length in [shared, key.len() - shared, value.len()] {
            bytes.extend(varint(length as u64));
        }
        bytes.extend(&key[shared..]);
        bytes.extend(value);
        previous.clone_from(key);
    }
    bytes.extend(restarts.iter().flat_map(|restart| restart.to_le_bytes()));
    bytes.extend((restarts.len() as u32).to_le_bytes());
    bytes
}

/// Appends a block to a table and returns its handle.
pub(crate) fn append(table: &mut Vec<u8>, mut block: Vec<u8>, compression: u8) -> Vec<u8> {
    let handle = [varint(table.len() as u64), varint(block.len() as u64)].concat();
    block.push(compression);
    let checksum = checksum(&block);
    table.extend(block);
    table.extend(checksum.to_le_bytes());
    handle
}

/// Appends the index block and the footer to a table of data blocks.
pub(crate) fn finish(mut table: Vec<u8>, index: &Pairs) -> Vec<u8> {
    let meta = append(&mut table, block(&[]), 0);
    let mut footer = [meta, append(&mut table, block(index), 0)].concat();
    footer.resize(40, 0);
    footer.extend(0xdb47_7524_8b80_fb57_u64.to_le_bytes());
    table.extend(footer);
    table
}

/// A table with `per_block` entries in each data block.
pub(crate) fn table(entries: &Pairs, per_block: usize, compression: u8) -> Vec<u8> {
    let (mut table, mut index) = (Vec::new(), Vec::new());
    for entries in entries.chunks(per_block) {
        let handle = append(&mut table, block(entries), compression);
        index.push((entries[entries.len() - 1].0.clone(), handle));
    }
    finish(table, &index)
}

/// A field of a protocol buffer that is a number.
pub(crate) fn int(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

/// A field of a protocol buffer that is a string or message.
pub(crate) fn bytes(field: u64, content: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(content.len() as u64), content.to_vec()].concat()
}

/// The entry of a tensor of 32-bit floats in a checkpoint's index.
pub(crate) fn entry(shape: &[usize], start: usize, data: &[u8]) -> Vec<u8> {
    let dims: Vec<u8> = shape.iter().flat_map(|&size| bytes(2, &int(1, size as u64))).collect();
    let mut entry = [
        int(1, 1),
        bytes(2, &dims),
        int(4, start as u64),
        int(5, data.len() as u64),
        varint(6 << 3 | 5),
    ]
    .concat();
    entry.extend(checksum(data).to_le_bytes());
    entry
}

/// The index and the data of a checkpoint with these tensors, which must be sorted by name.
pub(crate) fn checkpoint(tensors: &[(String, Vec<usize>, Vec<f32>)]) -> (Vec<u8>, Vec<u8>) {
    let (mut entries, mut data) = (vec![(Vec::new(), int(1, 1))], Vec::new());
    for (name, shape, numbers) in tensors {
        let start = data.len();
        data.extend(numbers.iter().flat_map(|number| number.to_le_bytes()));
        entries.push((name.clone().into_bytes(), entry(shape, start, &data[start..])));
    }
    (table(&entries, 40, 0), data)
}

/// A zip archive of members, stored (method 0) or deflated (any other method).
pub(crate) fn zip(members: &[(&str, &[u8])], method: u16) -> Vec<u8> {
    let (mut archive, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in members {
        let data = match method {
            0 => content.to_vec(),
            _ => miniz_oxide::deflate::compress_to_vec(content, 6),
        };
        // Version, flags, method, time, date, checksum, lengths; common to both headers.
        let mut common = [[20_u16, 0, method, 0, 0].map(u16::to_le_bytes).concat()].concat();
        let lengths = [0, data.len() as u32, content.len() as u32];
        common.extend(lengths.map(u32::to_le_bytes).concat());
        common.extend([name.len() as u16, 0].map(u16::to_le_bytes).concat());
        let start = archive.len() as u32;
        archive.extend(b"PK\x03\x04");
        archive.extend(&common);
        archive.extend(name.as_bytes());
        archive.extend(data);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(common);
        // Comment, disk, attributes.
        directory.extend([0; 10]);
        directory.extend(start.to_le_bytes());
        directory.extend(name.as_bytes());
    }
    let count = (members.len() as u16).to_le_bytes();
    let place = [directory.len() as u32, archive.len() as u32].map(u32::to_le_bytes).concat();
    archive.extend(directory);
    archive.extend(b"PK\x05\x06\0\0\0\0");
    archive.extend([count, count].concat());
    archive.extend(place);
    archive.extend([0, 0]);
    archive
}
