//! A pipeline's filters, and which of the two ways runs them.

use super::direct::{self, DirectFilters};
use super::pooling::{PooledMaps, Shape};
use super::spectral::{self, Plan, SpectralFilters};
use super::{Isa, Kernels, Method, Scratch};
use crate::architecture::{Architecture, Pipeline};

/// A pipeline's filters: the weights themselves, and as the kernels want them.
#[derive(Clone, Debug)]
pub(crate) struct PackedFilters {
    isa: Isa,
    shape: Shape,
    /// (filter, row, column)
    weight: Vec<f32>,
    /// One a filter, padded with zeros.
    bias: Vec<f32>,
    /// Whether all weights are.
    finite: bool,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Direct(DirectFilters),
    Spectral(SpectralFilters),
}

impl PackedFilters {
    /// All weights zero.
    pub(crate) fn new(
        Kernels { isa, method }: Kernels,
        architecture: &Architecture,
        pipeline: &Pipeline,
    ) -> Self {
        let shape = Shape::new(architecture, pipeline);
        let plan = Plan::new(&shape).filter(|plan| match method {
            Method::Cheapest => plan.cost < DirectFilters::cost(&shape),
            Method::Direct => false,
            Method::Spectral => true,
        });
        let spectral = plan.and_then(|plan| SpectralFilters::new(plan, &shape, isa.lanes()));
        let form = match spectral {
            Some(filters) => Form::Spectral(filters),
            None => Form::Direct(DirectFilters::new(&shape, isa.lanes())),
        };
        Self {
            isa,
            shape,
            weight: vec![0.0; shape.filters * shape.taps()],
            // Enough for the widest blocks of either form.
            bias: vec![0.0; shape.filters.next_multiple_of(2 * isa.lanes())],
            finite: true,
            form,
        }
    }

    /// Lets `change` set the weights, (filter, row, column), and the biases.
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut [f32], &mut [f32])) {
        change(&mut self.weight, &mut self.bias[..self.shape.filters]);
        self.finite = all_finite(&self.weight);
        match &mut self.form {
            Form::Direct(direct) => direct.pack(self.isa, &self.shape, &self.weight),
            Form::Spectral(spectral) => spectral.pack(self.isa, &self.shape, &self.weight),
        }
    }

    /// The weights, (filter, row, column).
    pub(crate) fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// One bias a filter.
    pub(crate) fn bias(&self) -> &[f32] {
        &self.bias[..self.shape.filters]
    }

    /// Convolution, bias, LeakyReLU and max-pooling of one segment (bands × frames, band-major) by
    /// all pipelines; their maps lie one behind the other in `values`, and in `positions` where
    /// they are wanted. Of equal values in a window the first one seen wins.
    ///
    /// With `parts` the pipelines' work is done side by side, each one's split into so many.
    pub(crate) fn convolve(
        pipelines: &[Self],
        segment: &[f32],
        (values, positions): (&mut [f32], Option<&mut [u32]>),
        parts: Option<usize>,
    ) {
        let mut jobs = jobs(pipelines, values, positions, parts.unwrap_or(1));
        match parts {
            None => convolve(segment, &mut jobs),
            Some(_) => crate::parallel::pieces(&mut jobs, 1, |_, job| convolve(segment, job)),
        }
    }
}

/// Some pooled rows of one pipeline.
type Job<'a> = (&'a PackedFilters, PooledMaps<'a>);

fn jobs<'a>(
    pipelines: &'a [PackedFilters],
    mut values: &'a mut [f32],
    mut positions: Option<&'a mut [u32]>,
    parts: usize,
) -> Vec<Job<'a>> {
    let mut jobs = Vec::with_capacity(pipelines.len() * parts);
    for filters in pipelines {
        let (rows, columns) = filters.shape.pooled;
        for part in 0..parts {
            let rows = part * rows / parts..(part + 1) * rows / parts;
            let size = rows.len() * columns * filters.shape.filters;
            let (value, rest) = values.split_at_mut(size);
            values = rest;
            let (position, rest) = positions.map(|all| all.split_at_mut(size)).unzip();
            positions = rest;
            jobs.push((filters, PooledMaps { rows, values: value, positions: position }));
        }
    }
    jobs
}

fn convolve(segment: &[f32], jobs: &mut [Job<'_>]) {
    Scratch::lend(|Scratch { transposed, work }| {
        if let Some((PackedFilters { isa, shape, .. }, _)) = jobs.iter().find(is_spectral) {
            spectral::transpose(*isa, segment, shape.frames, transposed);
        }
        let finite = all_finite(segment);
        for (PackedFilters { isa, shape, bias, form, finite: filters_are, .. }, out) in jobs {
            assert_eq!(segment.len(), shape.bands * shape.frames);
            let finite = finite && *filters_are;
            match form {
                Form::Direct(filters) => {
                    isa.run(direct::Convolve { shape, filters, bias, segment, finite, work, out });
                }
                Form::Spectral(filters) => {
                    isa.run(spectral::Convolve {
                        shape,
                        filters,
                        bias,
                        transposed,
                        finite,
                        work,
                        out,
                    });
                }
            }
        }
    });
}

fn is_spectral((filters, _): &&Job<'_>) -> bool {
    matches!(filters.form, Form::Spectral(_))
}

/// Without a way out of the loop, so that the compiler can take many at once.
fn all_finite(numbers: &[f32]) -> bool {
    numbers.iter().fold(true, |all, x| all & x.is_finite())
}
