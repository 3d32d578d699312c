//! Convolutions of maps with many channels, by matrix products.
//!
//! Maps are (band, frame, channel). A 3×3 convolution is 36 products by Winograd's algorithm; any other is one
//! product with a view of the padded input.

use std::ops::Range;

use super::correlation::Correlation;
use super::lattice::{Lattice, SQUARES};
use super::product::{COLUMNS, Offsets, Product};
use super::scratch::Work;
use super::winograd::{self, POINTS, Squares, Step, TILE, Transform, plane};
use super::{AlignedBuf, Isa, Kernels, Method};
use crate::parallel;

/// Least number of cells of a strip: a strip of bands is computed at once, so that it is still in the cache when
/// it is pooled.
const STRIP: usize = SQUARES * TILE * TILE;

/// Number of products per sum up to which a sum is cheap to compute.
const CHEAP: usize = 16;

/// The sizes of a convolution.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Geometry {
    /// The input's bands and frames.
    pub(crate) input: (usize, usize),
    /// Number of input maps.
    pub(crate) channels: usize,
    /// Number of input maps as stored: 1 for the segment itself, otherwise padded.
    pub(crate) stored_channels: usize,
    /// The output's bands and frames.
    pub(crate) output: (usize, usize),
    /// Number of output maps.
    pub(crate) filters: usize,
    pub(crate) kernel: (usize, usize),
    /// Zeros before the input, along bands and frames.
    pub(crate) before: (usize, usize),
}

impl Geometry {
    /// Returns the length of the input.
    fn input_len(&self) -> usize {
        self.input.0 * self.input.1 * self.stored_channels
    }

    fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }
}

/// Returns the number of channels, padding included.
pub(crate) fn stored(channels: usize) -> usize {
    channels.next_multiple_of(COLUMNS)
}

/// A convolution with its filters.
#[derive(Clone, Debug)]
pub(crate) struct Convolution {
    isa: Isa,
    geometry: Geometry,
    method: Lowering,
    /// The bands of a strip; the last strip may have fewer.
    strip: usize,
    /// (point, value under the kernel, filter)
    weight: AlignedBuf,
    /// The filters for the gradient of the input; empty if it is not computed.
    backward_weight: AlignedBuf,
}

#[derive(Clone, Debug)]
enum Lowering {
    Winograd(Lattice),
    /// The second one computes the gradient of the input from that of the output.
    Correlation(Correlation, Correlation),
}

impl Convolution {
    /// Returns a convolution whose filters are all zero. The bands of a strip are a multiple of `unit`.
    pub(crate) fn new(kernels: Kernels, geometry: Geometry, unit: usize) -> Self {
        let g = geometry;
        let winograd =
            g.kernel == (3, 3) && g.stored_channels > 1 && kernels.method != Method::Direct;
        let (method, values) = if winograd {
            (Lowering::Winograd(Lattice::new(&g)), POINTS * g.stored_channels)
        } else {
            let after = (g.kernel.0 - 1 - g.before.0, g.kernel.1 - 1 - g.before.1);
            let forward =
                Correlation::new(g.input, g.stored_channels, g.kernel, g.before, g.output);
            let backward = Correlation::new(g.output, stored(g.filters), g.kernel, after, g.input);
            (Lowering::Correlation(forward, backward), g.taps() * g.stored_channels)
        };
        let mut multiple = unit;
        while winograd && !multiple.is_multiple_of(TILE) {
            multiple += unit;
        }
        let strip = STRIP.div_ceil(g.output.1).next_multiple_of(multiple);
        let weight = AlignedBuf::zeros(values * stored(g.filters));
        let backward_weight = AlignedBuf::default();
        Self { isa: kernels.isa, geometry, method, strip, weight, backward_weight }
    }

    /// Returns the bands of a strip; the last strip may have fewer.
    pub(crate) fn strip(&self) -> usize {
        self.strip
    }

    /// Returns the bands of every strip of the output.
    pub(crate) fn strips(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let (bands, strip) = (self.geometry.output.0, self.strip);
        (0..bands).step_by(strip).map(move |first| first..bands.min(first + strip))
    }

    /// Returns whether computing the output again costs less than storing and reading it.
    pub(crate) fn is_cheap(&self) -> bool {
        self.geometry.taps() * self.geometry.stored_channels <= CHEAP
    }

    /// Returns the length of some bands of the output.
    pub(crate) fn output_len(&self, bands: usize) -> usize {
        bands * self.geometry.output.1 * stored(self.geometry.filters)
    }

    /// Returns the length of the input.
    pub(crate) fn input_len(&self) -> usize {
        self.geometry.input_len()
    }

    /// Returns the shape of the weights, without an axis for the channels of a single-layer network.
    pub(crate) fn weight_shape(&self, with_channels: bool) -> Vec<usize> {
        let Geometry { channels, filters, kernel, .. } = self.geometry;
        match with_channels {
            true => vec![filters, channels, kernel.0, kernel.1],
            false => vec![filters, kernel.0, kernel.1],
        }
    }

    /// Returns the length of the filters' gradient that [`backward`](Self::backward) adds to.
    pub(crate) fn gradient_len(&self) -> usize {
        self.weight.len()
    }

    /// Sets the filters: `weight` is (filter, channel, kernel band, kernel frame), and each filter is multiplied
    /// by its `scale`. `gradients` says whether the gradient of the input will be computed.
    pub(crate) fn pack(
        &mut self,
        weight: &[f32],
        scale: impl Fn(usize) -> f32 + Sync,
        gradients: bool,
    ) {
        let Geometry { channels, stored_channels, filters, .. } = self.geometry;
        let (taps, columns) = (self.geometry.taps(), stored(filters));
        if gradients {
            self.backward_weight.resize(self.weight.len());
        }
        let filters = || weight.chunks_exact(channels * taps).enumerate();
        if let Lowering::Winograd(_) = self.method {
            let pack = |point: usize, matrix: &mut [f32], by_channel: usize, by_filter: usize| {
                let factors = winograd::filter_factors(point);
                for (filter, kernels) in filters() {
                    let scale = scale(filter);
                    for (channel, kernel) in kernels.chunks_exact(taps).enumerate() {
                        let products = kernel.iter().zip(&factors).map(|(w, factor)| w * factor);
                        let value = products.sum::<f32>() * scale;
                        matrix[channel * by_channel + filter * by_filter] = value;
                    }
                }
            };
            let size = stored_channels * columns;
            parallel::pieces(&mut self.weight, size, |point, matrix| {
                pack(point, matrix, columns, 1);
            });
            parallel::pieces(&mut self.backward_weight, size, |point, matrix| {
                pack(point, matrix, 1, stored_channels);
            });
            return;
        }
        for (filter, kernels) in filters() {
            let scale = scale(filter);
            for (channel, kernel) in kernels.chunks_exact(taps).enumerate() {
                for (tap, w) in kernel.iter().enumerate() {
                    self.weight[(tap * stored_channels + channel) * columns + filter] = w * scale;
                    if gradients {
                        let opposite = taps - 1 - tap;
                        let to = (opposite * columns + filter) * stored_channels + channel;
                        self.backward_weight[to] = w * scale;
                    }
                }
            }
        }
    }

    /// Returns the gradient of the filters, (filter, channel, kernel band, kernel frame), from the sums of
    /// [`backward`](Self::backward).
    pub(crate) fn filter_gradient(&self, sums: &[f32]) -> Vec<f32> {
        let Geometry { channels, stored_channels, filters, .. } = self.geometry;
        let (taps, columns) = (self.geometry.taps(), stored(filters));
        let mut gradient = vec![0.0; filters * channels * taps];
        parallel::pieces(&mut gradient, channels * taps, |filter, kernels| {
            for (channel, kernel) in kernels.chunks_exact_mut(taps).enumerate() {
                let at = |group: usize| (group * stored_channels + channel) * columns + filter;
                match self.method {
                    Lowering::Winograd(_) => {
                        let points = std::array::from_fn(|point| sums[at(point)]);
                        kernel.copy_from_slice(&winograd::filter_gradient(&points));
                    }
                    Lowering::Correlation(..) => {
                        kernel.iter_mut().enumerate().for_each(|(tap, x)| *x = sums[at(tap)]);
                    }
                }
            }
        });
        gradient
    }

    /// Computes a strip of the output of one segment.
    pub(crate) fn forward(
        &self,
        input: &[f32],
        bands: Range<usize>,
        output: &mut [f32],
        work: &mut Work,
    ) {
        match &self.method {
            Lowering::Winograd(lattice) => {
                let [inputs, sums] = work.buffers(lattice.buffers());
                let squares = lattice.strip(&bands);
                for run in lattice.runs(bands.len()) {
                    let at = (lattice.first(&bands) + run.0, run.1);
                    let (inputs, sums) = self.at_points(lattice, at, input, inputs, sums);
                    let columns = lattice.output.channels;
                    let a_rows = Offsets::first(&lattice.input_squares, run.1);
                    let a_steps = lattice.channels.all();
                    let matrices = inputs.chunks_exact(inputs.len() / POINTS);
                    let filters = self.weight.chunks_exact(self.weight.len() / POINTS);
                    let results = sums.chunks_exact_mut(sums.len() / POINTS);
                    for ((a, b), c) in matrices.zip(filters).zip(results) {
                        Product { a, a_rows, a_steps, b, c, columns, accumulate: false }
                            .run_on(self.isa);
                    }
                    self.transform(squares, run, Step::Output(sums, output));
                }
            }
            Lowering::Correlation(correlation, _) => {
                let [padded] = work.buffers([correlation.padded_len(bands.len())]);
                correlation.pad(input, bands, padded);
                let columns = stored(self.geometry.filters);
                correlation.sums(self.isa, padded, &self.weight, columns, output);
            }
        }
    }

    /// Adds the gradient of the filters to `filter_sums` and, unless it is `None`, replaces the gradient of the
    /// input, given the gradient of the output of one segment, which `output_gradient` stores strip by strip.
    pub(crate) fn backward(
        &self,
        input: &[f32],
        mut output_gradient: impl FnMut(Range<usize>, &mut [f32]),
        filter_sums: &mut [f32],
        mut input_gradient: Option<&mut [f32]>,
        work: &mut Work,
    ) {
        let strip = self.output_len(self.strip.min(self.geometry.output.0));
        match &self.method {
            Lowering::Winograd(lattice) => {
                if let Some(gradient) = &mut input_gradient {
                    gradient.fill(0.0);
                }
                let [inputs, sums] = lattice.buffers();
                let [inputs, sums, back, strip] = work.buffers([inputs, sums, inputs, strip]);
                for bands in self.strips() {
                    let strip = &mut strip[..self.output_len(bands.len())];
                    output_gradient(bands.clone(), strip);
                    let squares = lattice.strip(&bands);
                    for run in lattice.runs(bands.len()) {
                        let at = (lattice.first(&bands) + run.0, run.1);
                        let (inputs, sums) = self.at_points(lattice, at, input, inputs, sums);
                        self.transform(squares, run, Step::OutputGradient(strip, sums));
                        self.add_filter_sums(lattice, run.1, inputs, sums, filter_sums);
                        if let Some(gradient) = &mut input_gradient {
                            let back = &mut back[..inputs.len()];
                            self.back_to_inputs(lattice, run.1, sums, back);
                            self.transform(lattice.input, at, Step::InputGradient(back, gradient));
                        }
                    }
                }
            }
            Lowering::Correlation(forward, backward) => {
                let Geometry { input: input_size, stored_channels, .. } = self.geometry;
                let whole =
                    input_gradient.as_ref().map_or(0, |_| backward.padded_len(input_size.0));
                let padded = forward.padded_len(self.strip.min(self.geometry.output.0));
                let [padded, padded_gradient, strip] = work.buffers([padded, whole, strip]);
                padded_gradient.fill(0.0);
                let columns = stored(self.geometry.filters);
                for bands in self.strips() {
                    let strip = &mut strip[..self.output_len(bands.len())];
                    let padded = &mut padded[..forward.padded_len(bands.len())];
                    output_gradient(bands.clone(), strip);
                    forward.pad(input, bands.clone(), padded);
                    forward.add_gradient(self.isa, padded, strip, columns, filter_sums);
                    if input_gradient.is_some() {
                        let to = backward.bands_before() + bands.start;
                        backward.place(strip, to, padded_gradient);
                    }
                }
                if let Some(gradient) = input_gradient {
                    let weight = &self.backward_weight;
                    backward.sums(self.isa, padded_gradient, weight, stored_channels, gradient);
                }
            }
        }
    }

    /// Transforms the inputs under a run of squares, and returns the used parts of the buffers.
    fn at_points<'a>(
        &self,
        lattice: &Lattice,
        run: (usize, usize),
        input: &[f32],
        inputs: &'a mut [f32],
        sums: &'a mut [f32],
    ) -> (&'a [f32], &'a mut [f32]) {
        let inputs = &mut inputs[..POINTS * plane(run.1 * lattice.input.channels)];
        self.transform(lattice.input, run, Step::Input(input, inputs));
        (inputs, &mut sums[..POINTS * plane(run.1 * lattice.output.channels)])
    }

    fn transform(&self, squares: Squares, (first, count): (usize, usize), step: Step<'_>) {
        self.isa.run(Transform { squares, first, count, step });
    }

    fn add_filter_sums(
        &self,
        lattice: &Lattice,
        squares: usize,
        inputs: &[f32],
        sums: &[f32],
        filter_sums: &mut [f32],
    ) {
        let columns = lattice.output.channels;
        let a_rows = lattice.channels.all();
        let a_steps = Offsets::first(&lattice.input_squares, squares);
        let matrices = inputs.chunks_exact(inputs.len() / POINTS);
        let gradients = sums.chunks_exact(sums.len() / POINTS);
        let results = filter_sums.chunks_exact_mut(lattice.channels.len() * columns);
        for ((a, b), c) in matrices.zip(gradients).zip(results) {
            Product { a, a_rows, a_steps, b, c, columns, accumulate: true }.run_on(self.isa);
        }
    }

    fn back_to_inputs(&self, lattice: &Lattice, squares: usize, sums: &[f32], back: &mut [f32]) {
        let columns = lattice.input.channels;
        let a_rows = Offsets::first(&lattice.output_squares, squares);
        let a_steps = lattice.filters.all();
        let gradients = sums.chunks_exact(sums.len() / POINTS);
        let filters = self.backward_weight.chunks_exact(self.backward_weight.len() / POINTS);
        let results = back.chunks_exact_mut(plane(squares * columns));
        for ((a, b), c) in gradients.zip(filters).zip(results) {
            Product { a, a_rows, a_steps, b, c, columns, accumulate: false }.run_on(self.isa);
        }
    }
}

#[cfg(test)]
mod tests;
