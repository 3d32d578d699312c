//! Convolutions of maps with many channels, by matrix products.
//!
//! Maps are (band, frame, channel). A 3×3 convolution is 36 products by Winograd's algorithm; any other is one
//! product with a view of the padded input.

use super::correlation::Correlation;
use super::product::{COLUMNS, OffsetTable, Offsets, Product};
use super::scratch::Work;
use super::winograd::{self, POINTS, Squares, Step, TILE, Transform};
use super::{AlignedBuf, Isa, Kernels, Method};

/// Number of squares handled at once, so that their products stay in the cache; a multiple of the rows of a
/// product's tile.
const SQUARES: usize = 24;

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

    /// Returns the length of the output.
    #[cfg(test)]
    fn output_len(&self) -> usize {
        self.output.0 * self.output.1 * stored(self.filters)
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

/// The squares of a convolution by Winograd's algorithm.
#[derive(Clone, Debug)]
struct Lattice {
    input: Squares,
    output: Squares,
    count: usize,
    /// Offsets of squares in one point's inputs and sums, and of channels and filters.
    input_squares: OffsetTable,
    output_squares: OffsetTable,
    channels: OffsetTable,
    filters: OffsetTable,
}

impl Lattice {
    fn new(geometry: &Geometry) -> Self {
        let Geometry { input, stored_channels, output, filters, before, .. } = *geometry;
        let across = output.1.div_ceil(TILE);
        let filters = stored(filters);
        let multiples =
            |of: usize| OffsetTable::new((0..SQUARES).map(|square| square * of).collect());
        Self {
            input: Squares { map: input, channels: stored_channels, across, before },
            output: Squares { map: output, channels: filters, across, before: (0, 0) },
            count: output.0.div_ceil(TILE) * across,
            input_squares: multiples(stored_channels),
            output_squares: multiples(filters),
            channels: OffsetTable::new((0..stored_channels).collect()),
            filters: OffsetTable::new((0..filters).collect()),
        }
    }

    /// Returns runs of squares, each as its first square and its length.
    fn runs(&self) -> impl Iterator<Item = (usize, usize)> {
        let count = self.count;
        (0..count).step_by(SQUARES).map(move |first| (first, SQUARES.min(count - first)))
    }

    /// Returns buffers for the inputs and the sums at the points of a run of squares.
    fn buffers<'a>(&self, work: &'a mut Work) -> [&'a mut [f32]; 3] {
        let most = POINTS * SQUARES.min(self.count);
        let (channels, filters) = (self.input.channels, self.output.channels);
        work.buffers([most * channels, most * filters, most * channels])
    }
}

impl Convolution {
    /// Returns a convolution whose filters are all zero.
    pub(crate) fn new(kernels: Kernels, geometry: Geometry) -> Self {
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
        let weight = AlignedBuf::zeros(values * stored(g.filters));
        Self { isa: kernels.isa, geometry, method, weight, backward_weight: AlignedBuf::default() }
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
    pub(crate) fn pack(&mut self, weight: &[f32], scale: impl Fn(usize) -> f32, gradients: bool) {
        let Geometry { channels, stored_channels, filters, .. } = self.geometry;
        let (taps, columns) = (self.geometry.taps(), stored(filters));
        if gradients {
            self.backward_weight.resize(self.weight.len());
        }
        for (filter, of_filter) in weight.chunks_exact(channels * taps).enumerate() {
            let scale = scale(filter);
            for (channel, kernel) in of_filter.chunks_exact(taps).enumerate() {
                match self.method {
                    Lowering::Winograd(_) => {
                        let kernel = std::array::from_fn(|tap| kernel[tap] * scale);
                        let points = winograd::filter_points(&kernel);
                        for (point, value) in points.into_iter().enumerate() {
                            let matrix = point * stored_channels * columns;
                            self.weight[matrix + channel * columns + filter] = value;
                            if gradients {
                                let to = matrix + filter * stored_channels + channel;
                                self.backward_weight[to] = value;
                            }
                        }
                    }
                    Lowering::Correlation(..) => {
                        for (tap, w) in kernel.iter().enumerate() {
                            let at = (tap * stored_channels + channel) * columns + filter;
                            self.weight[at] = w * scale;
                            if gradients {
                                let opposite = taps - 1 - tap;
                                let to = (opposite * columns + filter) * stored_channels + channel;
                                self.backward_weight[to] = w * scale;
                            }
                        }
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
        let mut gradient = Vec::with_capacity(filters * channels * taps);
        for filter in 0..filters {
            for channel in 0..channels {
                let at = |group: usize| (group * stored_channels + channel) * columns + filter;
                match self.method {
                    Lowering::Winograd(_) => {
                        let points = std::array::from_fn(|point| sums[at(point)]);
                        gradient.extend(winograd::filter_gradient(&points));
                    }
                    Lowering::Correlation(..) => {
                        gradient.extend((0..taps).map(|tap| sums[at(tap)]));
                    }
                }
            }
        }
        gradient
    }

    /// Computes the output of one segment.
    pub(crate) fn forward(&self, input: &[f32], output: &mut [f32], work: &mut Work) {
        match &self.method {
            Lowering::Winograd(lattice) => {
                let [inputs, sums, _] = lattice.buffers(work);
                for run in lattice.runs() {
                    let (inputs, sums) = self.at_points(lattice, run, input, inputs, sums);
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
                    self.transform(lattice.output, run, Step::Output(sums, output));
                }
            }
            Lowering::Correlation(correlation, _) => {
                let [padded] = work.buffers([correlation.padded_len()]);
                correlation.pad(input, padded);
                let columns = stored(self.geometry.filters);
                correlation.sums(self.isa, padded, &self.weight, columns, output);
            }
        }
    }

    /// Adds the gradient of the filters to `filter_sums` and, unless it is `None`, replaces the gradient of the
    /// input, given the gradient of the output of one segment.
    pub(crate) fn backward(
        &self,
        input: &[f32],
        output_gradient: &[f32],
        filter_sums: &mut [f32],
        mut input_gradient: Option<&mut [f32]>,
        work: &mut Work,
    ) {
        match &self.method {
            Lowering::Winograd(lattice) => {
                if let Some(gradient) = &mut input_gradient {
                    gradient.fill(0.0);
                }
                let [inputs, sums, back] = lattice.buffers(work);
                for run in lattice.runs() {
                    let (inputs, sums) = self.at_points(lattice, run, input, inputs, sums);
                    self.transform(
                        lattice.output,
                        run,
                        Step::OutputGradient(output_gradient, sums),
                    );
                    self.add_filter_sums(lattice, run.1, inputs, sums, filter_sums);
                    if let Some(gradient) = &mut input_gradient {
                        let back = &mut back[..inputs.len()];
                        self.back_to_inputs(lattice, run.1, sums, back);
                        self.transform(lattice.input, run, Step::InputGradient(back, gradient));
                    }
                }
            }
            Lowering::Correlation(forward, backward) => {
                let [padded, padded_gradient] =
                    work.buffers([forward.padded_len(), backward.padded_len()]);
                forward.pad(input, padded);
                let columns = stored(self.geometry.filters);
                forward.add_gradient(self.isa, padded, output_gradient, columns, filter_sums);
                if let Some(gradient) = input_gradient {
                    backward.pad(output_gradient, padded_gradient);
                    let columns = self.geometry.stored_channels;
                    let weight = &self.backward_weight;
                    backward.sums(self.isa, padded_gradient, weight, columns, gradient);
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
        let inputs = &mut inputs[..POINTS * run.1 * lattice.input.channels];
        self.transform(lattice.input, run, Step::Input(input, inputs));
        (inputs, &mut sums[..POINTS * run.1 * lattice.output.channels])
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
        let results = back.chunks_exact_mut(squares * columns);
        for ((a, b), c) in gradients.zip(filters).zip(results) {
            Product { a, a_rows, a_steps, b, c, columns, accumulate: false }.run_on(self.isa);
        }
    }
}

#[cfg(test)]
mod tests;
