//! The deformations and their names.

use std::fmt;
use std::ops::RangeInclusive;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A change to a test clip that leaves its label as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
#[non_exhaustive]
pub enum Deformation {
    /// `gain-6`: a gain in decibels, with every channel clipped to −1..1.
    Gain(i32),
    /// `bits-8`: every channel rounded to integers of that many bits, without dither.
    Bits(i32),
    /// `lowpass-11`: a low-pass filter with its cutoff (−3 dB) at that many kilohertz.
    LowPass(i32),
    /// `resample-16000`: resampled to a rate in hertz, and back. Files of a lower rate stay as they are.
    Resample(i32),
    /// `noise-20`: white noise, with the clip that many decibels louder than the noise.
    Noise(i32),
    /// `left`: only the left channel of a stereo file. Other files are not tested.
    Left,
    /// `mp3-64`: encoded by ffmpeg as MP3 at that many kbit/s.
    Mp3(i32),
    /// `aac-96`: encoded by ffmpeg as AAC at that many kbit/s.
    Aac(i32),
}

impl Deformation {
    /// The deformations that `all` stands for.
    pub const ALL: [Self; 16] = [
        Self::Gain(-20),
        Self::Gain(-6),
        Self::Gain(6),
        Self::Bits(16),
        Self::Bits(8),
        Self::LowPass(16),
        Self::LowPass(11),
        Self::LowPass(8),
        Self::Resample(22_050),
        Self::Resample(16_000),
        Self::Resample(11_025),
        Self::Noise(40),
        Self::Noise(20),
        Self::Left,
        Self::Mp3(64),
        Self::Aac(96),
    ];

    /// Parses names separated by commas, or `all`. A deformation named twice is tested once.
    ///
    /// # Errors
    /// A message that lists the names.
    pub fn list(text: &str) -> Result<Vec<Self>, String> {
        if text == "all" {
            return Ok(Self::ALL.to_vec());
        }
        let mut list = Vec::new();
        for name in text.split(',') {
            let deformation = name.parse()?;
            if !list.contains(&deformation) {
                list.push(deformation);
            }
        }
        Ok(list)
    }

    /// What its name starts with, and its number.
    fn parts(self) -> (&'static str, Option<i32>) {
        match self {
            Self::Gain(decibels) => ("gain", Some(decibels)),
            Self::Bits(bits) => ("bits-", Some(bits)),
            Self::LowPass(kilohertz) => ("lowpass-", Some(kilohertz)),
            Self::Resample(rate) => ("resample-", Some(rate)),
            Self::Noise(decibels) => ("noise-", Some(decibels)),
            Self::Left => ("left", None),
            Self::Mp3(kilobits) => ("mp3-", Some(kilobits)),
            Self::Aac(kilobits) => ("aac-", Some(kilobits)),
        }
    }

    /// The values that its number may have.
    fn range(self) -> RangeInclusive<i32> {
        match self {
            Self::Gain(_) => -90..=60,
            Self::Bits(_) => 2..=24,
            Self::LowPass(_) => 1..=96,
            Self::Resample(_) => 8_000..=192_000,
            Self::Noise(_) => 0..=120,
            Self::Left => 0..=0,
            Self::Mp3(_) => 8..=320,
            Self::Aac(_) => 8..=512,
        }
    }

    /// Returns whether its number is in range.
    pub(in crate::evaluate) fn is_valid(self) -> bool {
        self.parts().1.is_none_or(|number| self.range().contains(&number))
    }
}

/// The kinds that have a number.
const NUMBERED: [fn(i32) -> Deformation; 7] = [
    Deformation::Gain,
    Deformation::Bits,
    Deformation::LowPass,
    Deformation::Resample,
    Deformation::Noise,
    Deformation::Mp3,
    Deformation::Aac,
];

impl FromStr for Deformation {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        if name == "left" {
            return Ok(Self::Left);
        }
        for kind in NUMBERED {
            let (start, _) = kind(0).parts();
            let number = name.strip_prefix(start).and_then(|number| number.parse().ok());
            if let Some(known) = number.map(kind)
                && known.is_valid()
                && known.to_string() == name
            {
                return Ok(known);
            }
        }
        let names: Vec<String> = Self::ALL.iter().map(ToString::to_string).collect();
        let names = names.join(", ");
        Err(format!(
            "no deformation is called `{name}`: use `all`, or some of {names}; other numbers work too"
        ))
    }
}

impl fmt::Display for Deformation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.parts(), self) {
            ((start, Some(decibels)), Self::Gain(_)) => write!(f, "{start}{decibels:+}"),
            ((start, Some(number)), _) => write!(f, "{start}{number}"),
            ((start, None), _) => f.write_str(start),
        }
    }
}

impl TryFrom<String> for Deformation {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        name.parse()
    }
}

impl From<Deformation> for String {
    fn from(deformation: Deformation) -> Self {
        deformation.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::Deformation;

    #[test]
    fn names_are_parsed_again() {
        let others = [Deformation::Gain(0), Deformation::Bits(12), Deformation::Noise(0)];
        for deformation in Deformation::ALL.into_iter().chain(others) {
            assert_eq!(deformation.to_string().parse(), Ok(deformation));
            let json = serde_json::to_string(&deformation).unwrap();
            assert_eq!(serde_json::from_str::<Deformation>(&json).unwrap(), deformation);
        }
        assert_eq!(Deformation::Gain(6).to_string(), "gain+6");
        assert_eq!(Deformation::Gain(-20).to_string(), "gain-20");
    }

    #[test]
    fn lists_are_parsed() {
        assert_eq!(Deformation::list("all"), Ok(Deformation::ALL.to_vec()));
        let two = vec![Deformation::Mp3(64), Deformation::Gain(-6)];
        assert_eq!(Deformation::list("mp3-64,gain-6,mp3-64"), Ok(two));
        for bad in ["", "gain", "gain6", "gain-91", "bits-+8", "bits-1", "mp3", "left-1", "a,left"]
        {
            let error = Deformation::list(bad).unwrap_err();
            assert!(error.contains("gain+6, bits-16") && error.contains("aac-96"), "{error}");
        }
        assert!(!Deformation::Resample(0).is_valid() && Deformation::Left.is_valid());
    }
}
