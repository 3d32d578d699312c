//! Backbones as ONNX graphs, in builds with the feature `onnx`.

use std::fs;

use serde_json::Value;
use tempfile::tempdir;

use crate::backbone::backbone;
use crate::run::{command, finish};
use crate::sound::collection;

const SPEC: &str = r#"
name = "mean"
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
frames = 20
"#;

/// A field of a protocol buffer that is a number below 128, or bytes shorter than that.
fn number(field: u8, value: u8) -> Vec<u8> {
    vec![field << 3, value]
}

fn bytes(field: u8, content: &[u8]) -> Vec<u8> {
    [&[field << 3 | 2, content.len() as u8], content].concat()
}

/// An ONNX file whose only node is the mean over axis 1, the frames.
fn graph() -> Vec<u8> {
    // An attribute's type is field 20, which takes two bytes.
    let attribute = |name: &[u8], value: &[u8], kind| {
        bytes(5, &[&bytes(1, name), value, &[0xa0, 1, kind]].concat())
    };
    let node = [
        bytes(1, b"x"),
        bytes(2, b"embedding"),
        bytes(4, b"ReduceMean"),
        attribute(b"axes", &number(8, 1), 7),
        attribute(b"keepdims", &number(3, 0), 2),
    ];
    let value = |name: &[u8]| {
        let tensor = bytes(2, &bytes(1, &number(1, 1)));
        [bytes(1, name), tensor].concat()
    };
    let graph = [
        bytes(1, &node.concat()),
        bytes(2, b"mean"),
        bytes(11, &value(b"x")),
        bytes(12, &value(b"embedding")),
    ];
    let opset = [bytes(1, b""), number(2, 17)].concat();
    [number(1, 8), bytes(7, &graph.concat()), bytes(8, &opset)].concat()
}

/// From a graph and its description to embeddings.
#[test]
fn graphs_are_added_and_used() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 2);
    fs::write(dir.join("g.onnx"), graph()).unwrap();
    fs::write(dir.join("s.toml"), SPEC).unwrap();
    backbone(dir, &["add", "g.onnx"]).ends_with(2).says(&["--spec SPEC.toml"]);
    let added = backbone(dir, &["add", "g.onnx", "--spec", "s.toml"]).ends_with(0);
    added.says(&["mean written to ", "own/mean.onnx"]);
    let listed = backbone(dir, &["list"]).ends_with(0).stdout;
    assert!(listed.contains("CC0-1.0") && listed.contains("made by a test"), "{listed}");

    let embed = |network: &str, more: &[&str]| {
        let mut command = command();
        command.current_dir(dir).env("DUOTONE_BACKBONES", dir.join("own"));
        finish(command.args(["embed", network, "music", "-o", "e.jsonl"]).args(more))
    };
    embed("mean", &[]).ends_with(0).says(&["4 files embedded"]);
    let text = fs::read_to_string(dir.join("e.jsonl")).unwrap();
    for line in text.lines() {
        let line: Value = serde_json::from_str(line).unwrap();
        let values = line["embedding"].as_array().unwrap();
        assert_eq!(values.len(), 8);
        // Means of log10 of powers.
        assert!(values.iter().all(|x| (-10.0..6.0).contains(&x.as_f64().unwrap())), "{line}");
    }
    embed("mean", &["--tags"]).ends_with(1).says(&["a graph has no tags"]);
    backbone(dir, &["remove", "mean"]).ends_with(0).says(&["mean.onnx removed"]);
    embed("mean", &[]).ends_with(1).says(&["neither a model nor a backbone"]);
    backbone(dir, &["remove", "../x"]).ends_with(2).says(&["the name of an ONNX graph"]);
}
