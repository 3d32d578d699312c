//! Running a graph.

use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use rten::{Dimension, Model, NodeId, RunOptions, ThreadPool, Value, ValueView};

use super::check::check;
use super::{OnnxBackbone, OnnxSpec};
use crate::error::Error;

/// Values of an embedding at most.
const MAX_WIDTH: usize = 1 << 16;

/// A graph, ready to run.
pub(crate) struct Graph {
    model: Model,
    input: NodeId,
    output: NodeId,
    options: RunOptions,
    spec: OnnxSpec,
    width: usize,
}

impl fmt::Debug for Graph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Graph").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl Graph {
    /// Loads a graph, and runs it once on a silent segment to get the length of its embedding.
    ///
    /// # Errors
    /// [`Error::Model`] if it cannot be loaded or run, or lacks the input or the output of its description.
    pub(crate) fn new(backbone: &OnnxBackbone) -> Result<Self, Error> {
        let spec = backbone.spec.clone();
        check(&backbone.graph).map_err(|how| failed(&spec, &how))?;
        let model = guarded(&spec, || Model::load(backbone.graph.clone()))?;
        let node = |what: &str, name: &str| {
            let missing = || failed(&spec, &format!("it has no {what} called {name:?}"));
            model.find_node(name).ok_or_else(missing)
        };
        let (input, output) = (node("input", &spec.input.name)?, node("output", &spec.output)?);
        if model.input_ids() != [input] {
            return Err(failed(&spec, &format!("{:?} must be its only input", spec.input.name)));
        }
        check_shape(&model, &spec).map_err(|how| failed(&spec, &how))?;
        let pool = ThreadPool::with_num_threads(rayon::current_num_threads());
        let options = RunOptions::default().with_thread_pool(Some(Arc::new(pool)));
        let mut graph = Self { model, input, output, options, spec, width: 0 };
        let front_end = &graph.spec.front_end;
        let silence = vec![0.0; front_end.n_mels * front_end.frames];
        graph.width = graph.run(&silence)?.len();
        if graph.width == 0 || graph.width > MAX_WIDTH {
            let how =
                format!("its output has {} values; 1 to {MAX_WIDTH} are supported", graph.width);
            return Err(failed(&graph.spec, &how));
        }
        Ok(graph)
    }

    /// Number of values per segment.
    pub(crate) fn width(&self) -> usize {
        self.width
    }

    /// Computes the embeddings of segments of log₁₀ values, (segment, band, frame).
    ///
    /// # Errors
    /// [`Error::Model`] if the graph fails, or its output has another length than that of silence.
    pub(crate) fn rows(&self, segments: &[f32]) -> Result<Vec<f32>, Error> {
        let size = self.spec.front_end.n_mels * self.spec.front_end.frames;
        let mut rows = Vec::with_capacity(segments.len() / size * self.width);
        for segment in segments.chunks_exact(size) {
            let mut scaled = self.arranged(segment);
            self.spec.scaling.apply(&mut scaled);
            let row = self.run(&scaled)?;
            if row.len() != self.width {
                let how = format!("its output has {} values, then {}", self.width, row.len());
                return Err(failed(&self.spec, &how));
            }
            rows.extend(row);
        }
        Ok(rows)
    }

    /// A segment in the order of the input's axes.
    fn arranged(&self, segment: &[f32]) -> Vec<f32> {
        if !self.spec.frames_first() {
            return segment.to_vec();
        }
        let frames = self.spec.front_end.frames;
        let column = |frame| segment.iter().skip(frame).step_by(frames);
        (0..frames).flat_map(column).copied().collect()
    }

    fn run(&self, input: &[f32]) -> Result<Vec<f32>, Error> {
        let shape = self.spec.input_shape();
        let values = guarded(&self.spec, || {
            let input = ValueView::from_shape(&shape, input).map_err(|e| e.to_string())?;
            let options = Some(self.options.clone());
            self.model
                .run(vec![(self.input, input.into())], &[self.output], options)
                .map_err(|e| e.to_string())
        })?;
        match values.into_iter().next() {
            Some(Value::FloatTensor(tensor)) => Ok(tensor.into_data()),
            _ => Err(failed(&self.spec, "its output is not a tensor of 32-bit floats")),
        }
    }
}

/// Checks the lengths of the input's axes that the graph states.
fn check_shape(model: &Model, spec: &OnnxSpec) -> Result<(), String> {
    let (Some(stated), given) = (model.input_shape(0), spec.input_shape()) else { return Ok(()) };
    let fits = |(axis, length): (&Dimension, &usize)| match axis {
        Dimension::Fixed(fixed) => fixed == length,
        Dimension::Symbolic(_) => true,
    };
    match stated.len() == given.len() && stated.iter().zip(&given).all(fits) {
        true => Ok(()),
        false => Err(format!("its input has the shape {stated:?}, not {given:?}")),
    }
}

/// Runs the runtime, which may panic on malformed graphs.
fn guarded<T, E: ToString>(
    spec: &OnnxSpec,
    work: impl FnOnce() -> Result<T, E>,
) -> Result<T, Error> {
    match catch_unwind(AssertUnwindSafe(work)) {
        Ok(result) => result.map_err(|e| failed(spec, &e.to_string())),
        Err(_) => Err(failed(spec, "the runtime failed")),
    }
}

fn failed(spec: &OnnxSpec, how: &str) -> Error {
    Error::Model(format!("the ONNX graph of {} cannot be used: {how}", spec.name))
}
