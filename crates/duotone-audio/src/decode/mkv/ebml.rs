//! EBML elements, the building blocks of Matroska.

/// An element's ID and the size of its contents; `None` if it extends to the end of its parent.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    pub(super) id: u32,
    pub(super) size: Option<u64>,
    /// Length of the header itself.
    pub(super) bytes: usize,
}

/// Reads the header at the start of `bytes`.
pub(super) fn header(bytes: &[u8]) -> Option<Header> {
    let (id, id_bytes) = number(bytes, false)?;
    let (size, size_bytes) = number(bytes.get(id_bytes..)?, true)?;
    let unknown = (1 << (7 * size_bytes)) - 1;
    Some(Header {
        id: u32::try_from(id).ok()?,
        size: (size != unknown).then_some(size),
        bytes: id_bytes + size_bytes,
    })
}

/// Reads a number of variable length, with or without the bit that marks its length. Returns the
/// number and its length in bytes.
pub(super) fn number(bytes: &[u8], without_mark: bool) -> Option<(u64, usize)> {
    let first = *bytes.first()?;
    let length = first.leading_zeros() as usize + 1;
    let mut value = u64::from(first);
    if without_mark {
        value &= 0xff_u64 >> length;
    }
    for &byte in bytes.get(1..length).filter(|_| length <= 8)? {
        value = value << 8 | u64::from(byte);
    }
    Some((value, length))
}

/// The elements in a parent's contents. The last one may be truncated.
pub(super) fn elements(mut bytes: &[u8]) -> impl Iterator<Item = (u32, &[u8])> {
    std::iter::from_fn(move || {
        let header = header(bytes)?;
        let rest = bytes.get(header.bytes..)?;
        let size = header.size.and_then(|size| usize::try_from(size).ok()).unwrap_or(usize::MAX);
        let (contents, after) = rest.split_at(size.min(rest.len()));
        bytes = after;
        Some((header.id, contents))
    })
}

/// The value of an unsigned integer element.
pub(super) fn unsigned(contents: &[u8]) -> u64 {
    contents.iter().take(8).fold(0, |value, &byte| value << 8 | u64::from(byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_headers_and_checks_their_length() {
        let of = |id, size, bytes| Some(Header { id, size, bytes });
        assert_eq!(header(&[0xa3, 0x85]), of(0xa3, Some(5), 2));
        assert_eq!(header(&[0x75, 0xa2, 0x40, 0x02]), of(0x75a2, Some(2), 4));
        assert_eq!(header(&[0x1f, 0x43, 0xb6, 0x75, 0xff]), of(0x1f43_b675, None, 5));
        let largest = [0xa3, 1, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        assert_eq!(header(&largest), of(0xa3, None, 9));
        for bytes in [&[][..], &[0xa3], &[0; 12], &[0xa3, 0], &largest[..8]] {
            assert_eq!(header(bytes), None, "{bytes:?}");
        }
    }

    #[test]
    fn reads_elements_of_a_truncated_parent() {
        let bytes = [0xd7, 0x81, 1, 0x86, 0x85, b'A', b'_'];
        let found: Vec<_> = elements(&bytes).collect();
        assert_eq!(found, [(0xd7, &[1][..]), (0x86, b"A_")]);
        assert_eq!(unsigned(&[1, 2]), 258);
    }
}
