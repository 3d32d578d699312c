use super::header::Header;

/// Bytes of a frame needed by [`Info::parse`].
pub(super) const HEAD: usize = 4 + 32 + 2 + 156;

/// Delay of every layer III decoder, in samples.
const DECODER_DELAY: u64 = 529;
/// Encoders that write their delay and padding after the Xing header.
const GAPLESS: [&[u8]; 3] = [b"LAME", b"Lavf", b"Lavc"];

/// Facts about the stream from a Xing, Info or VBRI header, which the first frame contains in place
/// of audio.
#[derive(Clone, Copy, Default)]
pub(super) struct Info {
    /// Number of frames with audio.
    pub(super) frames: Option<u64>,
    /// Number of bytes from this frame on.
    pub(super) bytes: Option<u64>,
    /// Samples before the recording.
    pub(super) delay: u64,
    /// Samples after it.
    pub(super) padding: u64,
}

impl Info {
    /// Reads the header in a frame, if it contains one.
    pub(super) fn parse(header: &Header, frame: &[u8]) -> Option<Self> {
        if header.layer != 3 {
            return None;
        }
        let side = header.side_information();
        // Some encoders ignore the checksum's length.
        [side, side - 2].iter().find_map(|&at| xing(frame.get(at..)?)).or_else(|| vbri(frame))
    }
}

fn xing(bytes: &[u8]) -> Option<Info> {
    if !bytes.starts_with(b"Xing") && !bytes.starts_with(b"Info") {
        return None;
    }
    let mut info = Info::default();
    let Some(flags) = number(bytes, 4) else { return Some(info) };
    let mut at = 8;
    if flags & 1 != 0 {
        info.frames = number(bytes, at).filter(|&frames| frames > 0);
        at += 4;
    }
    if flags & 2 != 0 {
        info.bytes = number(bytes, at).filter(|&bytes| bytes > 0);
        at += 4;
    }
    at += if flags & 4 != 0 { 100 } else { 0 };
    at += if flags & 8 != 0 { 4 } else { 0 };
    let Some(encoder) = bytes.get(at..at + 24) else { return Some(info) };
    if GAPLESS.iter().any(|name| encoder.starts_with(name)) {
        let [a, b, c] = [encoder[21], encoder[22], encoder[23]].map(u64::from);
        info.delay = (a << 4 | b >> 4) + DECODER_DELAY;
        info.padding = ((b & 15) << 8 | c).saturating_sub(DECODER_DELAY);
    }
    Some(info)
}

fn vbri(frame: &[u8]) -> Option<Info> {
    let bytes = frame.get(36..)?;
    let frames = number(bytes, 14).filter(|&frames| frames > 0);
    bytes.starts_with(b"VBRI").then_some(Info {
        frames,
        bytes: number(bytes, 10),
        ..Info::default()
    })
}

/// 32 bits, big-endian.
fn number(bytes: &[u8], at: usize) -> Option<u64> {
    let bytes = bytes.get(at..at + 4)?;
    Some(bytes.iter().fold(0, |number, &byte| number << 8 | u64::from(byte)))
}
