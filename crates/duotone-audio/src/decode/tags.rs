//! Tags that may precede, separate or follow the frames of a stream.

/// Bytes needed by [`length`].
pub(super) const HEAD: usize = 32;

/// Length of the tag at the start of `bytes`: ID3v2, ID3v1 or APE.
pub(super) fn length(bytes: &[u8]) -> Option<u64> {
    id3v2(bytes).or_else(|| id3v1(bytes)).or_else(|| ape(bytes))
}

/// Length of the ID3v2 tag at the start of `bytes`.
pub(super) fn id3v2(bytes: &[u8]) -> Option<u64> {
    let &[b'I', b'D', b'3', major, minor, flags, a, b, c, d, ..] = bytes else { return None };
    if major == 0xff || minor == 0xff || (a | b | c | d) & 0x80 != 0 {
        return None;
    }
    let size = [a, b, c, d].iter().fold(0, |size, &byte| size << 7 | u64::from(byte));
    let footer = if flags & 0x10 == 0 { 0 } else { 10 };
    Some(10 + size + footer)
}

fn id3v1(bytes: &[u8]) -> Option<u64> {
    match bytes {
        [b'T', b'A', b'G', b'+', ..] => Some(227),
        [b'T', b'A', b'G', ..] => Some(128),
        _ => None,
    }
}

fn ape(bytes: &[u8]) -> Option<u64> {
    let rest = bytes.strip_prefix(b"APETAGEX")?;
    let &[_, _, _, _, a, b, c, d, _, _, _, _, _, _, _, flags, ..] = rest else { return None };
    // The size covers the items and the footer, but not the header.
    let is_header = flags & 0x20 != 0;
    Some(if is_header { 32 + u64::from(u32::from_le_bytes([a, b, c, d])) } else { 32 })
}

#[cfg(test)]
mod tests {
    use super::length;

    #[test]
    fn measures_every_kind_of_tag() {
        assert_eq!(length(b"ID3\x04\x00\x00\x00\x00\x02\x01rest"), Some(10 + 257));
        assert_eq!(length(b"ID3\x04\x00\x10\x00\x00\x02\x01rest"), Some(20 + 257));
        assert_eq!(length(b"ID3\x04\x00\x00\x80\x00\x02\x01"), None);
        assert_eq!(length(b"ID3\x04"), None);
        assert_eq!(length(b"TAGtitle"), Some(128));
        assert_eq!(length(b"TAG+title"), Some(227));
        let ape =
            |flags| [&b"APETAGEX\xd0\x07\0\0\x64\0\0\0\x01\0\0\0\0\0\0"[..], &[flags]].concat();
        assert_eq!(length(&ape(0xa0)), Some(132));
        assert_eq!(length(&ape(0x80)), Some(32));
        assert_eq!(length(b"\xff\xfb\x90\x44"), None);
    }
}
