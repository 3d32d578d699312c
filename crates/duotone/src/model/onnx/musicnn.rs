//! The published network musicnn as ONNX nodes. The crate `duotone_nn` describes it.

use duotone_nn::Musicnn;

use super::graph::{Attribute, Graph};
use super::network::{dense, over};
use crate::model::Model;

/// Adds the nodes from an image (n, 1, bands, frames) to the features (n, features). Names of weights start with
/// `prefix`.
pub(super) fn features(graph: &mut Graph, model: &Model, prefix: &str, image: &str) -> String {
    let mut nodes = Nodes { graph, model, prefix };
    let input = nodes.norm("input", image);
    let mut maps = Vec::new();
    for name in ["timbral0", "timbral1", "temporal0", "temporal1", "temporal2"] {
        let all = nodes.convolution(name, &input);
        maps.push(nodes.graph.node("ReduceMax", &[&all], &over(&[2])));
    }
    let front = nodes.concat(&maps, 1);
    let middle0 = nodes.convolution("middle0", &front);
    let middle1 = nodes.convolution("middle1", &middle0);
    let sum1 = nodes.graph.node("Add", &[&middle1, &middle0], &[]);
    let middle2 = nodes.convolution("middle2", &sum1);
    let sum2 = nodes.graph.node("Add", &[&middle2, &sum1], &[]);
    let all = nodes.concat(&[front, middle0, sum1, sum2], 1);
    let max = nodes.graph.node("ReduceMax", &[&all], &over(&[3]));
    let mean = nodes.graph.node("ReduceMean", &[&all], &over(&[3]));
    let both = nodes.concat(&[max, mean], 3);
    let pooled = nodes.graph.node("Flatten", &[&both], &[("axis", Attribute::Int(1))]);
    let normalised = nodes.norm("pooled", &pooled);
    let units = dense(nodes.graph, model, &format!("{prefix}penultimate"), &normalised);
    let units = nodes.graph.node("Relu", &[&units], &[]);
    let penultimate = nodes.norm("penultimate", &units);
    nodes.concat(&[pooled, penultimate], 1)
}

struct Nodes<'a> {
    graph: &'a mut Graph,
    model: &'a Model,
    prefix: &'a str,
}

impl Nodes<'_> {
    /// Adds a weight and returns its name and shape.
    fn weight(&mut self, name: &str) -> (String, Vec<usize>) {
        let name = format!("{}{name}", self.prefix);
        let shape = self.model.weights.0.get(&name).map_or(Vec::new(), |t| t.shape.clone());
        (self.graph.floats(&name, &shape, self.model.weights.get(&name)), shape)
    }

    /// Adds a convolution that keeps the number of frames, ReLU and batch normalisation. A kernel of the first
    /// layer is (bands, frames), one of the others (channels, frames).
    fn convolution(&mut self, layer: &str, maps: &str) -> String {
        let name = format!("{}{layer}.weight", self.prefix);
        let shape = self.model.weights.0.get(&name).map_or(Vec::new(), |t| t.shape.clone());
        let [filters, rows, frames] = shape[..] else { return maps.to_owned() };
        let (channels, bands) = if layer.starts_with("middle") { (rows, 1) } else { (1, rows) };
        let shape = [filters, channels, bands, frames];
        let weight = self.graph.floats(&name, &shape, self.model.weights.get(&name));
        let (bias, _) = self.weight(&format!("{layer}.bias"));
        let (before, after) = ((frames - 1) / 2, frames / 2);
        let attributes = [
            ("kernel_shape", Attribute::Ints(vec![bands as i64, frames as i64])),
            ("pads", Attribute::Ints(vec![0, before as i64, 0, after as i64])),
        ];
        let sums = self.graph.node("Conv", &[maps, &weight, &bias], &attributes);
        let maps = self.graph.node("Relu", &[&sums], &[]);
        self.norm(layer, &maps)
    }

    fn norm(&mut self, layer: &str, maps: &str) -> String {
        let [scale, shift, mean, variance] = ["weight", "bias", "mean", "variance"]
            .map(|what| self.weight(&format!("{layer}.norm.{what}")).0);
        let inputs = [maps, &scale, &shift, &mean, &variance];
        let epsilon = [("epsilon", Attribute::Float(Musicnn::NORM_EPSILON))];
        self.graph.node("BatchNormalization", &inputs, &epsilon)
    }

    fn concat(&mut self, parts: &[String], axis: i64) -> String {
        let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
        self.graph.node("Concat", &parts, &[("axis", Attribute::Int(axis))])
    }
}
