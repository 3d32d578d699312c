//! Reading numbers and byte strings from the start of a slice.

/// What is left of a slice that is read from its start.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reader<'a>(pub(super) &'a [u8]);

/// The error for a slice that ends too early.
const SHORT: &str = "it ends in the middle of an entry";

impl<'a> Reader<'a> {
    pub(super) fn is_empty(self) -> bool {
        self.0.is_empty()
    }

    /// The next `count` bytes.
    pub(super) fn bytes(&mut self, count: u64) -> Result<&'a [u8], String> {
        let count = usize::try_from(count).map_err(|_| SHORT)?;
        let (bytes, rest) = self.0.split_at_checked(count).ok_or(SHORT)?;
        self.0 = rest;
        Ok(bytes)
    }

    /// The next four bytes, as a little-endian number.
    pub(super) fn fixed_32(&mut self) -> Result<u32, String> {
        let (bytes, rest) = self.0.split_first_chunk::<4>().ok_or(SHORT)?;
        self.0 = rest;
        Ok(u32::from_le_bytes(*bytes))
    }

    /// The next number in groups of seven bits, lowest first, as protocol buffers and LevelDB write it.
    pub(super) fn varint(&mut self) -> Result<u64, String> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.bytes(1)?[0];
            let bits = u64::from(byte & 0x7f);
            if bits << shift >> shift != bits {
                break;
            }
            value |= bits << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err("it contains a number of more than 64 bits".into())
    }
}

#[cfg(test)]
mod tests {
    use super::Reader;

    #[test]
    fn reads_numbers_of_up_to_64_bits() {
        let mut reader = Reader(&[5, 0xac, 2, 1, 0, 0, 0x80, 9]);
        assert_eq!((reader.varint(), reader.varint()), (Ok(5), Ok(300)));
        assert_eq!(reader.fixed_32(), Ok(0x8000_0001));
        assert_eq!((reader.bytes(1), reader.is_empty()), (Ok(&[9][..]), true));
        let largest = [[0xff; 9].as_slice(), &[1]].concat();
        assert_eq!(Reader(&largest).varint(), Ok(u64::MAX));
    }

    #[test]
    fn refuses_numbers_that_are_too_long_or_cut_off() {
        for bytes in [[[0xff; 9].as_slice(), &[2]].concat(), vec![0x80; 11], vec![0x80], vec![]] {
            assert!(Reader(&bytes).varint().is_err(), "{bytes:?}");
        }
        assert!(Reader(&[1, 2, 3]).fixed_32().is_err());
        assert!(Reader(&[1, 2, 3]).bytes(u64::MAX).is_err());
    }
}
