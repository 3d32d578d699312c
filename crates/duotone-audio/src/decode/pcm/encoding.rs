/// How a PCM sample is stored.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(in crate::decode) struct Encoding {
    kind: Kind,
    /// Bytes per sample: 1 to 8.
    bytes: usize,
    big_endian: bool,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Kind {
    Unsigned,
    Signed,
    Float,
    MuLaw,
    ALaw,
}

impl Encoding {
    pub(in crate::decode) const MU_LAW: Self =
        Self { kind: Kind::MuLaw, bytes: 1, big_endian: false };
    pub(in crate::decode) const A_LAW: Self =
        Self { kind: Kind::ALaw, bytes: 1, big_endian: false };
    pub(in crate::decode) const UNSIGNED_8: Self =
        Self { kind: Kind::Unsigned, bytes: 1, big_endian: false };

    /// Signed integers of 1 to 64 bits, left-aligned in as many whole bytes as they need.
    pub(in crate::decode) fn signed(bits: u32, big_endian: bool) -> Option<Self> {
        let bytes = bits.div_ceil(8) as usize;
        (1..=8).contains(&bytes).then_some(Self { kind: Kind::Signed, bytes, big_endian })
    }

    /// Floating-point numbers of 32 or 64 bits.
    pub(in crate::decode) fn float(bits: u32, big_endian: bool) -> Option<Self> {
        let bytes = (bits / 8) as usize;
        matches!(bits, 32 | 64).then_some(Self { kind: Kind::Float, bytes, big_endian })
    }

    /// Bytes per sample.
    pub(in crate::decode) fn bytes(self) -> usize {
        self.bytes
    }

    pub(in crate::decode) fn name(self) -> String {
        match self.kind {
            Kind::MuLaw => "mu-law".into(),
            Kind::ALaw => "A-law".into(),
            Kind::Unsigned | Kind::Signed => format!("PCM {} bit", 8 * self.bytes),
            Kind::Float => format!("PCM {} bit float", 8 * self.bytes),
        }
    }

    /// Appends the samples in `bytes`. An incomplete sample at the end is dropped.
    pub(in crate::decode) fn decode(self, bytes: &[u8], samples: &mut Vec<f32>) {
        match (self.kind, self.bytes) {
            (Kind::MuLaw, _) => samples.extend(bytes.iter().map(|&b| mu_law(b))),
            (Kind::ALaw, _) => samples.extend(bytes.iter().map(|&b| a_law(b))),
            (Kind::Unsigned, _) => {
                samples.extend(bytes.iter().map(|&b| integer([0, 0, 0, b ^ 0x80])))
            }
            (Kind::Float, 4) => self.each(bytes, samples, f32::from_le_bytes),
            (Kind::Float, _) => self.each(bytes, samples, |b| f64::from_le_bytes(b) as f32),
            (Kind::Signed, 1) => self.each(bytes, samples, |[a]| integer([0, 0, 0, a])),
            (Kind::Signed, 2) => self.each(bytes, samples, |[a, b]| integer([0, 0, a, b])),
            (Kind::Signed, 3) => self.each(bytes, samples, |[a, b, c]| integer([0, a, b, c])),
            (Kind::Signed, 4) => self.each(bytes, samples, integer),
            (Kind::Signed, 5) => {
                self.each(bytes, samples, |[a, b, c, d, e]| long_integer([0, 0, 0, a, b, c, d, e]))
            }
            (Kind::Signed, 6) => self
                .each(bytes, samples, |[a, b, c, d, e, f]| long_integer([0, 0, a, b, c, d, e, f])),
            (Kind::Signed, 7) => self.each(bytes, samples, |[a, b, c, d, e, f, g]| {
                long_integer([0, a, b, c, d, e, f, g])
            }),
            (Kind::Signed, _) => self.each(bytes, samples, long_integer),
        }
    }

    /// Appends the `value` of each sample, which is passed in little-endian order.
    fn each<const N: usize>(
        self,
        bytes: &[u8],
        samples: &mut Vec<f32>,
        value: impl Fn([u8; N]) -> f32,
    ) {
        let codes = bytes.as_chunks::<N>().0;
        if self.big_endian {
            samples.extend(codes.iter().map(|&code| {
                let mut code = code;
                code.reverse();
                value(code)
            }));
        } else {
            samples.extend(codes.iter().map(|&code| value(code)));
        }
    }
}

fn integer(little_endian: [u8; 4]) -> f32 {
    i32::from_le_bytes(little_endian) as f32 / 2_147_483_648.0
}

fn long_integer(little_endian: [u8; 8]) -> f32 {
    i64::from_le_bytes(little_endian) as f32 / 9_223_372_036_854_775_808.0
}

/// ITU-T G.711 mu-law.
fn mu_law(code: u8) -> f32 {
    const BIAS: i16 = 0x84;
    let code = !code;
    let magnitude = ((i16::from(code & 0x0f) << 3) + BIAS) << ((code >> 4) & 7);
    let linear = if code & 0x80 != 0 { BIAS - magnitude } else { magnitude - BIAS };
    f32::from(linear) / 32_768.0
}

/// ITU-T G.711 A-law.
fn a_law(code: u8) -> f32 {
    let code = code ^ 0x55;
    let mantissa = i16::from(code & 0x0f) << 4;
    let magnitude = match (code >> 4) & 7 {
        0 => mantissa + 8,
        exponent => (mantissa + 0x108) << (exponent - 1),
    };
    let linear = if code & 0x80 != 0 { magnitude } else { -magnitude };
    f32::from(linear) / 32_768.0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(encoding: Encoding, bytes: &[u8]) -> f32 {
        let mut samples = Vec::new();
        encoding.decode(bytes, &mut samples);
        assert_eq!(samples.len(), 1);
        samples[0]
    }

    /// Tests a half and a negative quarter in every integer encoding and both byte orders.
    #[test]
    fn decodes_integers_of_every_size() {
        for bits in 1..=64u32 {
            for (most_significant, expected) in [(0x40, 0.5), (0xe0, -0.25)] {
                let mut code = vec![0; bits.div_ceil(8) as usize];
                code[0] = most_significant;
                let big = Encoding::signed(bits, true).unwrap();
                assert_eq!(one(big, &code), expected, "{bits} bits");
                code.reverse();
                let little = Encoding::signed(bits, false).unwrap();
                assert_eq!(one(little, &code), expected, "{bits} bits");
            }
        }
        assert_eq!(Encoding::signed(0, false), None);
        assert_eq!(Encoding::signed(65, false), None);
        assert_eq!(one(Encoding::UNSIGNED_8, &[0xc0]), 0.5);
    }

    #[test]
    fn decodes_floats_and_companded_samples() {
        let [f32s, f64s] = [32, 64].map(|bits| Encoding::float(bits, true).unwrap());
        assert_eq!(one(f32s, &0.3f32.to_be_bytes()), 0.3);
        assert_eq!(one(f64s, &0.3f64.to_be_bytes()), 0.3);
        assert_eq!(one(Encoding::float(32, false).unwrap(), &(-2.5f32).to_le_bytes()), -2.5);
        assert_eq!(Encoding::float(16, false), None);
        // The ends and the middle of both scales, according to G.711.
        for (code, expected) in [(0x00, -32_124.0), (0x80, 32_124.0), (0xff, 0.0), (0x7f, 0.0)] {
            assert_eq!(one(Encoding::MU_LAW, &[code]), expected / 32_768.0);
        }
        for (code, expected) in [(0x2a, -32_256.0), (0xaa, 32_256.0), (0xd5, 8.0), (0x55, -8.0)] {
            assert_eq!(one(Encoding::A_LAW, &[code]), expected / 32_768.0);
        }
    }
}
