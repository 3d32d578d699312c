/// The frames of a packet of one stream.
pub(super) struct Frames<'a> {
    /// The first byte of a packet that holds one such frame alone.
    pub(super) kind: u8,
    pub(super) frames: Vec<&'a [u8]>,
    /// What lies behind the packet, of a delimited one.
    pub(super) rest: &'a [u8],
}

/// Takes a packet apart (RFC 6716, section 3); all but the last stream's of a packet of several
/// streams are delimited (appendix B). `None` for a malformed one.
pub(super) fn split(packet: &[u8], delimited: bool) -> Option<Frames<'_>> {
    let (&kind, mut rest) = packet.split_first()?;
    let (mut count, mut own_sizes, mut padding) = (2, false, 0);
    match kind & 3 {
        0 => count = 1,
        1 => {}
        2 => own_sizes = true,
        _ => {
            let flags = byte(&mut rest)?;
            count = usize::from(flags & 0x3f);
            own_sizes = flags & 0x80 != 0;
            if flags & 0x40 != 0 {
                padding = padding_size(&mut rest)?;
            }
        }
    }
    let mut sizes = Vec::new();
    if own_sizes {
        for _ in 1..count {
            sizes.push(size(&mut rest)?);
        }
    }
    let stated: usize = sizes.iter().sum();
    if delimited {
        let last = size(&mut rest)?;
        sizes.resize(count, last);
    } else if own_sizes {
        sizes.push(rest.len().checked_sub(padding + stated)?);
    } else {
        let left = rest.len().checked_sub(padding)?;
        if left.checked_rem(count)? != 0 {
            return None;
        }
        sizes.resize(count, left / count);
    }
    let mut frames = Vec::new();
    for size in sizes {
        let (frame, behind) = rest.split_at_checked(size)?;
        frames.push(frame);
        rest = behind;
    }
    (!frames.is_empty()).then_some(Frames { kind: kind & !3, frames, rest: rest.get(padding..)? })
}

fn byte(rest: &mut &[u8]) -> Option<u8> {
    let (&first, behind) = rest.split_first()?;
    *rest = behind;
    Some(first)
}

fn size(rest: &mut &[u8]) -> Option<usize> {
    let first = usize::from(byte(rest)?);
    if first < 252 {
        return Some(first);
    }
    Some(first + 4 * usize::from(byte(rest)?))
}

fn padding_size(rest: &mut &[u8]) -> Option<usize> {
    let mut size = 0;
    loop {
        match byte(rest)? {
            255 => size += 254,
            last => return Some(size + usize::from(last)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::split;

    #[track_caller]
    fn check(packet: &[u8], delimited: bool, frames: &[&[u8]], rest: &[u8]) {
        let split = split(packet, delimited).unwrap();
        assert_eq!((split.kind, split.frames.as_slice(), split.rest), (0x48, frames, rest));
    }

    #[test]
    fn every_framing() {
        check(&[0x48, 1, 2, 3], false, &[&[1, 2, 3]], &[]);
        check(&[0x49, 1, 2, 3, 4], false, &[&[1, 2], &[3, 4]], &[]);
        check(&[0x4a, 1, 1, 2, 3], false, &[&[1], &[2, 3]], &[]);
        check(&[0x4b, 3, 1, 2, 3], false, &[&[1], &[2], &[3]], &[]);
        check(&[0x4b, 0x82, 1, 1, 2, 3], false, &[&[1], &[2, 3]], &[]);
        check(&[0x4b, 0x41, 2, 7, 0, 0], false, &[&[7]], &[]);
        check(&[0x48, 2, 1, 2, 9], true, &[&[1, 2]], &[9]);
        check(&[0x49, 1, 1, 2, 9], true, &[&[1], &[2]], &[9]);
        check(&[0x4a, 1, 2, 1, 2, 3, 9], true, &[&[1], &[2, 3]], &[9]);
        check(&[0x4b, 0x42, 1, 1, 1, 2, 0, 9], true, &[&[1], &[2]], &[9]);
        let long = [&[0x4a, 252, 1][..], &[5; 256], &[6]].concat();
        check(&long, false, &[&[5; 256], &[6]], &[]);
    }

    #[test]
    fn malformed_ones() {
        let packets: [&[u8]; 8] = [
            &[],
            &[0x49, 1],
            &[0x4a, 5, 1],
            &[0x4b],
            &[0x4b, 0],
            &[0x4b, 0x41, 9, 1],
            &[0x4b, 0x41, 255],
            &[0x4b, 2, 1, 2, 3],
        ];
        for packet in packets {
            assert!(split(packet, false).is_none(), "{packet:?}");
        }
        assert!(split(&[0x48, 5, 1], true).is_none());
    }
}
