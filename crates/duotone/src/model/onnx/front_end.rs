//! The front end and the cutting into consecutive segments as ONNX nodes.

use std::f64::consts::{LN_10, TAU};

use duotone_audio::FrontEnd;

use super::graph::{Attribute, DOUBLE, FLOAT, Graph};

/// Mel power is raised to at least this before the logarithm.
const MIN_POWER: f32 = 1e-10;

/// Adds the nodes from samples (count,) at the front end's rate to segments (n, bands, frames), and
/// returns the name of the segments.
pub(super) fn add(graph: &mut Graph, front_end: &FrontEnd, samples: &str) -> String {
    let log_mel = log_mel(graph, front_end, samples);
    let indices = frame_indices(graph, front_end, &log_mel);
    let frames = graph.node("Gather", &[&log_mel, &indices], &[("axis", Attribute::Int(0))]);
    graph.node("Transpose", &[&frames], &[("perm", Attribute::Ints(vec![0, 2, 1]))])
}

/// The log-mel spectrogram (frames, bands).
fn log_mel(graph: &mut Graph, front_end: &FrontEnd, samples: &str) -> String {
    let FrontEnd { window, hop, bands, centered, .. } = *front_end;
    // In double precision: the window length is not a power of two, and for such lengths the
    // single-precision transforms of ONNX runtimes are not accurate enough to reproduce decisions.
    let mut signal = graph.node("Cast", &[samples], &[("to", Attribute::Int(DOUBLE))]);
    if centered {
        let half = (window / 2) as i64;
        let pads = graph.ints("padding", &[2], &[half, half]);
        signal = graph.node("Pad", &[&signal, &pads], &[]);
    }
    let axes = graph.ints("batch_and_channel", &[2], &[0, 2]);
    let signal = graph.node("Unsqueeze", &[&signal, &axes], &[]);
    let step = graph.ints("hop", &[], &[hop as i64]);
    let length = graph.ints("window_length", &[], &[window as i64]);
    let hann = |i: usize| 0.5 - 0.5 * (TAU * i as f64 / window as f64).cos();
    let hann: Vec<f64> = (0..window).map(hann).collect();
    let hann = graph.doubles("window", &[window], &hann);
    let spectrum =
        graph.node("STFT", &[&signal, &step, &hann, &length], &[("onesided", Attribute::Int(1))]);
    let squares = graph.node("Mul", &[&spectrum, &spectrum], &[]);
    let parts = graph.ints("real_and_imaginary", &[1], &[3]);
    let power = graph.node("ReduceSum", &[&squares, &parts], &[("keepdims", Attribute::Int(0))]);
    let power = graph.node("Cast", &[&power], &[("to", Attribute::Int(FLOAT))]);
    let filters = front_end.mel_filters();
    let bins = window / 2 + 1;
    // (bins, bands), as the second operand of MatMul.
    let by_bin: Vec<f32> =
        (0..bins).flat_map(|bin| filters.iter().map(move |filter| filter[bin])).collect();
    let filters = graph.floats("mel_filters", &[bins, bands], &by_bin);
    let mel = graph.node("MatMul", &[&power, &filters], &[]);
    let least = graph.floats("least_power", &[], &[MIN_POWER]);
    let mel = graph.node("Max", &[&mel, &least], &[]);
    let log = graph.node("Log", &[&mel], &[]);
    let base = graph.floats("decades", &[], &[(1.0 / LN_10) as f32]);
    let log = graph.node("Mul", &[&log, &base], &[]);
    let batch = graph.ints("batch_axis", &[1], &[0]);
    graph.node("Squeeze", &[&log, &batch], &[])
}

/// The frame indices of each consecutive segment (n, frames of a segment).
fn frame_indices(graph: &mut Graph, front_end: &FrontEnd, log_mel: &str) -> String {
    let frames = front_end.segment_frames as i64;
    let first = Attribute::Int(0);
    let count = graph.node("Shape", &[log_mel], &[("start", first), ("end", Attribute::Int(1))]);
    let count = graph.node("Squeeze", &[&count], &[]);
    let segment = graph.ints("segment_frames", &[], &[frames]);
    let hops = graph.ints("segment_hops", &[], &[front_end.segment_hops() as i64]);
    let (zero, one) = (graph.ints("zero", &[], &[0]), graph.ints("one", &[], &[1]));
    let last = graph.node("Sub", &[&count, &segment], &[]);
    let further = graph.node("Div", &[&last, &hops], &[]);
    let segments = graph.node("Add", &[&further, &one], &[]);
    let numbers = graph.node("Range", &[&zero, &segments, &one], &[]);
    let starts = graph.node("Mul", &[&numbers, &hops], &[]);
    let axis = graph.ints("frame_axis", &[1], &[1]);
    let starts = graph.node("Unsqueeze", &[&starts, &axis], &[]);
    let within: Vec<i64> = (0..frames).collect();
    let within = graph.ints("frames", &[1, front_end.segment_frames], &within);
    graph.node("Add", &[&starts, &within], &[])
}
