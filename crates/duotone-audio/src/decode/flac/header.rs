use symphonia::core::checksum::Crc8Ccitt;
use symphonia::core::io::Monitor;

/// Length of the longest frame header.
pub(super) const LONGEST: usize = 16;

/// The header of a frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    /// Whether frames are numbered by their first sample. Otherwise they are numbered consecutively
    /// and all have the same length.
    pub(super) by_sample: bool,
    pub(super) number: u64,
    /// Samples per channel in the frame.
    pub(super) samples: u32,
    /// In hertz; `None` if it is in the stream's header.
    pub(super) sample_rate: Option<u32>,
    pub(super) channels: u8,
    /// Bits per sample; `None` if they are in the stream's header.
    pub(super) bits: Option<u8>,
    /// Length of the header in bytes.
    pub(super) size: usize,
}

impl Header {
    /// Reads the header at the start of `bytes`, if its checksum is valid.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xff, b, c, d, ..] = bytes else { return None };
        if b & 0xfe != 0xf8 || d & 1 != 0 {
            return None;
        }
        let mut at = 4;
        let number = number(bytes, &mut at)?;
        let samples = match c >> 4 {
            0 => return None,
            1 => 192,
            n @ 2..=5 => 576 << (n - 2),
            6 => big_endian(bytes, &mut at, 1)? + 1,
            7 => big_endian(bytes, &mut at, 2)? + 1,
            n => 256 << (n - 8),
        };
        let sample_rate = match c & 15 {
            0 => None,
            12 => Some(1000 * big_endian(bytes, &mut at, 1)?),
            13 => Some(big_endian(bytes, &mut at, 2)?),
            14 => Some(10 * big_endian(bytes, &mut at, 2)?),
            15 => return None,
            n => Some(
                [
                    88_200, 176_400, 192_000, 8_000, 16_000, 22_050, 24_000, 32_000, 44_100,
                    48_000, 96_000,
                ][usize::from(n) - 1],
            ),
        };
        let channels = match d >> 4 {
            n @ 0..=7 => n + 1,
            8..=10 => 2,
            _ => return None,
        };
        let bits = match d >> 1 & 7 {
            0 => None,
            1 => Some(8),
            2 => Some(12),
            4 => Some(16),
            5 => Some(20),
            6 => Some(24),
            7 => Some(32),
            _ => return None,
        };
        let &checksum = bytes.get(at)?;
        let mut expected = Crc8Ccitt::new(0);
        expected.process_buf_bytes(&bytes[..at]);
        (expected.crc() == checksum).then_some(Self {
            by_sample: b & 1 != 0,
            number,
            samples,
            sample_rate,
            channels,
            bits,
            size: at + 1,
        })
    }

    /// Returns whether both headers may belong to one stream.
    pub(super) fn matches(&self, other: &Self) -> bool {
        self.by_sample == other.by_sample
            && self.sample_rate == other.sample_rate
            && self.channels == other.channels
            && self.bits == other.bits
    }

    /// The number of the next frame.
    pub(super) fn next_number(&self) -> u64 {
        self.number + if self.by_sample { u64::from(self.samples) } else { 1 }
    }
}

/// Reads a number of up to 36 bits, encoded like a character in UTF-8.
fn number(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let &first = bytes.get(*at)?;
    let ones = first.leading_ones() as usize;
    let mut number = match ones {
        0 => u64::from(first),
        2..=7 => u64::from(first) & (0x7f >> ones),
        _ => return None,
    };
    *at += 1;
    for _ in 1..ones {
        let &byte = bytes.get(*at)?;
        if byte & 0xc0 != 0x80 {
            return None;
        }
        number = number << 6 | u64::from(byte & 0x3f);
        *at += 1;
    }
    Some(number)
}

fn big_endian(bytes: &[u8], at: &mut usize, count: usize) -> Option<u32> {
    let field = bytes.get(*at..*at + count)?;
    *at += count;
    Some(field.iter().fold(0, |number, &byte| number << 8 | u32::from(byte)))
}

#[cfg(test)]
mod tests {
    use symphonia::core::checksum::Crc8Ccitt;
    use symphonia::core::io::Monitor;

    use super::Header;

    fn header(bytes: &[u8]) -> Option<Header> {
        let mut checksum = Crc8Ccitt::new(0);
        checksum.process_buf_bytes(bytes);
        Header::parse(&[bytes, &[checksum.crc()]].concat())
    }

    #[test]
    fn reads_every_field() {
        let expected = Header {
            by_sample: false,
            number: 1,
            samples: 4096,
            sample_rate: Some(44_100),
            channels: 2,
            bits: Some(16),
            size: 6,
        };
        assert_eq!(header(b"\xff\xf8\xc9\xa8\x01"), Some(expected));
        let variable = header(b"\xff\xf9\x7d\x70\xe2\x82\xac\x01\x00\x1f\x40").unwrap();
        assert_eq!((variable.number, variable.samples, variable.channels), (0x20ac, 257, 8));
        assert_eq!((variable.sample_rate, variable.bits, variable.size), (Some(8000), None, 12));
        assert_eq!(variable.next_number(), 0x20ac + 257);
    }

    #[test]
    fn rejects_reserved_values_and_damage() {
        assert_eq!(Header::parse(b"\xff\xf8\xc9\xa8\x01\x00"), None);
        for bytes in [
            b"\xff\xf8\x09\xa8\x01",
            b"\xff\xf8\xcf\xa8\x01",
            b"\xff\xf8\xc9\xb8\x01",
            b"\xff\xf8\xc9\xa6\x01",
            b"\xff\xf8\xc9\xa9\x01",
            b"\xff\xf8\xc9\xa8\x80",
            b"\xff\xfa\xc9\xa8\x01",
        ] {
            assert_eq!(header(bytes), None, "{bytes:x?}");
        }
    }
}
