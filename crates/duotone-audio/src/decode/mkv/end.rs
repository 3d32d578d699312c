use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::ebml::{elements, header, number, unsigned};

const CLUSTER: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];
/// Elements with which a cluster may start: its time, position or size, a checksum, or a void
/// element.
const FIRST_IN_CLUSTER: [u8; 5] = [0xe7, 0xa7, 0xab, 0xbf, 0xec];
const TIME: u32 = 0xe7;
const GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;
const DISCARD: u32 = 0x75a2;
/// Bytes at the end of the file that are searched for the last cluster.
const END_BYTES: u64 = 8 << 20;

/// The last cluster of a file and what follows it.
pub(super) struct End {
    bytes: Vec<u8>,
    /// Whether the last element is complete.
    pub(super) whole: bool,
}

impl End {
    /// Reads the end of a file of `length` bytes.
    pub(super) fn read(file: &mut (impl Read + Seek), length: u64) -> io::Result<Self> {
        let mut bytes = Vec::new();
        file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
        file.by_ref().take(END_BYTES).read_to_end(&mut bytes)?;
        let start = memmem::rfind_iter(&bytes, &CLUSTER).find(|at| is_cluster(&bytes[*at..]));
        bytes.drain(..start.unwrap_or(bytes.len()));
        let whole = is_whole(&bytes);
        Ok(Self { bytes, whole })
    }

    /// Nanoseconds at the end of a track's last packet that are not part of the recording,
    /// according to its block.
    pub(super) fn padding(&self, track: u32) -> u64 {
        let last = self.cluster().and_then(|cluster| last_block(cluster, track));
        let group = last.map_or(&[][..], |(_, group)| group);
        let discard = elements(group).find(|(id, _)| *id == DISCARD);
        // A negative padding, which is a huge unsigned number, counts as none.
        discard.map_or(0, |(_, contents)| unsigned(contents)).min(1 << 32)
    }

    /// The start time of a track's last block, in the segment's ticks.
    pub(super) fn last_time(&self, track: u32) -> Option<u64> {
        let cluster = self.cluster()?;
        let (_, start) = elements(cluster).find(|(id, _)| *id == TIME)?;
        let (block, _) = last_block(cluster, track)?;
        let (_, bytes) = number(block, true)?;
        let later = i16::from_be_bytes(*block.get(bytes..)?.first_chunk()?);
        unsigned(start).checked_add_signed(later.into())
    }

    fn cluster(&self) -> Option<&[u8]> {
        elements(&self.bytes).next().map(|(_, cluster)| cluster)
    }
}

/// Returns whether a cluster starts here, as opposed to audio that contains the same bytes.
fn is_cluster(bytes: &[u8]) -> bool {
    let first = header(bytes).and_then(|header| bytes.get(header.bytes));
    first.is_some_and(|first| FIRST_IN_CLUSTER.contains(first))
}

/// Returns whether the last element is complete. An element of unknown size extends to the end, so
/// the last element inside it counts.
fn is_whole(mut bytes: &[u8]) -> bool {
    while !bytes.is_empty() {
        let Some(header) = header(bytes) else { return false };
        let size = header.size.map_or(0, |size| usize::try_from(size).unwrap_or(usize::MAX));
        let Some(rest) = bytes.get(header.bytes.saturating_add(size)..) else { return false };
        bytes = rest;
    }
    true
}

/// Finds a track's last block in a cluster, together with its block group (empty if it has none).
fn last_block(cluster: &[u8], track: u32) -> Option<(&[u8], &[u8])> {
    let mut last = None;
    for (id, contents) in elements(cluster) {
        let block = match id {
            SIMPLE_BLOCK => Some(contents),
            GROUP => elements(contents).find(|(id, _)| *id == BLOCK).map(|(_, block)| block),
            _ => None,
        };
        let is_of = |block: &&[u8]| number(block, true).is_some_and(|(n, _)| n == u64::from(track));
        if let Some(block) = block.filter(is_of) {
            last = Some((block, if id == GROUP { contents } else { &[] }));
        }
    }
    last
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::End;

    #[test]
    fn detects_an_incomplete_last_element() {
        let block = [0xa3, 0x85, 0x81, 0, 0, 0x80, 7];
        let cluster =
            |size: u8| [&[0x1f, 0x43, 0xb6, 0x75, size, 0xe7, 0x81, 3][..], &block].concat();
        let whole =
            |bytes: &[u8]| End::read(&mut Cursor::new(bytes), bytes.len() as u64).unwrap().whole;
        for size in [0x8a, 0xff] {
            let bytes = [&[0x55; 100], &cluster(size)[..]].concat();
            assert!(whole(&bytes));
            for missing in 1..7 {
                assert!(!whole(&bytes[..bytes.len() - missing]), "{size:x} without {missing}");
            }
            assert!(whole(&[&bytes[..], &[0xec, 0x81, 0]].concat()));
            assert!(!whole(&[&bytes[..], &[0xec, 0x82, 0]].concat()));
        }
        assert!(whole(&[]));
    }

    #[test]
    fn finds_the_last_block_of_a_track() {
        let cluster = [
            &[0x1f, 0x43, 0xb6, 0x75, 0xff, 0xe7, 0x82, 1, 0][..],
            &[0xa3, 0x85, 0x81, 0, 5, 0x80, 7],
            &[0xa0, 0x8c, 0xa1, 0x85, 0x82, 0xff, 0xff, 0x80, 7, 0x75, 0xa2, 0x82, 2, 1],
        ]
        .concat();
        let end = End::read(&mut Cursor::new(&cluster), cluster.len() as u64).unwrap();
        assert_eq!([1, 2, 3].map(|track| end.last_time(track)), [Some(261), Some(255), None]);
        assert_eq!([1, 2, 3].map(|track| end.padding(track)), [0, 513, 0]);
    }
}
