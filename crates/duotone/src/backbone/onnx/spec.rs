use duotone_audio::{FrontEnd, MelNorm, MelOptions, MelScale};
use serde::{Deserialize, Serialize};

use super::super::known::NAMES;
use crate::model::ModelSpec;

/// The description of a graph: where it is from, what it gets and what is taken from it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OnnxSpec {
    /// Its name: lower-case letters, digits and hyphens.
    pub name: String,
    /// Where it is from, such as an address.
    pub source: String,
    /// Name of its licence: `MIT`.
    pub licence: String,
    /// Text of the licence, with its copyright notice.
    pub licence_text: String,
    /// The graph's input.
    pub input: GraphInput,
    /// Name of the value that is the embedding of a segment: one of the graph's outputs, or what a node inside
    /// computes.
    pub output: String,
    /// The front end that computes the input.
    pub front_end: SpecFrontEnd,
    /// What happens to the bands of the front end.
    #[serde(default)]
    pub scaling: LogScaling,
}

/// The input of a graph.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GraphInput {
    /// Its name.
    pub name: String,
    /// Its axes: `"bands"` and `"frames"` once each, and 1 for all others, such as batch and channel.
    pub shape: Vec<Axis>,
}

/// An axis of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Axis {
    /// Of this length, which must be 1.
    One(u8),
    /// The bands or the frames.
    Named(AxisName),
}

/// The name of an axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AxisName {
    /// Along frequency.
    Bands,
    /// Along time.
    Frames,
}

/// The front end of a graph, by the names that librosa uses.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SpecFrontEnd {
    /// In hertz.
    pub sample_rate: u32,
    /// Samples per frame.
    pub n_fft: usize,
    /// Samples under the window; as many as in a frame by default.
    #[serde(default)]
    pub win_length: Option<usize>,
    /// Samples from one frame to the next.
    pub hop_length: usize,
    /// Number of mel bands.
    pub n_mels: usize,
    /// Frames per segment.
    pub frames: usize,
    /// Whether frames are centred.
    #[serde(default)]
    pub center: bool,
    /// What centred frames contain beyond the ends of a recording.
    #[serde(default)]
    pub pad_mode: PadMode,
    /// The mel scale.
    #[serde(default)]
    pub mel_scale: MelScale,
    /// The scaling of the bands.
    #[serde(default)]
    pub norm: MelNorm,
    /// Lowest frequency in hertz.
    #[serde(default)]
    pub fmin: u32,
    /// Highest frequency in hertz; half the sample rate by default.
    #[serde(default)]
    pub fmax: Option<u32>,
    /// 2 for powers, 1 for magnitudes.
    #[serde(default = "default_power")]
    pub power: u8,
}

fn default_power() -> u8 {
    2
}

/// What is beyond the ends of a recording.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PadMode {
    /// Zeros.
    #[default]
    Constant,
    /// Its mirror image.
    Reflect,
}

/// `multiply · log(factor · x + offset) + add` of each power or magnitude x, which is at least 1e-10.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct LogScaling {
    /// The base of the logarithm.
    pub logarithm: Logarithm,
    /// What x is multiplied by.
    pub factor: f32,
    /// What is added before the logarithm is taken.
    pub offset: f32,
    /// What the logarithm is multiplied by.
    pub multiply: f32,
    /// What is added at last.
    pub add: f32,
}

/// The base of a logarithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Logarithm {
    /// The natural logarithm.
    #[serde(rename = "e")]
    Natural,
    /// To base 10.
    #[serde(rename = "10")]
    Ten,
}

impl Default for LogScaling {
    fn default() -> Self {
        Self { logarithm: Logarithm::Ten, factor: 1.0, offset: 0.0, multiply: 1.0, add: 0.0 }
    }
}

impl LogScaling {
    /// Scales log₁₀ values in place.
    pub(super) fn apply(&self, values: &mut [f32]) {
        let unit = match self.logarithm {
            Logarithm::Natural => 1.0,
            Logarithm::Ten => std::f32::consts::LOG10_E,
        };
        let factor = self.factor;
        for value in values {
            let ln = if self.offset == 0.0 {
                *value * std::f32::consts::LN_10 + factor.ln()
            } else if self.offset == 1.0 {
                // Small values would be lost in a sum with 1.
                (factor * 10f32.powf(*value)).ln_1p()
            } else {
                (factor * 10f32.powf(*value) + self.offset).ln()
            };
            *value = self.multiply * (unit * ln) + self.add;
        }
    }
}

/// Returns whether a backbone may have this name, which is part of the name of its file.
#[must_use]
pub fn is_name(name: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let taken = NAMES.contains(&name) || ModelSpec::PRESETS.contains(&name);
    (1..=40).contains(&name.len()) && name.chars().all(allowed) && !name.starts_with('-') && !taken
}

impl OnnxSpec {
    /// Reads a description.
    ///
    /// # Errors
    /// With the line if it is not TOML; otherwise with the name of the field that is wrong.
    pub fn from_toml(text: &str) -> Result<Self, String> {
        let spec: Self = toml::from_str(text).map_err(|e| e.to_string())?;
        spec.check()?;
        Ok(spec)
    }

    /// Checks all fields.
    pub(super) fn check(&self) -> Result<(), String> {
        if !is_name(&self.name) {
            return Err(format!(
                "name: {:?} must be up to 40 lower-case letters, digits and hyphens, and none of {}",
                self.name,
                [&NAMES[..], &ModelSpec::PRESETS].concat().join(", ")
            ));
        }
        for (field, text) in [
            ("source", &self.source),
            ("licence", &self.licence),
            ("licence_text", &self.licence_text),
            ("input.name", &self.input.name),
            ("output", &self.output),
        ] {
            if text.trim().is_empty() || text.len() > 1 << 20 {
                return Err(format!("{field}: it is empty, or longer than a megabyte"));
            }
        }
        self.check_shape()?;
        let LogScaling { factor, offset, multiply, add, .. } = self.scaling;
        let finite = [factor, offset, multiply, add].iter().all(|x| x.is_finite());
        if !finite || factor <= 0.0 || offset < 0.0 {
            return Err(
                "scaling: `factor` must be above 0, `offset` at least 0, and all finite".into()
            );
        }
        if ![1, 2].contains(&self.front_end.power) {
            return Err(format!("front_end.power: {} is neither 1 nor 2", self.front_end.power));
        }
        self.front_end().validate().map_err(|e| format!("front_end: {e}"))
    }

    fn check_shape(&self) -> Result<(), String> {
        let count = |wanted| self.input.shape.iter().filter(|&&axis| axis == wanted).count();
        let (bands, frames) = (Axis::Named(AxisName::Bands), Axis::Named(AxisName::Frames));
        let known = count(bands) + count(frames) + count(Axis::One(1));
        if self.input.shape.len() > 8
            || known != self.input.shape.len()
            || (count(bands), count(frames)) != (1, 1)
        {
            return Err(
                "input.shape: \"bands\" and \"frames\" once each, and 1 for other axes".into()
            );
        }
        Ok(())
    }

    /// The front end, whose values are log₁₀ of powers or magnitudes.
    #[must_use]
    pub fn front_end(&self) -> FrontEnd {
        let given = &self.front_end;
        FrontEnd {
            sample_rate: given.sample_rate,
            window: given.n_fft,
            hop: given.hop_length,
            bands: given.n_mels,
            segment_frames: given.frames,
            centered: given.center,
            mel: MelOptions {
                scale: given.mel_scale,
                norm: given.norm,
                fmin: given.fmin,
                fmax: given.fmax,
                magnitude: given.power == 1,
                window_length: given.win_length,
                reflect: given.pad_mode == PadMode::Reflect,
            },
        }
    }

    /// The lengths of the input's axes.
    pub(super) fn input_shape(&self) -> Vec<usize> {
        let length = |axis: &Axis| match axis {
            Axis::One(_) => 1,
            Axis::Named(AxisName::Bands) => self.front_end.n_mels,
            Axis::Named(AxisName::Frames) => self.front_end.frames,
        };
        self.input.shape.iter().map(length).collect()
    }

    /// Whether frames come before bands in the input.
    pub(super) fn frames_first(&self) -> bool {
        let named = self.input.shape.iter().find(|axis| matches!(axis, Axis::Named(_)));
        named == Some(&Axis::Named(AxisName::Frames))
    }
}
