//! Inference, one segment at a time.

use std::cell::Cell;

use crate::architecture::Architecture;
use crate::deep::block::{DeepBlock, DeepPipeline, pipelines};
use crate::deep::memory::{Strip, first, lend};
use crate::dense::DenseLayer;
use crate::error::Error;
use crate::head::sigmoid;
use crate::kernel::{Affine, AlignedBuf, Isa, Kernels, Pool};
use crate::musicnn::Musicnn;
use crate::parallel;
use crate::thread_memory;
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

/// The input and the output of a block.
#[derive(Default)]
struct Maps {
    input: AlignedBuf,
    output: AlignedBuf,
}

thread_local! {
    static MAPS: Cell<Maps> = Cell::default();
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

    /// Packs the published networks of an architecture.
    ///
    /// # Errors
    /// [`Error::Weights`] if their weights are invalid.
    pub(crate) fn pack_backbones(
        &mut self,
        kernels: Kernels,
        architecture: &Architecture,
    ) -> Result<(), Error> {
        for (pipeline, (i, of)) in
            self.pipelines.iter_mut().zip(architecture.pipelines.iter().enumerate())
        {
            if of.backbone().is_some() {
                let own = self.weights.under(&format!("{}.", of.block_name(i, 0)));
                pipeline.backbone = Some(Musicnn::with_kernels(&own, kernels)?);
            }
        }
        Ok(())
    }

    pub(crate) fn weights(&self) -> &Weights {
        &self.weights
    }

    /// Runs whole segments of `size` values.
    ///
    /// # Errors
    /// Those of [`Musicnn::features`].
    pub(crate) fn run(
        &self,
        a: &Architecture,
        segments: &[f32],
        size: usize,
    ) -> Result<HeadValues, Error> {
        let samples = segments.len() / size;
        let mut out = HeadValues {
            features: vec![0.0; samples * a.features()],
            hidden: vec![0.0; samples * a.hidden_units],
            logits: vec![0.0; samples * a.classes],
        };
        for pipeline in &self.pipelines {
            let Some(backbone) = &pipeline.backbone else { continue };
            let values = backbone.features(segments)?;
            for (sample, features) in out.features.chunks_exact_mut(a.features()).enumerate() {
                let (pooled, penultimate) =
                    features[pipeline.features()].split_at_mut(Musicnn::POOLED);
                pooled.copy_from_slice(row(&values.pooled, sample, Musicnn::POOLED));
                let units = row(&values.penultimate, sample, Musicnn::PENULTIMATE);
                penultimate.copy_from_slice(units);
            }
        }
        // With fewer segments than threads, the threads share the strips of a segment.
        let share = samples < parallel::threads();
        parallel::pieces(&mut out.features, a.features(), |sample, features| {
            let segment = &segments[sample * size..][..size];
            thread_memory::lend(&MAPS, |maps| self.features(a, segment, features, maps, share));
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
        Ok(out)
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
        Maps { input, output }: &mut Maps,
        share: bool,
    ) {
        for pipeline in self.pipelines.iter().filter(|pipeline| pipeline.backbone.is_none()) {
            for (j, block) in pipeline.blocks.iter().enumerate() {
                std::mem::swap(input, output);
                let output = first(output, block.maps.pooled_len());
                let from = if j == 0 { segment } else { &input[..block.convolution.input_len()] };
                // What a strip is pooled to.
                let size = block.convolution.strip() / block.maps.pool.0 * block.maps.pooled_row();
                let strip = |strip: usize, output: &mut [f32]| {
                    lend(|memory| {
                        self.strip(a, block, from, strip, output, &mut memory.strip);
                    });
                };
                if share {
                    parallel::pieces(output, size, strip);
                } else {
                    output.chunks_mut(size).enumerate().for_each(|(i, output)| strip(i, output));
                }
            }
            let maps = first(output, pipeline.last.len());
            pipeline.last.forward(maps, &mut features[pipeline.features()]);
        }
    }

    /// Computes a strip of a block.
    fn strip(
        &self,
        a: &Architecture,
        block: &DeepBlock,
        input: &[f32],
        strip: usize,
        output: &mut [f32],
        memory: &mut Strip,
    ) {
        let size = block.convolution.strip();
        let end = block.maps.convolved.0.min((strip + 1) * size);
        let bands = strip * size..end;
        let sums = memory.compute(&block.convolution, input, bands.clone());
        let affine = Affine {
            scale: &self.ones[..block.maps.channels],
            shift: &block.bias,
            negative_slope: a.negative_slope,
        };
        let (maps, _) = block.maps.strip(&bands);
        self.isa.run(Pool { maps, affine, sums, output, kept: None });
    }
}

fn row(values: &[f32], sample: usize, width: usize) -> &[f32] {
    &values[sample * width..][..width]
}
