use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};

use super::ebml::{Header, elements, header, unsigned};
use super::end::End;
use super::tracks::{self, Track};
use crate::decode::limits::METADATA_BYTES;
use crate::decode::view::View;
use crate::error::Error;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const INFO: u32 = 0x1549_a966;
const TRACKS: u32 = 0x1654_ae6b;
const TICK: u32 = 0x2a_d7b1;
const CLUSTER: u32 = 0x1f43_b675;
/// The header of a segment that extends to the end of the file.
const ENDLESS_SEGMENT: [u8; 12] =
    [0x18, 0x53, 0x80, 0x67, 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
/// Length of the longest element header.
const HEADER_BYTES: u64 = 12;
/// Elements before the first cluster: more than any real file has.
const MAX_ELEMENTS: usize = 1000;

/// Where the parts of a file are.
pub(super) struct Layout {
    pub(super) tracks: Vec<Track>,
    /// Nanoseconds per tick.
    pub(super) tick: u64,
    /// Whether there are video or subtitle tracks, too.
    pub(super) others: bool,
    pub(super) end: End,
    /// Whether the file is truncated.
    pub(super) cut: bool,
    /// The elements that a reader needs, of those before the first cluster.
    head: Vec<u8>,
    /// Where the first cluster starts.
    clusters: u64,
}

impl Layout {
    pub(super) fn read(file: &mut File) -> Result<Self, Error> {
        let length = file.seek(SeekFrom::End(0))?;
        let end = End::read(file, length)?;
        let (mut head, mut list, mut segment_end) = (Vec::new(), None, None);
        let (mut at, mut tick) = (0, 1_000_000);
        for _ in 0..MAX_ELEMENTS {
            let Some(element) = header_at(file, at)?.filter(|e| e.id != CLUSTER) else { break };
            let contents = at + element.bytes as u64;
            if element.id == SEGMENT {
                segment_end = element.size.map(|size| contents.saturating_add(size));
                head.extend(ENDLESS_SEGMENT);
                at = contents;
                continue;
            }
            let Some(size) = element.size else { break };
            let next = contents.saturating_add(size);
            if [EBML, INFO, TRACKS].contains(&element.id) {
                let bytes = bytes_at(file, at, next - at)?;
                let contents = bytes.get(element.bytes..).unwrap_or_default();
                if element.id == TRACKS {
                    list = Some(contents.to_vec());
                }
                if element.id == INFO {
                    let found = elements(contents).find(|(id, _)| *id == TICK);
                    tick = found.map_or(tick, |(_, contents)| unsigned(contents));
                }
                head.extend(bytes);
            }
            if head.len() > 2 * METADATA_BYTES {
                return Err(Error::Limit(format!("a header of more than {METADATA_BYTES} bytes")));
            }
            if next > length {
                break;
            }
            at = next;
        }
        let Some(list) = list else {
            let reason = "its list of tracks is missing; remux it: mkvmerge -o out.mka";
            return Err(Error::Malformed(reason.into()));
        };
        let (tracks, others) = tracks::read(&list);
        let cut = segment_end.map_or(!end.whole, |end| end > length);
        Ok(Self { tracks, tick, others, end, cut, head, clusters: at })
    }

    /// The start time of a track's last packet, in seconds.
    pub(super) fn last_seconds(&self, track: &Track) -> Option<f64> {
        let ticks = self.end.last_time(track.number)?;
        Some((ticks as f64 * self.tick as f64 - track.delay as f64) * 1e-9)
    }

    /// Returns the file in a form that Symphonia can read. Symphonia rejects a segment that is
    /// longer than the file, follows references to missing parts, and mistakes the time of an index
    /// entry for that of its cluster.
    pub(super) fn view(&self, file: File) -> io::Result<View> {
        View::new(file, self.head.clone(), self.clusters, u64::MAX)
    }
}

fn header_at(file: &mut File, at: u64) -> Result<Option<Header>, Error> {
    let bytes = bytes_at(file, at, HEADER_BYTES)?;
    Ok(header(&bytes).filter(|header| at > 0 || header.id == EBML))
}

/// Reads `count` bytes at an offset, fewer at the file's end.
fn bytes_at(file: &mut File, at: u64, count: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.by_ref().take(count.min(METADATA_BYTES as u64)).read_to_end(&mut bytes)?;
    Ok(bytes)
}
