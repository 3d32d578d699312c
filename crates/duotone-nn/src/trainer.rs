use crate::architecture::Architecture;
use crate::error::Error;
use crate::head::{self, HeadGradients};
use crate::kernel::{
    AlignedBuf, BLOCK, FilterGradient, GROUP, Kernels, PooledGradients, filter_gradients,
};
use crate::layers::{Activations, Pass};
use crate::network::{Network, segment_size};
use crate::parallel;
use crate::step::{Step, StepOutcome};
use crate::weights::Weights;

/// Trains a network by plain SGD on the mean cross-entropy of mini-batches.
#[derive(Clone, Debug)]
pub struct Trainer {
    network: Network,
    /// For each pipeline, the layout of a filter's gradient and the gradients of all filters.
    filter_gradients: Vec<(FilterGradient, Vec<f32>)>,
    /// The batch's last segments, followed by zeros that the gradient kernels read past the end.
    last: Vec<f32>,
    activations: Activations,
    head: HeadGradients,
    /// The gradients of the pooled maps, (feature block, sample, feature in the block).
    pooled: AlignedBuf,
}

impl Trainer {
    /// Starts from the given weights.
    ///
    /// # Errors
    /// As for [`Network::new`].
    pub fn new(architecture: &Architecture, weights: &Weights) -> Result<Self, Error> {
        Self::with_kernels(architecture, weights, Kernels::default())
    }

    /// Like [`new`](Self::new), with the given kernels instead of the fastest ones.
    ///
    /// # Errors
    /// As for [`Network::new`].
    pub fn with_kernels(
        architecture: &Architecture,
        weights: &Weights,
        kernels: Kernels,
    ) -> Result<Self, Error> {
        let network = Network::with_kernels(architecture, weights, kernels)?;
        let filter_gradients = architecture
            .pipelines
            .iter()
            .map(|p| {
                let layout = FilterGradient::new(kernels.isa, p.kernel);
                (layout, vec![0.0; p.filters * layout.len()])
            })
            .collect();
        Ok(Self {
            network,
            filter_gradients,
            last: Vec::new(),
            activations: Activations::default(),
            head: HeadGradients::default(),
            pooled: AlignedBuf::default(),
        })
    }

    /// Returns the network in its current state.
    #[must_use]
    pub fn network(&self) -> &Network {
        &self.network
    }

    /// Runs one step: forward with dropout, backward, update. The result has the same bits for any number of
    /// threads.
    ///
    /// # Errors
    /// [`Error::Batch`] if the sizes of `inputs` and `labels` do not match or a label is not a class.
    pub fn step(
        &mut self,
        inputs: &[f32],
        labels: &[u32],
        step: Step,
    ) -> Result<StepOutcome, Error> {
        parallel::inside(|| self.run(inputs, labels, step, (1.0, step.learning_rate)))
    }

    /// Returns the outcome of [`step`](Self::step) and the gradient of every weight, without an update. The
    /// learning rate is not used.
    ///
    /// # Errors
    /// As for [`step`](Self::step).
    pub fn gradients(
        &self,
        inputs: &[f32],
        labels: &[u32],
        step: Step,
    ) -> Result<(StepOutcome, Weights), Error> {
        let mut copy = self.clone();
        let outcome = copy.run(inputs, labels, step, (0.0, -1.0))?;
        Ok((outcome, copy.network.weights()))
    }

    /// Runs a step in which weights become `keep × weight − rate × gradient`.
    fn run(
        &mut self,
        inputs: &[f32],
        labels: &[u32],
        step: Step,
        (keep, rate): (f32, f32),
    ) -> Result<StepOutcome, Error> {
        let Network { architecture, layers } = &mut self.network;
        let size = check(architecture, inputs, labels)?;
        let overrun = self.filter_gradients.iter().map(|(layout, _)| layout.overrun()).max();
        let overrun = overrun.unwrap_or(0);
        let first_of_last = labels.len().saturating_sub(overrun.div_ceil(size));
        self.last.clear();
        self.last.extend_from_slice(&inputs[first_of_last * size..]);
        self.last.resize(self.last.len() + overrun, 0.0);
        layers.forward(inputs, size, Pass::Training, &mut self.activations);

        let head = &mut self.head;
        let outcome = head::backward(architecture, layers, &self.activations, labels, step, head);

        self.pooled.resize(layers.dense.blocks * labels.len() * BLOCK);
        layers.dense_backward(
            &self.activations,
            (&head.by_unit, &head.by_sample),
            architecture.negative_slope,
            (keep, rate),
            &mut self.pooled,
        );

        let mut first = 0;
        for ((pipeline, filters), (layout, sums)) in
            architecture.pipelines.iter().zip(&mut layers.pipelines).zip(&mut self.filter_gradients)
        {
            let (rows, columns) = architecture.map_shape(pipeline).pooled;
            let from = PooledGradients {
                segments: inputs,
                last: (first_of_last, &self.last),
                samples: labels.len(),
                frames: architecture.frames,
                gradients: &self.pooled,
                positions: &self.activations.positions,
                features: architecture.features(),
                first,
                filters: pipeline.filters,
                windows: rows * columns,
            };
            parallel::pieces(sums, GROUP * layout.len(), |group, sums| {
                filter_gradients(*layout, from, group * GROUP, sums);
            });
            filters.update(|weight, bias| {
                let gradients = sums.chunks_exact(layout.len());
                let filters = weight.chunks_exact_mut(pipeline.kernel.0 * pipeline.kernel.1);
                for ((sums, weight), bias) in gradients.zip(filters).zip(bias) {
                    for (w, gradient) in weight.iter_mut().zip(layout.weights(sums)) {
                        *w = keep * *w - rate * gradient;
                    }
                    *bias = keep * *bias - rate * layout.bias(sums);
                }
            });
            first += rows * columns * pipeline.filters;
        }

        let update = |weight: &mut f32, gradient: f32| *weight = keep * *weight - rate * gradient;
        let (hidden_units, classes) = (architecture.hidden_units, architecture.classes);
        for (unit, bias) in layers.dense.bias.iter_mut().enumerate() {
            update(bias, head.by_unit[unit * labels.len()..][..labels.len()].iter().sum());
        }
        for class in 0..classes {
            let column = || head.logits.iter().skip(class).step_by(classes);
            update(&mut layers.output_bias[class], column().sum());
            let row = &mut layers.output_weight[class * hidden_units..][..hidden_units];
            let mut sums = vec![0.0; hidden_units];
            for (&d, units) in column().zip(head.dropped.chunks_exact(hidden_units)) {
                sums.iter_mut().zip(units).for_each(|(sum, unit)| *sum += d * unit);
            }
            row.iter_mut().zip(sums).for_each(|(weight, sum)| update(weight, sum));
        }
        Ok(outcome)
    }
}

/// Returns the number of values in a segment, after checking that there is a segment for every label and
/// that every label is a class.
fn check(architecture: &Architecture, inputs: &[f32], labels: &[u32]) -> Result<usize, Error> {
    let size = segment_size(architecture, inputs)?;
    if labels.is_empty() || inputs.len() != labels.len() * size {
        return Err(Error::Batch(format!(
            "{} segments for {} labels",
            inputs.len() / size,
            labels.len()
        )));
    }
    match labels.iter().find(|&&label| label as usize >= architecture.classes) {
        Some(label) => Err(Error::Batch(format!(
            "label {label}, but there are {} classes",
            architecture.classes
        ))),
        None => Ok(size),
    }
}
