//! What a graph must not contain, found before it is run.

use super::super::protobuf::{Value, next_field};
use super::super::reader::Reader;

/// Nodes of a graph at most.
const MAX_NODES: usize = 100_000;

/// Refuses graphs that may never end: those with loops or branches.
///
/// # Errors
/// If the file is not an ONNX file, has too many nodes, or nodes with graphs of their own; the message says which.
pub(crate) fn check(file: &[u8]) -> Result<(), String> {
    let mut nodes = 0;
    let mut file = Reader(file);
    while let Some(field) = next_field(&mut file)? {
        // `ModelProto.graph`
        let (7, Value::Bytes(graph)) = field else { continue };
        let mut graph = Reader(graph);
        while let Some(field) = next_field(&mut graph)? {
            // `GraphProto.node`
            let (1, Value::Bytes(node)) = field else { continue };
            nodes += 1;
            if nodes > MAX_NODES {
                return Err(format!("it has more than {MAX_NODES} nodes"));
            }
            check_node(node)?;
        }
    }
    if nodes == 0 { Err("it has no nodes, so it is not an ONNX file".into()) } else { Ok(()) }
}

fn check_node(node: &[u8]) -> Result<(), String> {
    let mut node = Reader(node);
    while let Some(field) = next_field(&mut node)? {
        // `NodeProto.op_type`
        let (4, Value::Bytes(kind)) = field else { continue };
        if [&b"Loop"[..], b"If", b"Scan", b"SequenceMap"].contains(&kind) {
            let kind = String::from_utf8_lossy(kind);
            return Err(format!("it has a node of type {kind}: loops and branches are refused"));
        }
    }
    Ok(())
}
