//! The AudioSpecificConfig (ISO/IEC 14496-3, 1.6.2.1).

use symphonia::core::codecs::CodecProfile;
use symphonia::core::codecs::audio::well_known::profiles::{
    CODEC_PROFILE_AAC_HE, CODEC_PROFILE_AAC_HE_V2, CODEC_PROFILE_AAC_LC, CODEC_PROFILE_AAC_LTP,
    CODEC_PROFILE_AAC_MAIN,
};

pub(super) const RATES: [u32; 13] = [
    96_000, 88_200, 64_000, 48_000, 44_100, 32_000, 24_000, 22_050, 16_000, 12_000, 11_025, 8_000,
    7_350,
];

const MAIN: u32 = 1;
const LC: u32 = 2;
const SSR: u32 = 3;
const LTP: u32 = 4;
const SBR: u32 = 5;
const LOW_DELAY: u32 = 23;
const PARAMETRIC_STEREO: u32 = 29;

/// Returns the profile stated by a config.
///
/// # Errors
/// Names a profile that is not supported.
pub(super) fn profile(config: &[u8]) -> Result<Option<CodecProfile>, &'static str> {
    let mut bits = Bits { bytes: config, at: 0 };
    Ok(match bits.object_type() {
        MAIN => Some(CODEC_PROFILE_AAC_MAIN),
        LC => Some(CODEC_PROFILE_AAC_LC),
        LTP => Some(CODEC_PROFILE_AAC_LTP),
        SBR => Some(CODEC_PROFILE_AAC_HE),
        PARAMETRIC_STEREO => Some(CODEC_PROFILE_AAC_HE_V2),
        LOW_DELAY => None,
        SSR => return Err("AAC SSR; convert it to FLAC or WAV"),
        39 => return Err("AAC-ELD; convert it to FLAC or WAV"),
        42 => return Err("xHE-AAC (USAC); convert it to FLAC or WAV"),
        36 => return Err("MPEG-4 ALS; convert it to FLAC or WAV"),
        32..=34 => return Err("MPEG audio within MPEG-4; convert it to FLAC or WAV"),
        6 | 20 => return Err("scalable AAC; convert it to FLAC or WAV"),
        17 | 19 => return Err("error-resilient AAC; convert it to FLAC or WAV"),
        _ => return Err("an MPEG-4 codec; convert it to FLAC or WAV"),
    })
}

/// Builds the config of a stream that only states its object type, rate in hertz and channel
/// configuration; `None` if no config can express them.
pub(super) fn config_of(object_type: u8, rate: u32, channels: u8) -> Option<Vec<u8>> {
    let index = RATES.iter().position(|&known| known == rate)? as u16;
    let bits = u16::from(object_type) << 11 | index << 7 | u16::from(channels) << 3;
    Some(bits.to_be_bytes().to_vec())
}

struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Bits<'_> {
    /// Reads the next bits as a number, with zeros past the end.
    fn read(&mut self, count: usize) -> u32 {
        let mut value = 0;
        for at in self.at..self.at + count {
            let byte = self.bytes.get(at / 8).copied().unwrap_or(0);
            value = value << 1 | u32::from(byte >> (7 - at % 8) & 1);
        }
        self.at += count;
        value
    }

    fn object_type(&mut self) -> u32 {
        match self.read(5) {
            31 => 32 + self.read(6),
            object_type => object_type,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_the_profile() {
        assert_eq!(profile(&[0x12, 0x10]), Ok(Some(CODEC_PROFILE_AAC_LC)));
        assert_eq!(profile(&[0x0a, 0x10]), Ok(Some(CODEC_PROFILE_AAC_MAIN)));
        assert_eq!(profile(&[0x2b, 0x92, 0x08, 0x00]), Ok(Some(CODEC_PROFILE_AAC_HE)));
        for (config, word) in [
            ([0x1a, 0x10, 0, 0], "SSR"),
            ([0xf8, 0xe6, 0x50, 0], "ELD"),
            ([0xf9, 0x46, 0x43, 0x22], "xHE-AAC"),
            ([0, 0, 0, 0], "an MPEG-4 codec"),
        ] {
            assert!(profile(&config).unwrap_err().contains(word), "{word}");
        }
    }

    #[test]
    fn builds_a_config() {
        assert_eq!(config_of(2, 44_100, 2), Some(vec![0x12, 0x10]));
        assert_eq!(config_of(2, 44_099, 2), None);
    }
}
