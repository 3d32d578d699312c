//! The elementary stream descriptor (`esds`, ISO/IEC 14496-1) of an `mp4a` entry.

const STREAM: u8 = 3;
const DECODER: u8 = 4;
const DECODER_CONFIG: u8 = 5;

/// Returns the codec's object type and the decoder's configuration.
pub(super) fn read(content: &[u8]) -> Option<(u8, &[u8])> {
    let stream = descriptor(content.get(4..)?, STREAM)?;
    let flags = *stream.get(2)?;
    let mut before = 3;
    if flags & 0x80 != 0 {
        before += 2;
    }
    if flags & 0x40 != 0 {
        before += 1 + usize::from(*stream.get(before)?);
    }
    if flags & 0x20 != 0 {
        before += 2;
    }
    let decoder = descriptor(stream.get(before..)?, DECODER)?;
    let config = decoder.get(13..).and_then(|rest| descriptor(rest, DECODER_CONFIG));
    Some((*decoder.first()?, config.unwrap_or_default()))
}

/// Returns the content of the descriptor that starts here, if its tag is `kind`.
fn descriptor(bytes: &[u8], kind: u8) -> Option<&[u8]> {
    let (&first, mut rest) = bytes.split_first()?;
    let mut size = 0;
    // Seven bits per byte, in at most four bytes.
    for _ in 0..4 {
        let (&byte, after) = rest.split_first()?;
        rest = after;
        size = size << 7 | usize::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            break;
        }
    }
    (first == kind).then(|| &rest[..size.min(rest.len())])
}

/// Returns the first and third of the three Vorbis headers, from a configuration that starts with
/// their lengths.
pub(super) fn vorbis_headers(config: &[u8]) -> Option<Vec<u8>> {
    let (&2, mut rest) = config.split_first()? else { return None };
    let mut lengths = [0; 2];
    for length in &mut lengths {
        loop {
            let (&byte, after) = rest.split_first()?;
            rest = after;
            *length += usize::from(byte);
            if byte < 255 {
                break;
            }
        }
    }
    let setup = lengths[0].checked_add(lengths[1])?;
    Some([rest.get(..lengths[0])?, rest.get(setup..)?].concat())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_codec_and_config() {
        let mut bytes = vec![0, 0, 0, 0, STREAM, 0x80, 0x80, 0x80, 22, 0, 1, 0];
        bytes.extend([DECODER, 17, 0x40, 0x15, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
        bytes.extend([DECODER_CONFIG, 2, 0x12, 0x10]);
        assert_eq!(read(&bytes), Some((0x40, &[0x12, 0x10][..])));
        bytes.truncate(bytes.len() - 1);
        assert_eq!(read(&bytes), Some((0x40, &[0x12][..])));
        assert_eq!(read(&bytes[..9]), None);
    }

    #[test]
    fn reads_vorbis_headers() {
        assert_eq!(vorbis_headers(&[2, 1, 2, 7, 8, 8, 9]), Some(vec![7, 9]));
        assert_eq!(vorbis_headers(&[2, 1, 200, 7, 8, 8, 9]), None);
        assert_eq!(vorbis_headers(&[1, 1]), None);
    }
}
