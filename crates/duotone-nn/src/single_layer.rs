//! Training of networks of the paper's family, in fused passes.

use crate::architecture::Architecture;
use crate::head::{self, HeadGradients};
use crate::kernel::{
    AlignedBuf, BLOCK, FilterGradient, GROUP, Kernels, PooledGradients, filter_gradients,
};
use crate::layers::{Activations, Layers, Pass};
use crate::parallel;
use crate::step::{Step, StepOutcome};

/// The memory of a training step.
#[derive(Clone, Debug)]
pub(crate) struct SingleLayerTrainer {
    /// For each pipeline, the layout of a filter's gradient and the gradients of all filters.
    filter_gradients: Vec<(FilterGradient, Vec<f32>)>,
    /// The batch's last segments, followed by zeros that the gradient kernels read past the end.
    last: Vec<f32>,
    activations: Activations,
    head: HeadGradients,
    /// The gradients of the pooled maps, (feature block, sample, feature in the block).
    pooled: AlignedBuf,
}

impl SingleLayerTrainer {
    pub(crate) fn new(kernels: Kernels, architecture: &Architecture) -> Self {
        let filter_gradients = architecture
            .first_blocks()
            .map(|(block, _)| {
                let layout = FilterGradient::new(kernels.isa, block.kernel);
                (layout, vec![0.0; block.filters * layout.len()])
            })
            .collect();
        Self {
            filter_gradients,
            last: Vec::new(),
            activations: Activations::default(),
            head: HeadGradients::default(),
            pooled: AlignedBuf::default(),
        }
    }

    /// Runs a step in which weights become `keep × weight − rate × gradient`.
    pub(crate) fn run(
        &mut self,
        (architecture, layers): (&Architecture, &mut Layers),
        inputs: &[f32],
        targets: &[f32],
        step: Step,
        (keep, rate): (f32, f32),
    ) -> StepOutcome {
        let samples = targets.len() / architecture.classes;
        let size = architecture.bands * architecture.frames;
        let overrun = self.filter_gradients.iter().map(|(layout, _)| layout.overrun()).max();
        let overrun = overrun.unwrap_or(0);
        let first_of_last = samples.saturating_sub(overrun.div_ceil(size));
        self.last.clear();
        self.last.extend_from_slice(&inputs[first_of_last * size..]);
        self.last.resize(self.last.len() + overrun, 0.0);
        layers.forward(inputs, size, Pass::Training, &mut self.activations);

        let head = &mut self.head;
        let outcome = head::backward(architecture, layers, &self.activations, targets, step, head);

        self.pooled.resize(layers.dense.blocks * samples * BLOCK);
        layers.dense_backward(
            &self.activations,
            (&head.by_unit, &head.by_sample),
            architecture.negative_slope,
            (keep, rate),
            &mut self.pooled,
        );

        let mut first = 0;
        for (((block, shape), filters), (layout, sums)) in
            architecture.first_blocks().zip(&mut layers.pipelines).zip(&mut self.filter_gradients)
        {
            let (rows, columns) = shape.pooled;
            let from = PooledGradients {
                segments: inputs,
                last: (first_of_last, &self.last),
                samples,
                frames: architecture.frames,
                gradients: &self.pooled,
                positions: &self.activations.positions,
                features: architecture.features(),
                first,
                filters: block.filters,
                windows: rows * columns,
            };
            parallel::pieces(sums, GROUP * layout.len(), |group, sums| {
                filter_gradients(*layout, from, group * GROUP, sums);
            });
            filters.update(|weight, bias| {
                let gradients = sums.chunks_exact(layout.len());
                let filters = weight.chunks_exact_mut(block.kernel.0 * block.kernel.1);
                for ((sums, weight), bias) in gradients.zip(filters).zip(bias) {
                    for (w, gradient) in weight.iter_mut().zip(layout.weights(sums)) {
                        *w = keep * *w - rate * gradient;
                    }
                    *bias = keep * *bias - rate * layout.bias(sums);
                }
            });
            first += rows * columns * block.filters;
        }

        let update = |weight: &mut f32, gradient: f32| *weight = keep * *weight - rate * gradient;
        let (dense, classes) = (architecture.hidden_units, architecture.classes);
        for (unit, bias) in layers.dense.bias.iter_mut().enumerate() {
            update(bias, head.by_unit[unit * samples..][..samples].iter().sum());
        }
        for class in 0..classes {
            let column = || head.logits.iter().skip(class).step_by(classes);
            update(&mut layers.output_bias[class], column().sum());
            let row = &mut layers.output_weight[class * dense..][..dense];
            let mut sums = vec![0.0; dense];
            for (&d, units) in column().zip(head.dropped.chunks_exact(dense)) {
                sums.iter_mut().zip(units).for_each(|(sum, unit)| *sum += d * unit);
            }
            row.iter_mut().zip(sums).for_each(|(weight, sum)| update(weight, sum));
        }
        outcome
    }
}
