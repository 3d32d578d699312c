//! Export to ONNX: the scaler, the network and, on request, the front end as one graph.

mod front_end;
pub(crate) mod graph;
mod musicnn;
mod network;
pub(crate) mod protobuf;

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
/// for a file. If the model is calibrated, so are they, and the metadata has the temperatures: the
/// mean that decides on a file is that of the probabilities before calibration. Without the front end, the input is `segments` (segments, bands, frames), log-mel
/// values as computed by the front end. With it, the input is `samples` (count), mono samples at
/// the model's sample rate, from which the graph cuts consecutive segments; there must be enough
/// samples for at least one.
///
/// # Errors
/// [`Error::Serialize`] if the metadata cannot be encoded; [`Error::Model`] if the front end is to be included and
/// has other [`mel`](duotone_audio::FrontEnd::mel) options than the paper's.
pub fn onnx(model: &Model, with_front_end: bool) -> Result<Vec<u8>, Error> {
    let card = &model.card;
    let (bands, frames) = (card.architecture.bands, card.architecture.frames);
    let mut graph = Graph::default();
    let segments = if with_front_end {
        if !card.front_end.mel.is_paper() {
            let reason =
                "the options `mel` of its front end cannot be exported: leave out the front end";
            return Err(Error::Model(reason.into()));
        }
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
    let mut metadata = vec![
        ("labels", serde_json::to_string(&labels).map_err(failed)?),
        ("front_end", serde_json::to_string(&card.front_end).map_err(failed)?),
        ("recipe", card.recipe.clone()),
    ];
    if let Some(confidence) = &card.confidence {
        metadata.push(("segment_temperature", confidence.segment_temperature.to_string()));
        metadata.push(("file_temperature", confidence.file_temperature.to_string()));
    }
    let entry = |(key, value): &(&str, String)| Message::default().text(1, key).text(2, value);
    let metadata: Vec<Message> = metadata.iter().map(entry).collect();
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

#[cfg(test)]
mod tests {
    use super::onnx;
    use super::protobuf::Message;
    use crate::confidence::{CalibrationScores, Confidence, RiskCurve, TrainingRange};
    use crate::model::Standardize;
    use crate::model::tests::model;

    fn contains(file: &[u8], part: Message) -> bool {
        let part = part.into_bytes();
        file.windows(part.len()).any(|window| window == part)
    }

    fn node(operation: &str, inputs: &[&str], output: &str) -> Message {
        let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
        node.text(2, output).text(3, output).text(4, operation)
    }

    #[test]
    fn logits_are_divided_by_the_temperature_of_segments() {
        let mut model = model(Standardize::Band);
        let plain = onnx(&model, false).unwrap();
        assert!(!contains(&plain, Message::default().text(8, "temperature")));
        model.card.confidence = Some(Confidence {
            folds: 3,
            files: 6,
            groups: None,
            file_temperature: 0.5,
            segment_temperature: 1.75,
            before: CalibrationScores::default(),
            after: CalibrationScores::default(),
            risk: RiskCurve::default(),
            familiarity: None,
            range: TrainingRange { level: None, bandwidth: (1.0, 2.0), sample_rate: 8000 },
        });
        let calibrated = onnx(&model, false).unwrap();
        let constant = Message::default().text(8, "temperature");
        assert!(contains(&calibrated, constant.bytes(9, &1.75_f32.to_le_bytes())));
        assert!(contains(&calibrated, node("Softmax", &["calibrated"], "probabilities")));
        for (key, value) in [("segment_temperature", "1.75"), ("file_temperature", "0.5")] {
            assert!(contains(&calibrated, Message::default().text(1, key).text(2, value)));
        }
        // The sums of the output layer are what is divided; nothing else has that name.
        let text = String::from_utf8_lossy(&plain);
        let sums = text.match_indices("gemm_").last().unwrap().0;
        let end = text[sums..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap();
        let sums = &text[sums..sums + end];
        assert!(contains(&plain, node("Softmax", &[sums], "probabilities")));
        assert!(contains(&calibrated, node("Div", &[sums, "temperature"], "calibrated")));
    }
}
