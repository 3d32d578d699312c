//! The stored file: the ONNX file as it was added, with the description appended to its metadata.
//!
//! Protocol buffers allow this: a field that follows a message is part of it, so the file is still the same graph
//! for every program that reads ONNX.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::super::protobuf::{Value, next_field};
use super::super::reader::Reader;
use super::{OnnxBackbone, OnnxSpec};
use crate::error::Error;
use crate::model::onnx::protobuf::Message;

/// The metadata key of the description.
const KEY: &str = "duotone";
/// `ModelProto.metadata_props`
const METADATA: u64 = 14;

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    spec: OnnxSpec,
    /// Of the graph and the spec.
    digest: String,
}

/// The digest of an ONNX file: `sha256:` and 64 hexadecimal digits.
pub(super) fn digest(graph: &[u8]) -> String {
    let mut digest = String::from("sha256:");
    for byte in Sha256::digest(graph) {
        digest += &format!("{byte:02x}");
    }
    digest
}

/// The digest of a graph and its description.
fn digest_of_both(graph: &[u8], spec: &OnnxSpec) -> Result<String, serde_json::Error> {
    Ok(digest(&[graph, serde_json::to_string(spec)?.as_bytes()].concat()))
}

/// Appends the description to the graph.
pub(super) fn join(backbone: &OnnxBackbone) -> Result<Vec<u8>, Error> {
    let failed = |source| Error::Serialize { what: "the description", source };
    let digest = digest_of_both(&backbone.graph, &backbone.spec).map_err(failed)?;
    let document = Document { spec: backbone.spec.clone(), digest };
    let text = serde_json::to_string(&document).map_err(failed)?;
    let entry = Message::default().text(1, KEY).text(2, &text);
    let appended = Message::default().message(METADATA, &entry).into_bytes();
    Ok([&backbone.graph[..], &appended].concat())
}

/// Divides a file into the graph and the description, and checks both.
///
/// # Errors
/// If the description is missing or invalid, or the graph is not the one that was described.
pub(crate) fn split(file: &[u8]) -> Result<OnnxBackbone, String> {
    let damaged = |how: String| format!("not a duotone backbone, or damaged: {how}");
    let mut last = None;
    let mut reader = Reader(file);
    loop {
        let start = file.len() - reader.0.len();
        match next_field(&mut reader).map_err(damaged)? {
            Some((METADATA, Value::Bytes(entry))) => last = Some((start, entry)),
            Some(_) => last = None,
            None => break,
        }
    }
    let missing = || damaged("it does not end with a description".into());
    let (end, entry) = last.ok_or_else(missing)?;
    let text = value_of(entry).map_err(damaged)?.ok_or_else(missing)?;
    let document: Document = serde_json::from_slice(text).map_err(|e| damaged(e.to_string()))?;
    let graph = &file[..end];
    // A fuzzer cannot guess a digest, and what follows must not rely on it.
    let digest = digest_of_both(graph, &document.spec).map_err(|e| damaged(e.to_string()))?;
    if !cfg!(fuzzing) && document.digest != digest {
        return Err(damaged("the graph or its description does not match their digest".into()));
    }
    document.spec.check().map_err(damaged)?;
    Ok(OnnxBackbone { spec: document.spec, graph: graph.to_vec() })
}

/// The value of an entry if it has duotone's key.
fn value_of(entry: &[u8]) -> Result<Option<&[u8]>, String> {
    let (mut key, mut value) = (None, None);
    let mut entry = Reader(entry);
    while let Some(field) = next_field(&mut entry)? {
        match field {
            (1, Value::Bytes(bytes)) => key = Some(bytes),
            (2, Value::Bytes(bytes)) => value = Some(bytes),
            _ => {}
        }
    }
    Ok(value.filter(|_| key == Some(KEY.as_bytes())))
}
