//! The end of a file: what its last packet states, and whether anything is missing.

use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::ebml::{Header, elements, header, number, unsigned};

const SEGMENT: [u8; 4] = [0x18, 0x53, 0x80, 0x67];
const SEEK_HEAD: [u8; 4] = [0x11, 0x4d, 0x9b, 0x74];
const VOID: u8 = 0xec;
const CLUSTER: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];
const GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;
const DISCARD: u32 = 0x75a2;
/// Bytes at the start of the file in which its segment is looked for.
const START_BYTES: u64 = 4096;
/// Bytes at the end of the file in which its last cluster is looked for.
const END_BYTES: u64 = 8 << 20;

#[derive(Debug, Default, PartialEq)]
pub(super) struct End {
    /// Nanoseconds at the end of the track's last packet that are not part of the recording, as
    /// the block that holds it states them.
    pub(super) padding: u64,
    /// The file ends between two elements.
    pub(super) is_whole: bool,
    /// Bytes to be read in place of those in the file, and where: sizes of elements that reach
    /// behind its end, as sizes that are unknown, because Symphonia leaves out all of an element
    /// that is cut; and the list of places of elements, of which some may lie behind the end.
    pub(super) patches: Vec<(u64, Vec<u8>)>,
}

impl End {
    pub(super) fn read(file: &mut (impl Read + Seek), track: u32) -> io::Result<Self> {
        let length = file.seek(SeekFrom::End(0))?;
        let start = bytes_at(file, 0, START_BYTES)?;
        let end_at = length.saturating_sub(END_BYTES);
        let end = bytes_at(file, end_at, END_BYTES)?;
        let mut found = Self::default();
        if let Some(at) = memmem::find(&start, &SEGMENT) {
            found.patch(at as u64, header(&start[at..]), length);
        }
        if let Some(at) = memmem::find(&start, &SEEK_HEAD) {
            found.void(at as u64, header(&start[at..]));
        }
        let Some(at) = memmem::rfind(&end, &CLUSTER) else { return Ok(found) };
        let cluster = header(&end[at..]);
        found.patch(end_at + at as u64, cluster, length);
        found.is_whole = walk(&end[at..])
            && (cluster.is_some_and(|c| c.size.is_some()) || {
                let contents = cluster.and_then(|c| end.get(at + c.bytes..));
                contents.is_some_and(walk)
            });
        if let Some((_, contents)) = elements(&end[at..]).next() {
            found.padding = padding(contents, track);
        }
        Ok(found)
    }

    /// Makes an element one that is passed over.
    fn void(&mut self, at: u64, element: Option<Header>) {
        let Some(Header { id: _, size: Some(size), bytes }) = element else { return };
        // A number of one byte and a size of eight, of which the first marks its length.
        if let Some(rest) = size.saturating_add(bytes as u64).checked_sub(9)
            && rest < 1 << 56
        {
            let size = rest | 1 << 56;
            self.patches.push((at, [&[VOID][..], &size.to_be_bytes()].concat()));
        }
    }

    fn patch(&mut self, at: u64, element: Option<Header>, length: u64) {
        let Some(Header { id: _, size: Some(size), bytes }) = element else { return };
        if at.saturating_add(bytes as u64).saturating_add(size) <= length {
            return;
        }
        // Behind the four bytes of its number: a mark of as many zeros as bytes follow, then ones.
        let size_bytes = bytes - SEGMENT.len();
        let mut unknown = vec![0xff; size_bytes];
        unknown[0] = 0xff >> (size_bytes - 1);
        self.patches.push((at + SEGMENT.len() as u64, unknown));
    }
}

fn bytes_at(file: &mut (impl Read + Seek), at: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.by_ref().take(count).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Whether elements follow each other up to the very end.
fn walk(mut bytes: &[u8]) -> bool {
    while let Some(header) = header(bytes) {
        let size = header.size.unwrap_or((bytes.len() - header.bytes) as u64);
        let end = usize::try_from(size).ok().and_then(|size| size.checked_add(header.bytes));
        match end.and_then(|end| bytes.get(end..)) {
            Some(behind) => bytes = behind,
            None => return false,
        }
    }
    bytes.is_empty()
}

fn padding(cluster: &[u8], track: u32) -> u64 {
    let mut padding = 0;
    for (id, contents) in elements(cluster) {
        match id {
            SIMPLE_BLOCK if is_of(contents, track) => padding = 0,
            GROUP => {
                let mut children = elements(contents);
                if children.any(|(id, block)| id == BLOCK && is_of(block, track)) {
                    let discard = elements(contents).find(|(id, _)| *id == DISCARD);
                    padding = discard.map_or(0, |(_, contents)| unsigned(contents));
                }
            }
            _ => {}
        }
    }
    // A negative one is none.
    padding.min(1 << 32)
}

fn is_of(block: &[u8], track: u32) -> bool {
    number(block, true).is_some_and(|(number, _)| number == u64::from(track))
}

#[cfg(test)]
mod tests {
    use std::io::Cursor;

    use super::End;

    #[test]
    fn the_list_of_places_is_passed_over() {
        let segment = [0x1a, 0x45, 0xdf, 0xa3, 0x80, 0x18, 0x53, 0x80, 0x67, 0x91];
        let bytes = [&segment[..], &super::SEEK_HEAD, &[0x8c], &[7; 12]].concat();
        let found = End::read(&mut Cursor::new(bytes), 1).unwrap();
        assert_eq!(found.patches, [(10, vec![0xec, 1, 0, 0, 0, 0, 0, 0, 8])]);
    }

    /// A segment of one cluster with a packet of two bytes.
    fn file(segment_size: &[u8], cluster_size: &[u8]) -> Vec<u8> {
        let block = [0xa3, 0x86, 0x81, 0, 0, 0x80, 1, 2];
        let (segment, cluster) = (&super::SEGMENT[..], &super::CLUSTER[..]);
        [&[0x1a, 0x45, 0xdf, 0xa3, 0x80], segment, segment_size, cluster, cluster_size, &block]
            .concat()
    }

    #[track_caller]
    fn check(bytes: &[u8], is_whole: bool, patches: &[(u64, &[u8])]) {
        let found = End::read(&mut Cursor::new(bytes), 1).unwrap();
        let patches = patches.iter().map(|(at, bytes)| (*at, bytes.to_vec())).collect();
        assert_eq!(found, End { padding: 0, is_whole, patches });
    }

    #[test]
    fn whole_cut_and_endless_ones() {
        let known = file(&[0x8e], &[0x40, 8]);
        check(&known[..known.len()], true, &[]);
        let cut = &known[..known.len() - 1];
        check(cut, false, &[(9, &[0xff]), (14, &[0x7f, 0xff])]);
        let endless = file(&[0x01, 255, 255, 255, 255, 255, 255, 255], &[0xff]);
        check(&endless, true, &[]);
        check(&endless[..endless.len() - 1], false, &[]);
    }
}
