//! `duotone export`.

use std::fs;

use tempfile::tempdir;

use crate::run::{TINY, duotone, names};
use crate::sound::{collection, tiny};

#[test]
fn writes_complete_onnx_files_or_none() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 4);
    tiny(dir);
    let train = ["train", "music", "--output", "m.safetensors"];
    duotone(dir, train.iter().chain(&TINY)).ends_with(0);
    duotone(dir, ["export", "m.safetensors", "--onnx", "m.onnx"]).ends_with(0);
    let plain = fs::read(dir.join("m.onnx")).unwrap();
    let args = ["export", "m.safetensors", "--onnx", "whole.onnx", "--with-front-end"];
    duotone(dir, args).ends_with(0);
    let whole = fs::read(dir.join("whole.onnx")).unwrap();
    let contains =
        |bytes: &[u8], word: &str| bytes.windows(word.len()).any(|w| w == word.as_bytes());
    assert!(
        contains(&plain, "segments")
            && !contains(&plain, "STFT")
            && contains(&plain, r#"["high","low"]"#)
    );
    assert!(contains(&whole, "samples") && contains(&whole, "STFT"));

    duotone(dir, ["export", "m.safetensors", "--onnx", "no/m.onnx"]).ends_with(1).says(&["m.onnx"]);
    duotone(dir, ["export", "tiny.toml", "--onnx", "x.onnx"]).ends_with(1).says(&["tiny.toml"]);
    duotone(dir, ["export", "m.safetensors"]).ends_with(2).says(&["--onnx"]);
    assert_eq!(names(dir), ["m.onnx", "m.safetensors", "music", "tiny.toml", "whole.onnx"]);
}
