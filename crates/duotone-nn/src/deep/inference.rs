//! Inference, one segment at a time.

use std::cell::Cell;

use crate::architecture::Architecture;
use crate::deep::block::{DeepPipeline, pipelines};
use crate::dense::DenseLayer;
use crate::head::sigmoid;
use crate::kernel::{Affine, AlignedBuf, Isa, Kernels, Pool, Work};
use crate::parallel;
use crate::weights::Weights;

/// A network ready for inference.
#[derive(Clone, Debug)]
pub(crate) struct DeepNetwork {
    isa: Isa,
    pipelines: Vec<DeepPipeline>,
    /// For each filter of the widest block, the scale 1.
    ones: Vec<f32>,
    weights: Weights,
}

/// The memory that inference needs on a thread.
#[derive(Default)]
struct Memory {
    sums: AlignedBuf,
    input: AlignedBuf,
    output: AlignedBuf,
    work: Work,
}

thread_local! {
    static MEMORY: Cell<Memory> = Cell::default();
}

/// The head's inputs, hidden units and outputs of a batch, (sample, value).
#[derive(Clone, Debug, Default)]
pub(crate) struct HeadValues {
    pub(crate) features: Vec<f32>,
    pub(crate) hidden: Vec<f32>,
    pub(crate) logits: Vec<f32>,
}

impl DeepNetwork {
    /// Packs weights that fit the architecture.
    pub(crate) fn new(kernels: Kernels, architecture: &Architecture, weights: Weights) -> Self {
        let mut pipelines = pipelines(kernels, architecture);
        let blocks = pipelines.iter_mut().flat_map(|pipeline| &mut pipeline.blocks);
        let mut widest = 0;
        for block in blocks {
            block.pack(&weights);
            widest = widest.max(block.maps.channels);
        }
        Self { isa: kernels.isa, pipelines, ones: vec![1.0; widest], weights }
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Runs whole segments of `size` values.
    pub(crate) fn run(&self, a: &Architecture, segments: &[f32], size: usize) -> HeadValues {
        let samples = segments.len() / size;
        let mut out = HeadValues {
            features: vec![0.0; samples * a.features()],
            hidden: vec![0.0; samples * a.hidden_units],
            logits: vec![0.0; samples * a.classes],
        };
        parallel::pieces(&mut out.features, a.features(), |sample, features| {
            let mut memory = MEMORY.take();
            self.features(a, &segments[sample * size..][..size], features, &mut memory);
            MEMORY.set(memory);
        });
        for (sample, logits) in out.logits.chunks_exact_mut(a.classes).enumerate() {
            let features = &out.features[sample * a.features()..][..a.features()];
            if a.hidden_units == 0 {
                self.layer("output").forward(features, logits);
                continue;
            }
            let hidden = &mut out.hidden[sample * a.hidden_units..][..a.hidden_units];
            self.layer("dense").forward(features, hidden);
            hidden.iter_mut().for_each(|x| *x = sigmoid(*x));
            self.layer("output").forward(hidden, logits);
        }
        out
    }

    fn layer(&self, name: &str) -> DenseLayer<'_> {
        let weight = self.weights.get(&format!("{name}.weight"));
        DenseLayer { weight, bias: self.weights.get(&format!("{name}.bias")) }
    }

    fn features(
        &self,
        a: &Architecture,
        segment: &[f32],
        features: &mut [f32],
        memory: &mut Memory,
    ) {
        let Memory { sums, input, output, work } = memory;
        for pipeline in &self.pipelines {
            for (j, block) in pipeline.blocks.iter().enumerate() {
                std::mem::swap(input, output);
                let maps = block.maps;
                let sums = first(sums, maps.convolved_len());
                let output = first(output, maps.pooled_len());
                let from = if j == 0 { segment } else { &input[..block.convolution.input_len()] };
                block.convolution.forward(from, sums, work);
                let affine = Affine {
                    scale: &self.ones[..maps.channels],
                    shift: &block.bias,
                    negative_slope: a.negative_slope,
                };
                self.isa.run(Pool { maps, affine, sums, output, kept: None });
            }
            let maps = first(output, pipeline.last.len());
            pipeline.last.forward(maps, &mut features[pipeline.features()]);
        }
    }
}

/// Returns the first `len` values of a buffer, which grows if needed. Their contents are unspecified.
fn first(buffer: &mut AlignedBuf, len: usize) -> &mut [f32] {
    if buffer.len() < len {
        buffer.resize(len);
    }
    &mut buffer[..len]
}
