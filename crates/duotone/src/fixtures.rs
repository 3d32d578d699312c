//! Toy clips for tests: two or more classes, each with its own tone in noise.

use duotone_audio::{Extraction, FrontEnd, SourceInfo, Spectrogram};
use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Pipeline};

use crate::features::ClipFeatures;
use crate::model::ModelSpec;

/// 6 bands × 10 frames.
pub(crate) fn recipe() -> ModelSpec {
    let pipeline = |kernel, pool| Pipeline::single(3, kernel, pool);
    ModelSpec::new(
        "toy",
        Architecture {
            bands: 6,
            frames: 10,
            negative_slope: 0.3,
            hidden_units: 8,
            dropout: 0.2,
            classes: 0,
            pipelines: vec![pipeline((2, 3), (1, 4)), pipeline((3, 2), (2, 3))],
        },
    )
}

pub(crate) fn front_end() -> FrontEnd {
    recipe().front_end(11_025)
}

/// A clip with noise seeded by `number` and the tone of class `label`.
pub(crate) fn clip(number: u64, label: usize, frames: usize) -> ClipFeatures {
    let bands = front_end().bands;
    let random = Philox::new(number, 77);
    let value = |i: usize| {
        let tone = if i / frames == label { 2.0 } else { 0.0 };
        tone - 5.0 + random.uniform(i as u64)
    };
    let data = (0..bands * frames).map(value).collect();
    let extraction = Extraction {
        spectrogram: Spectrogram::new(bands, frames, data).unwrap(),
        source: SourceInfo { sample_rate: 11_025, channels: 1, codec: "toy".into(), seconds: None },
        repeated: false,
        silent: false,
        decode_errors: None,
        warnings: Vec::new(),
        bandwidth: None,
    };
    ClipFeatures::new(extraction, format!("toy{number}"))
}
