//! A pipeline's filters, and which of the two methods runs them.

use super::direct::{self, DirectFilters};
use super::pooling::{PooledMaps, Shape};
use super::spectral::{self, Plan, SpectralFilters};
use super::{Isa, Kernels, Method, Scratch};
use crate::architecture::{Architecture, Block, MapShape};

/// A pipeline's filters: the weights, and the layout that the kernels use.
#[derive(Clone, Debug)]
pub(crate) struct PackedFilters {
    isa: Isa,
    shape: Shape,
    /// (filter, row, column)
    weight: Vec<f32>,
    /// One bias per filter, padded with zeros.
    bias: Vec<f32>,
    /// Whether all weights are finite.
    finite: bool,
    form: Form,
}

#[derive(Clone, Debug)]
enum Form {
    Direct(DirectFilters),
    Spectral(SpectralFilters),
}

impl PackedFilters {
    /// Returns filters whose weights are all zero.
    pub(crate) fn new(
        Kernels { isa, method }: Kernels,
        architecture: &Architecture,
        block: Block,
        maps: MapShape,
    ) -> Self {
        let shape = Shape::new(architecture, block, maps);
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
            // Both forms fit: the direct one has the wider blocks.
            bias: vec![0.0; shape.filters.next_multiple_of(2 * isa.lanes())],
            finite: true,
            form,
        }
    }

    /// Calls `change` with the weights, (filter, row, column), and the biases, and packs the result.
    pub(crate) fn update(&mut self, change: impl FnOnce(&mut [f32], &mut [f32])) {
        change(&mut self.weight, &mut self.bias[..self.shape.filters]);
        self.finite = all_finite(&self.weight);
        match &mut self.form {
            Form::Direct(direct) => direct.pack(self.isa, &self.shape, &self.weight),
            Form::Spectral(spectral) => spectral.pack(self.isa, &self.shape, &self.weight),
        }
    }

    /// Returns the weights, (filter, row, column).
    pub(crate) fn weight(&self) -> &[f32] {
        &self.weight
    }

    /// Returns one bias per filter.
    pub(crate) fn bias(&self) -> &[f32] {
        &self.bias[..self.shape.filters]
    }

    /// Runs convolution, bias, LeakyReLU and max-pooling of all pipelines on one segment (bands × frames,
    /// band-major). Their maps are stored one after the other in `values`, and in `positions` if those are
    /// asked for. Of equal values in a window, the first in row-major order wins.
    ///
    /// With `parts`, each pipeline is split into that many tasks, and all tasks run in parallel.
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

/// A task: some pooled rows of one pipeline.
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
        for (PackedFilters { isa, shape, bias, form, finite: filters_finite, .. }, out) in jobs {
            assert_eq!(segment.len(), shape.bands * shape.frames);
            let finite = finite && *filters_finite;
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

/// Does not return early, so that the compiler vectorises the loop.
fn all_finite(values: &[f32]) -> bool {
    values.iter().fold(true, |all, x| all & x.is_finite())
}
