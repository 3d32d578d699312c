//! The sample entry of an audio track, which identifies its codec.

use symphonia::core::codecs::audio::AudioCodecId;
use symphonia::core::codecs::audio::well_known::*;

use super::boxes::{u16_at, u32_at, u64_at};
use super::esds;
use super::names::name;
use crate::decode::one_track::Coded;

/// What a track contains.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Sound {
    Pcm(Pcm),
    Coded(Coded),
    /// Why the track is not supported.
    Refused(String),
}

/// How PCM is stored in the file.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Pcm {
    pub(super) codec: AudioCodecId,
    /// Bytes per sample.
    pub(super) bytes: usize,
    pub(super) rate: u32,
    pub(super) channels: usize,
}

/// The type of a number and its size in bits, before its byte order is known.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Signed(u32),
    Unsigned(u32),
    Float(u32),
    ALaw,
    MuLaw,
}

/// Reads an entry of the sample description (`stsd`), starting with its size and type.
pub(super) fn read(entry: &[u8]) -> Option<Sound> {
    let kind: &[u8; 4] = entry.get(4..)?.first_chunk()?;
    let body = entry.get(8..)?;
    let inner = Inner::of(body)?;
    if matches!(kind, b"drms" | b"enca" | b"drmi") || inner.find(b"sinf").is_some() {
        return Some(Sound::Refused("protected by DRM".into()));
    }
    if let Some(pcm) = pcm(kind, &inner) {
        return Some(pcm);
    }
    Some(match kind {
        b"mp4a" => mpeg4(&inner),
        b"alac" => Sound::Coded(alac(&inner)),
        b".mp3" | b"fLaC" | b"Opus" => Sound::Coded(Coded::default()),
        _ => unsupported(&name(*kind)),
    })
}

fn unsupported(name: &str) -> Sound {
    Sound::Refused(format!("the codec {name}"))
}

/// Returns the codec of an `mp4a` entry, by its MPEG-4 object type.
fn mpeg4(inner: &Inner<'_>) -> Sound {
    let Some((number, config)) = inner.find(b"esds").and_then(esds::read) else {
        return Sound::Coded(Coded::default());
    };
    match number {
        0xdd => match esds::vorbis_headers(config) {
            Some(headers) => {
                Sound::Coded(Coded { codec: Some(CODEC_ID_VORBIS), extra_data: Some(headers) })
            }
            None => Sound::Refused("malformed Vorbis headers".into()),
        },
        0x68 => unsupported("AAC SSR"),
        0xa5 => unsupported("AC-3"),
        0xa6 => unsupported("E-AC-3"),
        0xa9..=0xac => unsupported("DTS"),
        0xe1 => unsupported("QCELP"),
        0x40 | 0x66 | 0x67 | 0x69 | 0x6b => Sound::Coded(Coded::default()),
        _ => unsupported(&format!("MPEG-4 object type {number:#04x}")),
    }
}

/// QuickTime nests ALAC's configuration one level deeper, after four bytes of version and flags.
fn alac(inner: &Inner<'_>) -> Coded {
    let config = inner.find(b"alac").and_then(|config| config.get(4..));
    Coded { codec: config.map(|_| CODEC_ID_ALAC), extra_data: config.map(<[u8]>::to_vec) }
}

/// The fields of an entry, and the boxes that follow them.
struct Inner<'a> {
    channels: u32,
    bits: u32,
    rate: f64,
    /// Format flags of a version 2 entry.
    flags: Option<u32>,
    boxes: &'a [u8],
}

impl<'a> Inner<'a> {
    fn of(body: &'a [u8]) -> Option<Self> {
        let mut inner = Self {
            channels: u32::from(u16_at(body, 16)?),
            bits: u32::from(u16_at(body, 18)?),
            rate: f64::from(u32_at(body, 24)?) / 65_536.0,
            flags: None,
            boxes: &[],
        };
        let fields = match u16_at(body, 8)? {
            0 => 28,
            1 => 44,
            _ => {
                inner.rate = f64::from_bits(u64_at(body, 32)?);
                inner.channels = u32_at(body, 40)?;
                inner.bits = u32_at(body, 48)?;
                inner.flags = Some(u32_at(body, 52)?);
                64
            }
        };
        inner.boxes = body.get(fields..).unwrap_or_default();
        // In ISO files, version 1 has the same fields as version 0.
        if fields == 44 && !starts_a_box(inner.boxes) && starts_a_box(body.get(28..)?) {
            inner.boxes = &body[28..];
        }
        Some(inner)
    }

    /// Returns the content of the first box of a type, also searching QuickTime's `wave`.
    fn find(&self, kind: &[u8; 4]) -> Option<&'a [u8]> {
        find(self.boxes, kind).or_else(|| find(find(self.boxes, b"wave")?, kind))
    }
}

fn starts_a_box(bytes: &[u8]) -> bool {
    u32_at(bytes, 0).is_some_and(|size| size >= 8 && size as usize <= bytes.len())
}

fn find<'a>(mut boxes: &'a [u8], kind: &[u8; 4]) -> Option<&'a [u8]> {
    while starts_a_box(boxes) {
        let size = u32_at(boxes, 0)? as usize;
        if boxes.get(4..8)? == kind {
            return boxes.get(8..size);
        }
        boxes = boxes.get(size..)?;
    }
    None
}

/// Returns the PCM format that an entry describes, or why it is not supported; `None` for other
/// codecs.
fn pcm(kind: &[u8; 4], inner: &Inner<'_>) -> Option<Sound> {
    // QuickTime's numbers are big-endian unless the entry states otherwise.
    let little = inner.find(b"enda").and_then(|order| order.get(1)) == Some(&1);
    let bits = inner.bits;
    let (number, little) = match kind {
        b"raw " | b"NONE" if bits <= 8 => (Kind::Unsigned(8), false),
        b"raw " | b"NONE" => (Kind::Signed(bits), false),
        b"twos" | b"sowt" => (Kind::Signed(bits), kind == b"sowt"),
        b"in24" => (Kind::Signed(24), little),
        b"in32" => (Kind::Signed(32), little),
        b"fl32" => (Kind::Float(32), little),
        b"fl64" => (Kind::Float(64), little),
        b"alaw" => (Kind::ALaw, false),
        b"ulaw" => (Kind::MuLaw, false),
        b"lpcm" => match inner.flags {
            Some(flags) => (flagged(flags, bits), flags & 2 == 0),
            None => (Kind::Signed(bits), false),
        },
        b"ipcm" | b"fpcm" => {
            let config = inner.find(b"pcmC")?;
            let (flags, bits) = (*config.get(4)?, u32::from(*config.get(5)?));
            let number = if kind == b"ipcm" { Kind::Signed(bits) } else { Kind::Float(bits) };
            (number, flags & 1 == 1)
        }
        // WAV's format codes.
        b"ms\0\x01" => (if bits == 8 { Kind::Unsigned(8) } else { Kind::Signed(bits) }, true),
        b"ms\0\x03" => (Kind::Float(bits), true),
        _ => return None,
    };
    let Some((codec, bytes)) = codec(number, little) else {
        return Some(Sound::Refused(format!("{bits}-bit PCM")));
    };
    let channels = inner.channels as usize;
    Some(Sound::Pcm(Pcm { codec, bytes, rate: inner.rate.round() as u32, channels }))
}

/// Decodes the format flags of a version 2 entry.
fn flagged(flags: u32, bits: u32) -> Kind {
    match (flags & 1 != 0, flags & 4 != 0) {
        (true, _) => Kind::Float(bits),
        (false, true) => Kind::Signed(bits),
        (false, false) => Kind::Unsigned(bits),
    }
}

/// Returns the decoder's ID for a type of numbers, and the number of bytes in each.
fn codec(kind: Kind, little: bool) -> Option<(AudioCodecId, usize)> {
    let codecs = match kind {
        Kind::Signed(8) => (CODEC_ID_PCM_S8, CODEC_ID_PCM_S8, 1),
        Kind::Signed(16) => (CODEC_ID_PCM_S16LE, CODEC_ID_PCM_S16BE, 2),
        Kind::Signed(24) => (CODEC_ID_PCM_S24LE, CODEC_ID_PCM_S24BE, 3),
        Kind::Signed(32) => (CODEC_ID_PCM_S32LE, CODEC_ID_PCM_S32BE, 4),
        Kind::Unsigned(8) => (CODEC_ID_PCM_U8, CODEC_ID_PCM_U8, 1),
        Kind::Unsigned(16) => (CODEC_ID_PCM_U16LE, CODEC_ID_PCM_U16BE, 2),
        Kind::Unsigned(24) => (CODEC_ID_PCM_U24LE, CODEC_ID_PCM_U24BE, 3),
        Kind::Unsigned(32) => (CODEC_ID_PCM_U32LE, CODEC_ID_PCM_U32BE, 4),
        Kind::Float(32) => (CODEC_ID_PCM_F32LE, CODEC_ID_PCM_F32BE, 4),
        Kind::Float(64) => (CODEC_ID_PCM_F64LE, CODEC_ID_PCM_F64BE, 8),
        Kind::ALaw => (CODEC_ID_PCM_ALAW, CODEC_ID_PCM_ALAW, 1),
        Kind::MuLaw => (CODEC_ID_PCM_MULAW, CODEC_ID_PCM_MULAW, 1),
        _ => return None,
    };
    Some((if little { codecs.0 } else { codecs.1 }, codecs.2))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An entry; `rest` follows the fields of version 0.
    fn entry(kind: &[u8; 4], version: u8, bits: u8, rest: &[u8]) -> Vec<u8> {
        let mut body = vec![0; 8];
        body.extend([0, version, 0, 0, 0, 0, 0, 0, 0, 2, 0, bits, 0, 0, 0, 0]);
        body.extend(48_000u32.wrapping_shl(16).to_be_bytes());
        body.extend(rest);
        let size = body.len() as u32 + 8;
        [&size.to_be_bytes()[..], kind, &body].concat()
    }

    #[track_caller]
    fn check(entry: &[u8], codec: AudioCodecId) {
        match read(entry).unwrap() {
            Sound::Pcm(pcm) => assert_eq!((pcm.codec, pcm.rate, pcm.channels), (codec, 48_000, 2)),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn reads_pcm_in_quicktime() {
        let old = |kind, bits| entry(kind, 0, bits, &[]);
        check(&old(b"raw ", 8), CODEC_ID_PCM_U8);
        check(&old(b"raw ", 16), CODEC_ID_PCM_S16BE);
        check(&old(b"twos", 8), CODEC_ID_PCM_S8);
        check(&old(b"twos", 24), CODEC_ID_PCM_S24BE);
        check(&old(b"sowt", 16), CODEC_ID_PCM_S16LE);
        // The size field of these is always 16.
        check(&old(b"in24", 16), CODEC_ID_PCM_S24BE);
        check(&old(b"fl64", 16), CODEC_ID_PCM_F64BE);
        check(&old(b"ulaw", 16), CODEC_ID_PCM_MULAW);
        let enda = |order| [&[0; 16][..], &[0, 0, 0, 10], b"enda", &[0, order]].concat();
        check(&entry(b"in32", 1, 16, &enda(1)), CODEC_ID_PCM_S32LE);
        check(&entry(b"in32", 1, 16, &enda(0)), CODEC_ID_PCM_S32BE);
        let wave = [&[0; 16][..], &[0, 0, 0, 18], b"wave", &enda(1)[16..]].concat();
        check(&entry(b"fl32", 1, 16, &wave), CODEC_ID_PCM_F32LE);
        let odd = read(&old(b"twos", 20)).unwrap();
        assert!(matches!(odd, Sound::Refused(reason) if reason.contains("20-bit")));
    }

    #[test]
    fn reads_pcm_in_version_2() {
        for (flags, bits, codec) in [
            (1, 32, CODEC_ID_PCM_F32LE),
            (3, 64, CODEC_ID_PCM_F64BE),
            (4, 24, CODEC_ID_PCM_S24LE),
            (6, 16, CODEC_ID_PCM_S16BE),
            (0, 8, CODEC_ID_PCM_U8),
        ] {
            let words = |words: &[u32]| words.iter().flat_map(|x| x.to_be_bytes()).collect();
            let mut rest: Vec<u8> = words(&[72]);
            rest.extend(48_000f64.to_be_bytes());
            rest.extend::<Vec<u8>>(words(&[2, 0x7f00_0000, bits, flags, 0, 1]));
            check(&entry(b"lpcm", 2, 16, &rest), codec);
        }
    }

    #[test]
    fn reads_pcm_in_iso() {
        for (kind, order, bits, codec) in [
            (b"ipcm", 1, 24, CODEC_ID_PCM_S24LE),
            (b"ipcm", 0, 16, CODEC_ID_PCM_S16BE),
            (b"fpcm", 1, 32, CODEC_ID_PCM_F32LE),
        ] {
            let config = [&[0, 0, 0, 14][..], b"pcmC", &[0, 0, 0, 0, order, bits]].concat();
            check(&entry(kind, 0, bits, &config), codec);
            check(&entry(kind, 1, bits, &config), codec);
        }
    }

    #[test]
    fn truncated_entries_are_none() {
        let whole = entry(b"in24", 2, 16, &[0; 40]);
        assert!((0..36).all(|length| read(&whole[..length]).is_none()));
    }
}
