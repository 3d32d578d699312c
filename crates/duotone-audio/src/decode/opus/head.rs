const MAGIC: &[u8] = b"OpusHead";
/// A channel of the layout without a stream.
const SILENT: u8 = 255;
/// Total channels of all streams.
const MAX_CHANNELS: u16 = 255;

/// The identification header (RFC 7845, section 5.1). MP4 stores it in `dOps`, with version 0 and
/// big-endian numbers.
pub(in super::super) struct Head {
    /// Samples at the start of the stream that are not part of the recording.
    pub(in super::super) pre_skip: u16,
    pub(super) gain: f32,
    pub(super) streams: u8,
    /// Number of streams with two channels, which come first; the others have one channel.
    pub(super) coupled: u8,
    /// For each output channel, a channel of the streams or [`SILENT`].
    pub(super) mapping: Vec<u8>,
}

impl Head {
    /// # Errors
    /// Says what is malformed or not supported.
    pub(in super::super) fn read(bytes: &[u8]) -> Result<Self, &'static str> {
        let short = "the Opus header is too short";
        let fields = bytes.strip_prefix(MAGIC).ok_or("no Opus header")?;
        let (fields, layout) = fields.split_first_chunk::<11>().ok_or(short)?;
        let [version, channels, skip_0, skip_1, .., gain_0, gain_1, family] = *fields;
        let (skip, gain) = ([skip_0, skip_1], [gain_0, gain_1]);
        let (pre_skip, gain) = match version {
            0 => (u16::from_be_bytes(skip), i16::from_be_bytes(gain)),
            _ => (u16::from_le_bytes(skip), i16::from_le_bytes(gain)),
        };
        let plain: Vec<u8> = (0..channels).collect();
        let (streams, coupled, mapping) = match family {
            0 if channels <= 2 => (1, channels.saturating_sub(1), plain.as_slice()),
            // The order of the channels does not affect their mean.
            1 => match layout {
                [streams, coupled, mapping @ ..] => {
                    (*streams, *coupled, mapping.get(..usize::from(channels)).ok_or(short)?)
                }
                _ => return Err(short),
            },
            255 => {
                return Err("Opus without a channel layout; convert it to FLAC or WAV");
            }
            2 | 3 => return Err("Opus in ambisonics; convert it to FLAC or WAV"),
            _ => return Err("Opus with an unknown channel mapping; convert it to FLAC or WAV"),
        };
        let decoded = u16::from(streams) + u16::from(coupled);
        let exists = |&slot: &u8| slot == SILENT || u16::from(slot) < decoded;
        if channels == 0
            || streams == 0
            || coupled > streams
            || decoded > MAX_CHANNELS
            || !mapping.iter().all(exists)
        {
            return Err("the Opus header is malformed");
        }
        Ok(Self {
            pre_skip,
            // In 256ths of a decibel.
            gain: 10f32.powf(f32::from(gain) / (20.0 * 256.0)),
            streams,
            coupled,
            mapping: mapping.to_vec(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::Head;

    fn head(fields: &[u8]) -> Vec<u8> {
        [b"OpusHead", fields].concat()
    }

    #[test]
    fn reads_headers_of_ogg_and_mp4() {
        let ogg = head(&[1, 2, 0x38, 1, 0x80, 0xbb, 0, 0, 0, 6, 0]);
        let mp4 = head(&[0, 2, 1, 0x38, 0, 0, 0xbb, 0x80, 6, 0, 0]);
        for bytes in [ogg, mp4] {
            let head = Head::read(&bytes).unwrap();
            assert_eq!((head.pre_skip, head.streams, head.coupled), (312, 1, 1));
            assert!((head.gain - 1.9953).abs() < 1e-4, "six decibels: {}", head.gain);
        }
    }

    #[test]
    fn reads_several_streams() {
        let surround = head(&[1, 6, 0, 0, 0, 0, 0, 0, 0, 0, 1, 4, 2, 0, 4, 1, 2, 3, 5]);
        let read = Head::read(&surround).unwrap();
        assert_eq!((read.streams, read.coupled), (4, 2));
        assert_eq!(read.mapping, [0, 4, 1, 2, 3, 5]);
        for end in 0..surround.len() {
            assert!(Head::read(&surround[..end]).is_err(), "{end} bytes");
        }
        let (mut no_such_stream, mut coupled) = (surround.clone(), surround.clone());
        no_such_stream[21] = 6;
        coupled[20] = 5;
        for bytes in [no_such_stream, coupled] {
            assert!(Head::read(&bytes).is_err());
        }
    }
}
