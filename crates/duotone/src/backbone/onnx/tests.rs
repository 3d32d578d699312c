use std::fs;
use std::path::Path;

use super::{Graph, LogScaling, Logarithm, OnnxBackbone, OnnxSpec, add_onnx, file};
use crate::backbone::{list, remove};
use crate::model::onnx::graph::{Attribute, Axis, Graph as Writer};
use crate::model::onnx::protobuf::Message;

pub(crate) const SPEC: &str = r#"
name = "tiny"
source = "made by a test"
licence = "CC0-1.0"
licence_text = "No rights reserved."
output = "embedding"

[input]
name = "x"
shape = [1, "frames", "bands"]

[front_end]
sample_rate = 8000
n_fft = 256
hop_length = 128
n_mels = 8
frames = 10
center = true
pad_mode = "reflect"
mel_scale = "htk"
power = 1

[scaling]
logarithm = "e"
offset = 0.01
"#;

/// A graph whose output is twice the mean over the frames of each band, or something else that one node computes.
pub(crate) fn graph(last: &str) -> Vec<u8> {
    let mut graph = Writer::default();
    graph.input("x", &[Axis::Free("batch"), Axis::Fixed(10), Axis::Fixed(8)]);
    let two = graph.floats("two", &[1], &[2.0]);
    let doubled = graph.node("Mul", &["x", &two], &[]);
    let axes = [("axes", Attribute::Ints(vec![1])), ("keepdims", Attribute::Int(0))];
    let attributes = if last == "ReduceMean" { &axes[..] } else { &[] };
    graph.named_node("embedding", last, &[&doubled], attributes);
    graph.output("embedding", &[Axis::Free("batch"), Axis::Fixed(8)]);
    let opset = Message::default().text(1, "").int(2, 17);
    let file = Message::default().int(1, 8).text(2, "test").message(7, &graph.message("tiny"));
    file.message(8, &opset).into_bytes()
}

fn backbone(spec: &str, graph: Vec<u8>) -> OnnxBackbone {
    OnnxBackbone { spec: OnnxSpec::from_toml(spec).unwrap(), graph }
}

#[test]
fn computes_what_the_graph_says() {
    let graph = Graph::new(&backbone(SPEC, graph("ReduceMean"))).unwrap();
    assert_eq!(graph.width(), 8);
    // Log₁₀ of band + frame + 1, (band, frame), twice.
    let x = |band: usize, frame: usize| (band + frame + 1) as f32;
    let segment: Vec<f32> =
        (0..8).flat_map(|band| (0..10).map(move |frame| x(band, frame).log10())).collect();
    let rows = graph.rows(&[&segment[..], &segment].concat()).unwrap();
    let (first, second) = rows.split_at(8);
    assert_eq!(first, second);
    for (band, value) in first.iter().enumerate() {
        let sum: f32 = (0..10).map(|frame| (x(band, frame) + 0.01).ln()).sum();
        assert!((value - 2.0 * sum / 10.0).abs() < 1e-5, "{value}");
    }
}

#[test]
fn the_example_is_valid() {
    let example = include_str!("../../../../../examples/backbone.toml");
    let spec = OnnxSpec::from_toml(example).unwrap();
    assert_eq!(spec.scaling.offset, 0.01);
    assert_eq!(spec.front_end().segment_samples(), 95 * 160);
}

#[test]
fn the_output_may_be_inside_the_graph() {
    let spec = SPEC.replace("output = \"embedding\"", "output = \"mul_0\"");
    let graph = Graph::new(&backbone(&spec, graph("ReduceMean"))).unwrap();
    assert_eq!(graph.width(), 80);
}

#[test]
fn the_scaling_is_its_formula() {
    let powers = [1e-10f32, 1e-6, 0.01, 1.0, 300.0];
    for (logarithm, factor, offset) in [
        (Logarithm::Ten, 1.0, 0.0),
        (Logarithm::Natural, 1.0, 0.0),
        (Logarithm::Natural, 1.0, 0.01),
        (Logarithm::Natural, 3.0, 1e-6),
        (Logarithm::Ten, 10_000.0, 1.0),
    ] {
        let scaling = LogScaling { logarithm, factor, offset, multiply: 10.0, add: -3.0 };
        let mut values = powers.map(f32::log10);
        scaling.apply(&mut values);
        for (power, value) in powers.into_iter().zip(values) {
            let inside = f64::from(factor) * f64::from(power) + f64::from(offset);
            let log = if logarithm == Logarithm::Ten { inside.log10() } else { inside.ln() };
            let error = (f64::from(value) - (10.0 * log - 3.0)).abs();
            assert!(error < 1e-4, "{scaling:?} of {power}: off by {error}");
        }
    }
}

fn written(folder: &Path, spec: &str, graph: &[u8]) -> (std::path::PathBuf, std::path::PathBuf) {
    let paths = (folder.join("g.onnx"), folder.join("s.toml"));
    fs::write(&paths.0, graph).unwrap();
    fs::write(&paths.1, spec).unwrap();
    paths
}

#[test]
fn files_keep_everything_and_are_listed_and_removed() {
    let root = tempfile::tempdir().unwrap();
    let folder = root.path().join("own");
    let bytes = graph("ReduceMean");
    let (onnx, spec) = written(root.path(), SPEC, &bytes);
    let stored = add_onnx(&onnx, &spec, &folder).unwrap();
    assert_eq!((&stored.name[..], &stored.licence[..]), ("tiny", "CC0-1.0"));
    assert_eq!(list(&folder).unwrap(), (vec![stored.clone()], vec![]));
    let loaded = OnnxBackbone::load_from(&stored.path).unwrap();
    assert_eq!(loaded, backbone(SPEC, bytes));
    // The stored file is an ONNX file itself.
    let mut again = loaded.clone();
    again.graph = fs::read(&stored.path).unwrap();
    assert_eq!(Graph::new(&again).unwrap().width(), 8);
    let whole = fs::read(&stored.path).unwrap();
    for at in 0..whole.len() {
        let mut changed = whole.clone();
        changed[at] ^= 1;
        assert!(file::split(&changed).is_err() && file::split(&whole[..at]).is_err(), "{at}");
    }
    fs::write(&stored.path, &whole[..whole.len() - 1]).unwrap();
    let (_, skipped) = list(&folder).unwrap();
    assert!(skipped[0].error.contains("add it again"), "{skipped:?}");
    assert_eq!(remove("tiny", &folder).unwrap(), stored.path);
    assert!(
        remove("tiny", &folder).unwrap_err().to_string().contains("no backbone is called \"tiny\"")
    );
}

#[test]
fn wrong_descriptions_are_refused_with_the_field() {
    for (from, to, expected) in [
        ("name = \"tiny\"", "name = \"../x\"", "name: \"../x\" must be"),
        ("name = \"tiny\"", "name = \"musicnn\"", "none of musicnn-msd"),
        ("licence_text = \"No rights reserved.\"", "licence_text = \"\"", "licence_text: "),
        ("[1, \"frames\", \"bands\"]", "[1, \"frames\"]", "input.shape: "),
        ("[1, \"frames\", \"bands\"]", "[2, \"frames\", \"bands\"]", "input.shape: "),
        ("power = 1", "power = 3", "front_end.power: 3"),
        ("n_mels = 8", "n_mels = 800", "use fewer bands"),
        ("offset = 0.01", "offset = -1", "scaling: "),
        ("offset = 0.01", "offset = nan", "scaling: "),
        ("mel_scale = \"htk\"", "mel_scale = \"bark\"", "bark"),
        ("frames = 10", "frame = 10", "unknown field `frame`"),
    ] {
        assert!(SPEC.contains(from), "{from}");
        let message = OnnxSpec::from_toml(&SPEC.replace(from, to)).unwrap_err();
        assert!(message.contains(expected), "{message}");
    }
}

#[test]
fn wrong_graphs_are_refused_before_anything_is_stored() {
    let root = tempfile::tempdir().unwrap();
    let good = graph("ReduceMean");
    for (spec, bytes, expected) in [
        (SPEC, b"RIFF".to_vec(), "cannot be used"),
        (SPEC, good[..good.len() / 2].to_vec(), "cannot be used"),
        (SPEC, graph("Loop"), "loops and branches are refused"),
        (SPEC, graph("NoSuchNode"), "cannot be used"),
        (SPEC, graph("Shape"), "not a tensor of 32-bit floats"),
        (&SPEC.replace("name = \"x\"", "name = \"y\""), good.clone(), "no input called \"y\""),
        (&SPEC.replace("\"embedding\"", "\"logits\""), good.clone(), "no output called \"logits\""),
        (&SPEC.replace("n_mels = 8", "n_mels = 7"), good.clone(), "cannot be used"),
    ] {
        let (onnx, spec) = written(root.path(), spec, &bytes);
        let error = add_onnx(&onnx, &spec, &root.path().join("own")).unwrap_err().to_string();
        assert!(error.contains(expected) && error.contains("g.onnx"), "{error}");
    }
    assert!(!root.path().join("own").exists());
}
