use std::io::{self, Read, Seek, SeekFrom};

use memchr::memmem;

use super::ebml::{elements, number, unsigned};

const CLUSTER: [u8; 4] = [0x1f, 0x43, 0xb6, 0x75];
const GROUP: u32 = 0xa0;
const BLOCK: u32 = 0xa1;
const SIMPLE_BLOCK: u32 = 0xa3;
const DISCARD: u32 = 0x75a2;
/// Bytes at the end of the file in which its last cluster is looked for.
const END_BYTES: u64 = 8 << 20;

/// Nanoseconds at the end of a track's last packet that are not part of the recording, as the
/// block that holds it states them.
pub(super) fn read(file: &mut (impl Read + Seek), track: u32) -> io::Result<u64> {
    let length = file.seek(SeekFrom::End(0))?;
    let mut end = Vec::new();
    file.seek(SeekFrom::Start(length.saturating_sub(END_BYTES)))?;
    file.by_ref().take(END_BYTES).read_to_end(&mut end)?;
    let last = memmem::rfind(&end, &CLUSTER).and_then(|at| elements(&end[at..]).next());
    Ok(last.map_or(0, |(_, cluster)| in_cluster(cluster, track)))
}

fn in_cluster(cluster: &[u8], track: u32) -> u64 {
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
