//! A builder of ONNX graphs. Field numbers are those of `onnx.proto`.

use super::protobuf::Message;

pub(crate) const FLOAT: i64 = 1;
const INT64: i64 = 7;
pub(crate) const DOUBLE: i64 = 11;

/// Nodes and constants, which refer to each other by name.
#[derive(Debug, Default)]
pub(crate) struct Graph {
    nodes: Vec<Message>,
    constants: Vec<Message>,
    inputs: Vec<Message>,
    outputs: Vec<Message>,
}

/// A node's attribute.
#[derive(Clone, Debug)]
pub(crate) enum Attribute {
    Int(i64),
    Float(f32),
    Ints(Vec<i64>),
}

/// The length of an axis.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Axis {
    Fixed(usize),
    Free(&'static str),
}

impl Graph {
    /// Adds an operation and returns the name of its output.
    pub(crate) fn node(
        &mut self,
        operation: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) -> String {
        let name = format!("{}_{}", operation.to_lowercase(), self.nodes.len());
        self.named_node(&name, operation, inputs, attributes);
        name
    }

    /// Adds an operation whose output is called `name`.
    pub(crate) fn named_node(
        &mut self,
        name: &str,
        operation: &str,
        inputs: &[&str],
        attributes: &[(&str, Attribute)],
    ) {
        let node = inputs.iter().fold(Message::default(), |node, input| node.text(1, input));
        let node = node.text(2, name).text(3, name).text(4, operation);
        let attributes: Vec<Message> = attributes.iter().map(|(n, a)| a.message(n)).collect();
        self.nodes.push(node.messages(5, &attributes));
    }

    /// Adds a constant of floats and returns its name.
    pub(crate) fn floats(&mut self, name: &str, shape: &[usize], data: &[f32]) -> String {
        let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, FLOAT, shape, &bytes)
    }

    /// Adds a constant of doubles and returns its name.
    pub(crate) fn doubles(&mut self, name: &str, shape: &[usize], data: &[f64]) -> String {
        let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, DOUBLE, shape, &bytes)
    }

    /// Adds a constant of integers and returns its name.
    pub(crate) fn ints(&mut self, name: &str, shape: &[usize], data: &[i64]) -> String {
        let bytes: Vec<u8> = data.iter().flat_map(|x| x.to_le_bytes()).collect();
        self.constant(name, INT64, shape, &bytes)
    }

    fn constant(&mut self, name: &str, kind: i64, shape: &[usize], bytes: &[u8]) -> String {
        let tensor = shape.iter().fold(Message::default(), |t, &axis| t.int(1, axis as i64));
        self.constants.push(tensor.int(2, kind).text(8, name).bytes(9, bytes));
        name.to_owned()
    }

    /// Declares an input of floats.
    pub(crate) fn input(&mut self, name: &str, shape: &[Axis]) {
        self.inputs.push(value(name, shape));
    }

    /// Declares an output of floats.
    pub(crate) fn output(&mut self, name: &str, shape: &[Axis]) {
        self.outputs.push(value(name, shape));
    }

    /// The finished graph.
    pub(crate) fn message(&self, name: &str) -> Message {
        Message::default()
            .messages(1, &self.nodes)
            .text(2, name)
            .messages(5, &self.constants)
            .messages(11, &self.inputs)
            .messages(12, &self.outputs)
    }
}

impl Attribute {
    fn message(&self, name: &str) -> Message {
        let attribute = Message::default().text(1, name);
        match self {
            Self::Float(value) => attribute.float(2, *value).int(20, 1),
            Self::Int(value) => attribute.int(3, *value).int(20, 2),
            Self::Ints(values) => values.iter().fold(attribute, |a, &v| a.int(8, v)).int(20, 7),
        }
    }
}

fn value(name: &str, shape: &[Axis]) -> Message {
    let axis = |axis: &Axis| match *axis {
        Axis::Fixed(length) => Message::default().int(1, length as i64),
        Axis::Free(name) => Message::default().text(2, name),
    };
    let axes: Vec<Message> = shape.iter().map(axis).collect();
    let shape = Message::default().messages(1, &axes);
    let tensor = Message::default().int(1, FLOAT).message(2, &shape);
    Message::default().text(1, name).message(2, &Message::default().message(1, &tensor))
}
