/// The four-byte header of an MPEG audio frame.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Header {
    /// 1 to 3.
    pub(super) layer: u8,
    /// In hertz.
    pub(super) sample_rate: u32,
    /// 1 or 2.
    pub(super) channels: usize,
    /// Samples per channel in the frame.
    pub(super) samples: u64,
    version: Version,
    /// In kbit/s; 0 in free format, where a frame's length is only known from the next header.
    bit_rate: usize,
    padding: usize,
    checksum: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Version {
    Mpeg1,
    Mpeg2,
    /// An extension of MPEG-2 to lower sample rates, in layer III only.
    Mpeg25,
}

/// In kbit/s: MPEG-1 layers I to III, MPEG-2 layer I, MPEG-2 layers II and III.
const BIT_RATES: [[usize; 15]; 5] = [
    [0, 32, 64, 96, 128, 160, 192, 224, 256, 288, 320, 352, 384, 416, 448],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320, 384],
    [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320],
    [0, 32, 48, 56, 64, 80, 96, 112, 128, 144, 160, 176, 192, 224, 256],
    [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160],
];

impl Header {
    /// Reads the header at the start of `bytes`.
    pub(super) fn parse(bytes: &[u8]) -> Option<Self> {
        let &[0xff, b, c, d, ..] = bytes else { return None };
        let version = match b >> 3 {
            0b11111 => Version::Mpeg1,
            0b11110 => Version::Mpeg2,
            0b11100 => Version::Mpeg25,
            _ => return None,
        };
        let layer = match b >> 1 & 3 {
            0 => return None,
            bits => 4 - bits,
        };
        if version == Version::Mpeg25 && layer != 3 {
            return None;
        }
        let rates = match (version, layer) {
            (Version::Mpeg1, layer) => &BIT_RATES[usize::from(layer) - 1],
            (_, 1) => &BIT_RATES[3],
            _ => &BIT_RATES[4],
        };
        let &bit_rate = rates.get(usize::from(c >> 4))?;
        let &rate = [44_100, 48_000, 32_000].get(usize::from(c >> 2 & 3))?;
        let sample_rate = match version {
            Version::Mpeg1 => rate,
            Version::Mpeg2 => rate / 2,
            Version::Mpeg25 => rate / 4,
        };
        let samples = match (version, layer) {
            (_, 1) => 384,
            (Version::Mpeg2 | Version::Mpeg25, 3) => 576,
            _ => 1152,
        };
        Some(Self {
            layer,
            sample_rate,
            channels: if d >> 6 == 3 { 1 } else { 2 },
            samples,
            version,
            bit_rate,
            padding: if c & 2 == 0 {
                0
            } else if layer == 1 {
                4
            } else {
                1
            },
            checksum: b & 1 == 0,
        })
    }

    /// Returns whether frames with the two headers may follow each other in a stream. The bit rate
    /// and the number of channels may change.
    pub(super) fn continues(&self, other: &Self) -> bool {
        self.version == other.version
            && self.layer == other.layer
            && self.sample_rate == other.sample_rate
            && self.is_free_format() == other.is_free_format()
    }

    pub(super) fn is_free_format(&self) -> bool {
        self.bit_rate == 0
    }

    /// Length of the frame. In free format it is `unpadded` plus the padding.
    pub(super) fn size(&self, unpadded: usize) -> usize {
        let size = self.samples as usize * self.bit_rate * 125 / self.sample_rate as usize;
        match (self.is_free_format(), self.layer) {
            (true, _) => unpadded + self.padding,
            (_, 1) => (size & !3) + self.padding,
            _ => size + self.padding,
        }
    }

    pub(super) fn padding(&self) -> usize {
        self.padding
    }

    /// Length of everything before the coded audio in layer III: header, checksum and side
    /// information.
    pub(super) fn side_information(&self) -> usize {
        let bytes = match (self.version, self.channels) {
            (Version::Mpeg1, 1) => 17,
            (Version::Mpeg1, _) => 32,
            (_, 1) => 9,
            _ => 17,
        };
        4 + bytes + if self.checksum { 2 } else { 0 }
    }

    /// Largest number of bytes of earlier frames in which a frame's data may begin.
    pub(super) fn reservoir(&self) -> usize {
        match (self.layer, self.version) {
            (3, Version::Mpeg1) => 511,
            (3, _) => 255,
            _ => 0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Header;

    #[test]
    fn reads_sizes_and_lengths() {
        let of = |bytes: [u8; 4]| {
            let header = Header::parse(&bytes).unwrap();
            (header.layer, header.sample_rate, header.channels, header.samples, header.size(0))
        };
        assert_eq!(of([0xff, 0xfb, 0x90, 0x44]), (3, 44_100, 2, 1152, 417));
        assert_eq!(of([0xff, 0xfb, 0x92, 0xc4]), (3, 44_100, 1, 1152, 418));
        assert_eq!(of([0xff, 0xf3, 0x80, 0xc4]), (3, 22_050, 1, 576, 208 * 64 / 64));
        assert_eq!(of([0xff, 0xe3, 0x18, 0xc4]), (3, 8_000, 1, 576, 72));
        assert_eq!(of([0xff, 0xfd, 0xa4, 0x04]), (2, 48_000, 2, 1152, 576));
        assert_eq!(of([0xff, 0xff, 0x12, 0x04]), (1, 44_100, 2, 384, 32 + 4));
    }

    #[test]
    fn rejects_reserved_values() {
        for bytes in [
            [0xfe, 0xfb, 0x90, 0x44],
            [0xff, 0xeb, 0x90, 0x44],
            [0xff, 0xf9, 0x90, 0x44],
            [0xff, 0xe5, 0x90, 0x44],
            [0xff, 0xfb, 0xf0, 0x44],
            [0xff, 0xfb, 0x9c, 0x44],
        ] {
            assert_eq!(Header::parse(&bytes), None, "{bytes:x?}");
        }
        assert_eq!(Header::parse(&[0xff, 0xfb, 0x90]), None);
    }
}
