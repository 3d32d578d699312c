//! The scaler and the network as ONNX nodes.

use duotone_nn::Pipeline;

use super::graph::{Attribute, Graph};
use crate::model::{Model, Standardize};

/// Adds the nodes from segments (n, bands, frames) to `probabilities` (n, classes).
pub(super) fn add(graph: &mut Graph, model: &Model, segments: &str) {
    let scaled = scale(graph, model, segments);
    let axis = graph.ints("channel_axis", &[1], &[1]);
    let image = graph.node("Unsqueeze", &[&scaled, &axis], &[]);
    let pipelines = model.card.architecture.pipelines.iter().enumerate();
    let maps: Vec<String> = pipelines.map(|(i, p)| pipeline(graph, model, i, p, &image)).collect();
    let maps: Vec<&str> = maps.iter().map(String::as_str).collect();
    let maps = graph.node("Concat", &maps, &[("axis", Attribute::Int(1))]);
    let sums = dense(graph, model, "dense", &maps);
    // No dropout: it is used only in training.
    let units = graph.node("Sigmoid", &[&sums], &[]);
    let logits = dense(graph, model, "output", &units);
    graph.named_node("probabilities", "Softmax", &[&logits], &[("axis", Attribute::Int(1))]);
}

fn scale(graph: &mut Graph, model: &Model, segments: &str) -> String {
    let (bands, frames) = (model.card.architecture.bands, model.card.architecture.frames);
    let shape: &[usize] = match model.scaler.kind {
        Standardize::None => return segments.to_owned(),
        Standardize::Global => &[1, 1],
        Standardize::Band => &[bands, 1],
        Standardize::Pixel => &[bands, frames],
    };
    let mean = graph.floats("scaler.mean", shape, &model.scaler.mean);
    let deviation = graph.floats("scaler.deviation", shape, &model.scaler.deviation);
    let centred = graph.node("Sub", &[segments, &mean], &[]);
    graph.node("Div", &[&centred, &deviation], &[])
}

fn pipeline(
    graph: &mut Graph,
    model: &Model,
    number: usize,
    pipeline: &Pipeline,
    image: &str,
) -> String {
    let Pipeline { filters, kernel, pool } = *pipeline;
    let pair = |(bands, frames)| Attribute::Ints(vec![bands as i64, frames as i64]);
    let name = format!("pipeline{number}.weight");
    let weight = graph.floats(&name, &[filters, 1, kernel.0, kernel.1], model.weights.get(&name));
    let name = format!("pipeline{number}.bias");
    let bias = graph.floats(&name, &[filters], model.weights.get(&name));
    let maps = graph.node("Conv", &[image, &weight, &bias], &[("kernel_shape", pair(kernel))]);
    let slope = Attribute::Float(model.card.architecture.negative_slope);
    let maps = graph.node("LeakyRelu", &[&maps], &[("alpha", slope)]);
    let pool = [("kernel_shape", pair(pool)), ("strides", pair(pool))];
    let maps = graph.node("MaxPool", &[&maps], &pool);
    graph.node("Flatten", &[&maps], &[("axis", Attribute::Int(1))])
}

fn dense(graph: &mut Graph, model: &Model, layer: &str, input: &str) -> String {
    let mut tensor = |what: &str| {
        let name = format!("{layer}.{what}");
        let shape = model.weights.0.get(&name).map_or(&[][..], |tensor| &tensor.shape);
        graph.floats(&name, shape, model.weights.get(&name))
    };
    let (weight, bias) = (tensor("weight"), tensor("bias"));
    graph.node("Gemm", &[input, &weight, &bias], &[("transB", Attribute::Int(1))])
}
