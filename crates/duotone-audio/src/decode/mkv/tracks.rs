use std::io::{Read, Seek, SeekFrom};

use super::ebml::{Header, elements, header, unsigned};
use crate::Error;
use crate::decode::limits::METADATA_BYTES;

const EBML: u32 = 0x1a45_dfa3;
const SEGMENT: u32 = 0x1853_8067;
const CLUSTER: u32 = 0x1f43_b675;
const TRACKS: u32 = 0x1654_ae6b;
const ENTRY: u32 = 0xae;
const NUMBER: u32 = 0xd7;
const KIND: u32 = 0x83;
const CODEC: u32 = 0x86;
const DELAY: u32 = 0x56aa;
const ENCODINGS: u32 = 0x6d80;
const SOUND: u64 = 2;
/// Bytes of the longest header of an element.
const HEADER_BYTES: u64 = 12;
/// Elements of the segment before its tracks, more than any file has.
const MAX_ELEMENTS: usize = 1000;

/// A sound track.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) number: u32,
    pub(super) codec: String,
    /// Nanoseconds at its start that are not part of the recording.
    pub(super) delay: u64,
    /// Its packets are compressed or encrypted once more.
    encoded: bool,
}

impl Track {
    /// Its codec as people call it, of those that are known not to be read.
    pub(super) fn refused(&self) -> Option<&'static str> {
        if self.encoded {
            return Some("of compressed or encrypted tracks");
        }
        let names = [
            ("A_AC3", "AC-3"),
            ("A_EAC3", "E-AC-3"),
            ("A_DTS", "DTS"),
            ("A_TRUEHD", "TrueHD"),
            ("A_MLP", "MLP"),
            ("A_WAVPACK4", "WavPack"),
            ("A_TTA1", "TTA"),
            ("A_MPC", "Musepack"),
            ("A_REAL", "RealAudio"),
            ("A_ATRAC", "ATRAC"),
            ("A_QUICKTIME", "of QuickTime in Matroska"),
            ("A_MS/ACM", "of Windows (A_MS/ACM)"),
        ];
        names.iter().find(|(id, _)| self.codec.starts_with(id)).map(|(_, name)| *name)
    }
}

/// The sound tracks in the file's order.
pub(super) fn read(file: &mut (impl Read + Seek)) -> Result<Vec<Track>, Error> {
    let mut at = 0;
    for _ in 0..MAX_ELEMENTS {
        let Some(element) = header_at(file, at)? else { break };
        at += element.bytes as u64;
        match element.id {
            SEGMENT => continue,
            CLUSTER => break,
            TRACKS => {
                let mut contents = Vec::new();
                let size = element.size.unwrap_or(u64::MAX).min(METADATA_BYTES as u64);
                file.seek(SeekFrom::Start(at))?;
                file.by_ref().take(size).read_to_end(&mut contents)?;
                let entries = elements(&contents).filter(|(id, _)| *id == ENTRY);
                return Ok(entries.filter_map(|(_, contents)| sound_track(contents)).collect());
            }
            _ => {}
        }
        let Some(size) = element.size.filter(|_| at > 0) else { break };
        at = at.saturating_add(size);
    }
    Err(Error::Malformed("its list of tracks is missing; remux it: mkvmerge -o out.mka".into()))
}

fn header_at(file: &mut (impl Read + Seek), at: u64) -> Result<Option<Header>, Error> {
    let mut bytes = Vec::new();
    file.seek(SeekFrom::Start(at))?;
    file.by_ref().take(HEADER_BYTES).read_to_end(&mut bytes)?;
    Ok(header(&bytes).filter(|header| at > 0 || header.id == EBML))
}

/// `None` for a track of pictures or subtitles.
fn sound_track(entry: &[u8]) -> Option<Track> {
    let (mut track, mut kind) = (Track::default(), None);
    for (id, contents) in elements(entry) {
        match id {
            NUMBER => track.number = u32::try_from(unsigned(contents)).ok()?,
            KIND => kind = Some(unsigned(contents)),
            CODEC => {
                let codec = String::from_utf8_lossy(contents);
                track.codec = codec.trim_end_matches('\0').escape_debug().take(32).collect();
            }
            DELAY => track.delay = unsigned(contents),
            ENCODINGS => track.encoded = true,
            _ => {}
        }
    }
    (kind == Some(SOUND)).then_some(track)
}
