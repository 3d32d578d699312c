//! Every shader is valid WGSL for networks of many shapes. Needs no device.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use duotone_gpu::{Plan, shaders};
use duotone_nn::{Architecture, Pipeline};
use naga::front::wgsl;
use naga::valid::{Capabilities, ValidationFlags, Validator};

#[track_caller]
fn valid(architecture: &Architecture, batch: usize, cells: usize) {
    for shader in shaders(&Plan::new(architecture, batch).unwrap(), cells) {
        let module = wgsl::parse_str(&shader.source)
            .unwrap_or_else(|e| panic!("{}: {}", shader.name, e.emit_to_string(&shader.source)));
        let info = Validator::new(ValidationFlags::all(), Capabilities::empty()).validate(&module);
        if let Err(e) = info {
            panic!("{}: {}", shader.name, e.emit_to_string(&shader.source));
        }
        assert!(module.entry_points.iter().any(|e| e.name == "main"), "{}", shader.name);
    }
}

#[test]
fn shaders_of_presets_are_valid() {
    for name in Architecture::PRESETS {
        let architecture = Architecture::preset(name, 10).unwrap();
        for (batch, cells) in [(40, architecture.bands), (1, 1)] {
            valid(&architecture, batch, cells);
        }
    }
}

#[test]
fn shaders_of_extreme_networks_are_valid() {
    let pipeline = Pipeline::single;
    let mut a = Architecture::preset("model1", 2).unwrap();
    (a.bands, a.frames, a.hidden_units) = (1, 1, 1);
    (a.negative_slope, a.dropout) = (0.0, 0.0);
    a.pipelines = vec![pipeline(1, (1, 1), (1, 1))];
    valid(&a, 1, 1);
    (a.bands, a.frames, a.hidden_units, a.classes) = (128, 1024, 512, 5000);
    (a.negative_slope, a.dropout) = (1e-12, 0.999);
    a.pipelines = vec![
        pipeline(500, (128, 1024), (1, 1)),
        pipeline(65, (3, 3), (126, 1022)),
        pipeline(7, (1, 1), (2, 2)),
    ];
    valid(&a, 8192, 128 * 1024);
}
