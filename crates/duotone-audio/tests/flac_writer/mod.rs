//! Writes uncompressed FLAC of any length and block size, for tests.

/// A file of 16-bit mono samples. With one block size, frames are numbered consecutively. With
/// several, which are used in turn, frames are numbered by their first sample.
pub(crate) fn file(rate: u32, samples: &[i16], block_sizes: &[usize]) -> Vec<u8> {
    let by_sample = block_sizes.len() > 1;
    let mut file = b"fLaC\x80\x00\x00\x22".to_vec();
    let (smallest, largest) = (block_sizes.iter().min(), block_sizes.iter().max());
    for size in [smallest, largest] {
        file.extend((*size.unwrap() as u16).to_be_bytes());
    }
    file.extend([0; 6]);
    let packed = u64::from(rate) << 44 | 15 << 36 | samples.len() as u64;
    file.extend(packed.to_be_bytes());
    file.extend([0; 16]);
    let (mut left, mut number) = (samples, 0);
    for size in block_sizes.iter().cycle() {
        if left.is_empty() {
            break;
        }
        let (block, rest) = left.split_at(left.len().min(*size));
        left = rest;
        file.extend(frame(block, by_sample, number));
        number += if by_sample { block.len() as u32 } else { 1 };
    }
    file
}

fn frame(block: &[i16], by_sample: bool, number: u32) -> Vec<u8> {
    // A 16-bit block size at the header's end, the stream's sample rate, mono, 16 bits.
    let mut frame = vec![0xff, 0xf8 | u8::from(by_sample), 0x70, 0x08];
    frame.extend(coded(number));
    frame.extend((block.len() as u16 - 1).to_be_bytes());
    frame.push(checksum(&frame, 0x07, 8) as u8);
    // One verbatim subframe.
    frame.push(0x02);
    frame.extend(block.iter().flat_map(|x| x.to_be_bytes()));
    let sum = checksum(&frame, 0x8005, 16);
    frame.extend((sum as u16).to_be_bytes());
    frame
}

/// Encodes a number of up to 26 bits like a character in UTF-8.
fn coded(number: u32) -> Vec<u8> {
    if number < 0x80 {
        return vec![number as u8];
    }
    let mut bytes = vec![];
    let (mut left, mut room) = (number, 6);
    while left >= 1 << room {
        bytes.insert(0, 0x80 | (left & 0x3f) as u8);
        left >>= 6;
        room -= 1;
    }
    let marks = !((1_u32 << (room + 1)) - 1) as u8;
    bytes.insert(0, marks | left as u8);
    bytes
}

fn checksum(bytes: &[u8], polynomial: u32, bits: u32) -> u32 {
    let mut sum = 0_u32;
    for &byte in bytes {
        sum ^= u32::from(byte) << (bits - 8);
        for _ in 0..8 {
            let carry = sum >> (bits - 1) & 1;
            sum = sum << 1 ^ if carry == 1 { polynomial } else { 0 };
        }
        sum &= (1 << bits) - 1;
    }
    sum
}
