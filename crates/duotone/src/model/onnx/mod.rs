//! Export to ONNX: the scaler, the network and, on request, the front end as one graph.

mod front_end;
mod graph;
mod musicnn;
mod network;
mod protobuf;

use std::path::Path;

use graph::{Axis, Graph};
use protobuf::Message;

use crate::error::Error;
use crate::io::outputs::{is_onnx, refuse_other_kind};
use crate::io::write_file;
use crate::model::Model;

/// Opset 17 (ONNX 1.12, June 2022) is the first with `STFT`.
const OPSET: i64 = 17;
/// Version of the file format that was released with opset 17.
const IR_VERSION: i64 = 8;

/// Encodes a model as an ONNX file. Equal models give equal bytes.
///
/// The output is `probabilities` (segments, classes); the mean over the segments gives the decision
/// for a file. Without the front end, the input is `segments` (segments, bands, frames), log-mel
/// values as computed by the front end. With it, the input is `samples` (count), mono samples at
/// the model's sample rate, from which the graph cuts consecutive segments; there must be enough
/// samples for at least one.
///
/// # Errors
/// [`Error::Serialize`] if the metadata cannot be encoded.
pub fn onnx(model: &Model, with_front_end: bool) -> Result<Vec<u8>, Error> {
    let card = &model.card;
    let (bands, frames) = (card.architecture.bands, card.architecture.frames);
    let mut graph = Graph::default();
    let segments = if with_front_end {
        graph.input("samples", &[Axis::Free("count")]);
        front_end::add(&mut graph, &card.front_end, "samples")
    } else {
        let shape = [Axis::Free("segments"), Axis::Fixed(bands), Axis::Fixed(frames)];
        graph.input("segments", &shape);
        "segments".to_owned()
    };
    network::add(&mut graph, model, &segments);
    graph.output("probabilities", &[Axis::Free("segments"), Axis::Fixed(card.labels.len())]);

    let labels: Vec<&str> = card.labels.iter().map(|label| label.name.as_str()).collect();
    let failed = |source| Error::Serialize { what: "the metadata", source };
    let metadata = [
        ("labels", serde_json::to_string(&labels).map_err(failed)?),
        ("front_end", serde_json::to_string(&card.front_end).map_err(failed)?),
        ("recipe", card.recipe.clone()),
    ];
    let metadata = metadata.map(|(key, value)| Message::default().text(1, key).text(2, &value));
    let file = Message::default()
        .int(1, IR_VERSION)
        .text(2, "duotone")
        .text(3, env!("CARGO_PKG_VERSION"))
        .message(7, &graph.message("duotone"))
        .message(8, &Message::default().text(1, "").int(2, OPSET))
        .messages(14, &metadata);
    Ok(file.into_bytes())
}

/// Writes a model to an ONNX file; see [`onnx`].
///
/// # Errors
/// As [`onnx`]; [`Error::Io`]; [`Error::File`] if `path` is an existing file of another kind.
pub fn write_onnx(
    model: &Model,
    with_front_end: bool,
    path: impl AsRef<Path>,
) -> Result<(), Error> {
    let path = path.as_ref();
    refuse_other_kind(path, "ONNX file", is_onnx)?;
    write_file(path, &onnx(model, with_front_end)?)
}
