//! Deeply nested documents are refused and do not exhaust the stack.

use std::fs;

use duotone::Model;
use duotone::model::ModelSpec;

const DEPTH: usize = 200_000;

#[test]
fn deeply_nested_toml() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.toml");
    for text in [
        format!("bands = {}", "[".repeat(DEPTH)),
        format!("bands = {}1{}", "[".repeat(DEPTH), "]".repeat(DEPTH)),
        format!("bands = {}", "{a=".repeat(DEPTH)),
        format!("{}a = 1", "a.".repeat(DEPTH)),
        format!("[{}a]\nb = 1", "a.".repeat(DEPTH)),
        format!("[[{}a]]\nb = 1", "a.".repeat(DEPTH)),
        format!("bands = {{ {}a = 1 }}", "a.".repeat(DEPTH)),
    ] {
        fs::write(&path, &text).unwrap();
        let error = ModelSpec::load(path.to_str().unwrap()).unwrap_err().to_string();
        assert!(error.contains("deep.toml"), "{}", &error[..error.len().min(300)]);
    }
}

#[test]
fn deeply_nested_json() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep.safetensors");
    let document = "[".repeat(DEPTH);
    for header in [
        document.clone(),
        format!("{{\"a\":{document}"),
        "{\"a\":".repeat(DEPTH),
        format!("{{\"__metadata__\":{{\"duotone\":\"{document}\"}}}}"),
        format!(
            "{{\"__metadata__\":{{\"duotone\":\"{{\\\"kind\\\":\\\"model\\\",\\\"format\\\":1,\
             \\\"card\\\":{document}\"}}}}"
        ),
    ] {
        let length = (header.len() as u64).to_le_bytes();
        fs::write(&path, [&length[..], header.as_bytes()].concat()).unwrap();
        let error = Model::load(&path).unwrap_err().to_string();
        assert!(error.contains("deep.safetensors"), "{}", &error[..error.len().min(300)]);
    }
}
