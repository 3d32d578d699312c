//! The scaler and the network as ONNX nodes.

use duotone_nn::{BATCH_NORM_EPSILON, Block, Padding, Pipeline, Summary};

use super::graph::{Attribute, Graph};
use super::musicnn;
use crate::model::conditioning::MIN_POWER;
use crate::model::{Conditioning, Model, Standardize};

/// Adds the nodes from segments (n, bands, frames) to `probabilities` (n, classes).
pub(super) fn add(graph: &mut Graph, model: &Model, segments: &str) {
    let conditioned = condition(graph, model, segments);
    let scaled = scale(graph, model, &conditioned);
    let axis = graph.ints("channel_axis", &[1], &[1]);
    let image = graph.node("Unsqueeze", &[&scaled, &axis], &[]);
    let pipelines = model.card.architecture.pipelines.iter().enumerate();
    let maps: Vec<String> = pipelines.map(|(i, p)| pipeline(graph, model, i, p, &image)).collect();
    let maps: Vec<&str> = maps.iter().map(String::as_str).collect();
    let maps = graph.node("Concat", &maps, &[("axis", Attribute::Int(1))]);
    // No dropout: it is used only in training.
    let units = match model.card.architecture.hidden_units {
        0 => maps,
        _ => {
            let sums = dense(graph, model, "dense", &maps);
            graph.node("Sigmoid", &[&sums], &[])
        }
    };
    let mut logits = dense(graph, model, "output", &units);
    if let Some(confidence) = &model.card.confidence {
        let temperature = confidence.segment_temperature as f32;
        let temperature = graph.floats("temperature", &[1], &[temperature]);
        graph.named_node("calibrated", "Div", &[&logits, &temperature], &[]);
        logits = "calibrated".to_owned();
    }
    graph.named_node("probabilities", "Softmax", &[&logits], &[("axis", Attribute::Int(1))]);
}

/// Adds the conditioning of segments (n, bands, frames).
fn condition(graph: &mut Graph, model: &Model, segments: &str) -> String {
    let Conditioning { floor, level, compression } = model.scaler.conditioning;
    let mut values = segments.to_owned();
    if let Some(decibels) = floor {
        let depth = graph.floats("conditioning.floor", &[1], &[decibels / 10.0]);
        let max = graph.node("ReduceMax", &[&values], &over(&[1, 2]));
        let floor = graph.node("Sub", &[&max, &depth], &[]);
        values = graph.node("Max", &[&values, &floor], &[]);
    }
    if let Some(factor) = compression {
        values = compress(graph, &values, factor);
    }
    if level {
        // In two steps, since ONNX Runtime adds the values one by one in single precision.
        let means = graph.node("ReduceMean", &[&values], &over(&[2]));
        let mean = graph.node("ReduceMean", &[&means], &over(&[1]));
        values = graph.node("Sub", &[&values, &mean], &[]);
    }
    values
}

/// Adds the compression of segments of log₁₀ power: log₁₀(1 + `factor` times the power as a share of the
/// segment's mean power).
fn compress(graph: &mut Graph, segments: &str, factor: f32) -> String {
    let ten = graph.floats("conditioning.ten", &[1], &[10.0]);
    let power = graph.node("Pow", &[&ten, segments], &[]);
    let means = graph.node("ReduceMean", &[&power], &over(&[2]));
    let mean = graph.node("ReduceMean", &[&means], &over(&[1]));
    let smallest = graph.floats("conditioning.smallest", &[1], &[MIN_POWER as f32]);
    let mean = graph.node("Max", &[&mean, &smallest], &[]);
    let factor = graph.floats("conditioning.factor", &[1], &[factor]);
    let gain = graph.node("Div", &[&factor, &mean], &[]);
    let scaled = graph.node("Mul", &[&power, &gain], &[]);
    let one = graph.floats("conditioning.one", &[1], &[1.0]);
    let sum = graph.node("Add", &[&scaled, &one], &[]);
    let logarithm = graph.node("Log", &[&sum], &[]);
    let base = graph.floats("conditioning.base", &[1], &[std::f32::consts::LOG10_E]);
    graph.node("Mul", &[&logarithm, &base], &[])
}

/// Returns the attributes of a reduction over axes that stay with length 1.
pub(super) fn over(axes: &[i64]) -> [(&'static str, Attribute); 2] {
    [("axes", Attribute::Ints(axes.to_vec())), ("keepdims", Attribute::Int(1))]
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
    if pipeline.backbone().is_some() {
        let prefix = format!("{}.", pipeline.block_name(number, 0));
        return musicnn::features(graph, model, &prefix, image);
    }
    let shapes = model.card.architecture.map_shapes(pipeline);
    let mut maps = image.to_owned();
    for (i, (block, shape)) in pipeline.blocks.iter().zip(shapes).enumerate() {
        let name = pipeline.block_name(number, i);
        maps = add_block(graph, model, &name, block, shape.channels, &maps);
    }
    for (summary, axis) in [(pipeline.global_pool.bands, 2), (pipeline.global_pool.frames, 3)] {
        maps = summarise(graph, summary, axis, maps);
    }
    graph.node("Flatten", &[&maps], &[("axis", Attribute::Int(1))])
}

/// Adds a block whose weights' names start with `name`.
fn add_block(
    graph: &mut Graph,
    model: &Model,
    name: &str,
    block: &Block,
    channels: usize,
    maps: &str,
) -> String {
    let Block { filters, kernel, padding, batch_norm, pool, .. } = *block;
    let pair = |(bands, frames)| Attribute::Ints(vec![bands as i64, frames as i64]);
    let mut tensor = |what: &str, shape: &[usize]| {
        let name = format!("{name}.{what}");
        graph.floats(&name, shape, model.weights.get(&name))
    };
    let mut inputs =
        vec![maps.to_owned(), tensor("weight", &[filters, channels, kernel.0, kernel.1])];
    if !batch_norm {
        inputs.push(tensor("bias", &[filters]));
    }
    let norm = ["weight", "bias", "mean", "variance"].map(|what| {
        if batch_norm { tensor(&format!("norm.{what}"), &[filters]) } else { String::new() }
    });
    let mut attributes = vec![("kernel_shape", pair(kernel))];
    if padding == Padding::Same {
        let [before, after] = block.zeros();
        let pads = [before.0, before.1, after.0, after.1].map(|zeros| zeros as i64);
        attributes.push(("pads", Attribute::Ints(pads.to_vec())));
    }
    let inputs: Vec<&str> = inputs.iter().map(String::as_str).collect();
    let mut maps = graph.node("Conv", &inputs, &attributes);
    if batch_norm {
        let [scale, shift, mean, variance] = &norm;
        let inputs = [&maps, scale, shift, mean, variance].map(String::as_str);
        let epsilon = [("epsilon", Attribute::Float(BATCH_NORM_EPSILON))];
        maps = graph.node("BatchNormalization", &inputs, &epsilon);
    }
    let slope = Attribute::Float(model.card.architecture.negative_slope);
    let maps = graph.node("LeakyRelu", &[&maps], &[("alpha", slope)]);
    let pool = [("kernel_shape", pair(pool)), ("strides", pair(pool))];
    graph.node("MaxPool", &[&maps], &pool)
}

/// Adds the summary of an axis of maps (n, filters, bands, frames).
fn summarise(graph: &mut Graph, summary: Summary, axis: i64, maps: String) -> String {
    let axes = over(&[axis]);
    match summary {
        Summary::None => maps,
        Summary::Mean => graph.node("ReduceMean", &[&maps], &axes),
        Summary::Max => graph.node("ReduceMax", &[&maps], &axes),
        Summary::MeanMax => {
            let mean = graph.node("ReduceMean", &[&maps], &axes);
            let max = graph.node("ReduceMax", &[&maps], &axes);
            graph.node("Concat", &[&mean, &max], &[("axis", Attribute::Int(axis))])
        }
        Summary::MeanStd => {
            let mean = graph.node("ReduceMean", &[&maps], &axes);
            let centred = graph.node("Sub", &[&maps, &mean], &[]);
            let squares = graph.node("Mul", &[&centred, &centred], &[]);
            let variance = graph.node("ReduceMean", &[&squares], &axes);
            let std = graph.node("Sqrt", &[&variance], &[]);
            graph.node("Concat", &[&mean, &std], &[("axis", Attribute::Int(axis))])
        }
    }
}

/// Adds a dense layer on rows (n, inputs).
pub(super) fn dense(graph: &mut Graph, model: &Model, layer: &str, input: &str) -> String {
    let mut tensor = |what: &str| {
        let name = format!("{layer}.{what}");
        let shape = model.weights.0.get(&name).map_or(&[][..], |tensor| &tensor.shape);
        graph.floats(&name, shape, model.weights.get(&name))
    };
    let (weight, bias) = (tensor("weight"), tensor("bias"));
    graph.node("Gemm", &[input, &weight, &bias], &[("transB", Attribute::Int(1))])
}
