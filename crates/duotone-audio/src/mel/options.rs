use serde::{Deserialize, Serialize};

/// How published networks deviate from the paper's front end. The default is the paper's.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct MelOptions {
    /// The mel scale.
    pub scale: MelScale,
    /// How the triangles of the filterbank are scaled.
    pub norm: MelNorm,
    /// The lowest frequency of the lowest band in hertz.
    pub fmin: u32,
    /// The highest frequency of the highest band in hertz; `None` for half the sample rate.
    pub fmax: Option<u32>,
    /// Whether the bands are sums of magnitudes instead of powers.
    pub magnitude: bool,
    /// Samples under the Hann window, which is in the middle of the frame; `None` for the whole frame.
    pub window_length: Option<usize>,
    /// Whether centred frames reach into the recording mirrored at its ends instead of into zeros, as with
    /// `librosa.stft(pad_mode="reflect")`.
    pub reflect: bool,
}

/// The mel scale of a filterbank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelScale {
    /// Linear up to 1 kHz, logarithmic above (librosa's default).
    #[default]
    Slaney,
    /// 2595 log₁₀(1 + f / 700), as in HTK.
    Htk,
}

/// The scaling of the triangles of a filterbank.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MelNorm {
    /// Unit area over hertz (`norm="slaney"` in librosa).
    #[default]
    Slaney,
    /// A peak of 1 (`norm=None`).
    None,
}

impl MelOptions {
    /// The paper's.
    pub const PAPER: Self = Self {
        scale: MelScale::Slaney,
        norm: MelNorm::Slaney,
        fmin: 0,
        fmax: None,
        magnitude: false,
        window_length: None,
        reflect: false,
    };

    /// Returns whether they are the paper's.
    #[must_use]
    pub fn is_paper(&self) -> bool {
        *self == Self::PAPER
    }
}

impl MelScale {
    /// `librosa.mel_to_hz`.
    pub(super) fn to_hz(self, mel: f64) -> f64 {
        const BREAK_MEL: f64 = 15.0;
        match self {
            Self::Htk => 700.0 * (10f64.powf(mel / 2595.0) - 1.0),
            Self::Slaney if mel < BREAK_MEL => mel * 200.0 / 3.0,
            Self::Slaney => 1000.0 * (6.4f64.ln() / 27.0 * (mel - BREAK_MEL)).exp(),
        }
    }

    /// Inverse of [`to_hz`](Self::to_hz) (`librosa.hz_to_mel`).
    pub(super) fn to_mel(self, hz: f64) -> f64 {
        match self {
            Self::Htk => 2595.0 * (1.0 + hz / 700.0).log10(),
            Self::Slaney if hz < 1000.0 => hz * 3.0 / 200.0,
            Self::Slaney => 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4f64.ln(),
        }
    }
}
