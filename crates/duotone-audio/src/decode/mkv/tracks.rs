use super::ebml::{elements, unsigned};

const ENTRY: u32 = 0xae;
const NUMBER: u32 = 0xd7;
const KIND: u32 = 0x83;
const CODEC: u32 = 0x86;
const DELAY: u32 = 0x56aa;
const ENCODINGS: u32 = 0x6d80;
const AUDIO: u64 = 2;

/// An audio track.
#[derive(Debug, Default)]
pub(super) struct Track {
    pub(super) number: u32,
    pub(super) codec: String,
    /// Nanoseconds at its start that are not part of the recording.
    pub(super) delay: u64,
    /// Whether its packets are additionally compressed or encrypted.
    encoded: bool,
}

impl Track {
    /// Returns the name of the track's codec if that is known to be unsupported.
    pub(super) fn refused(&self) -> Option<&'static str> {
        if self.encoded {
            return Some("of a compressed or encrypted track");
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

/// Returns the audio tracks in a list of tracks, and whether there are other tracks.
pub(super) fn read(list: &[u8]) -> (Vec<Track>, bool) {
    let entries = || elements(list).filter(|(id, _)| *id == ENTRY);
    let tracks: Vec<_> = entries().filter_map(|(_, contents)| audio_track(contents)).collect();
    let others = entries().count() > tracks.len();
    (tracks, others)
}

/// Returns `None` for a video or subtitle track.
fn audio_track(entry: &[u8]) -> Option<Track> {
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
    (kind == Some(AUDIO)).then_some(track)
}
