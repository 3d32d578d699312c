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
mod tests {
    use super::{Convolution, Geometry, stored};
    use crate::kernel::{Kernels, Work};
    use crate::random::Philox;

    fn noise(count: usize, seed: u64) -> Vec<f32> {
        let random = Philox::new(seed, 3);
        (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect()
    }

    fn close(got: &[f32], expected: &[f64], what: &str) {
        assert_eq!(got.len(), expected.len(), "{what}");
        let scale = expected.iter().fold(1e-12, |m: f64, x| m.max(x.abs()));
        for (g, e) in got.iter().zip(expected) {
            assert!((f64::from(*g) - e).abs() < 5e-6 * scale, "{what}: {g} {e}");
        }
    }

    /// Compares one segment's output and gradients with their definitions.
    fn check(geometry: Geometry, kernels: Kernels) {
        let g = geometry;
        let what = format!("{}: {g:?}", kernels.name());
        let (in_stored, out_stored) = (g.stored_channels, stored(g.filters));
        let mut input = noise(g.input_len(), 1);
        for cell in input.chunks_exact_mut(in_stored) {
            cell[g.channels..].fill(0.0);
        }
        let mut gradient = noise(g.output_len(), 2);
        for cell in gradient.chunks_exact_mut(out_stored) {
            cell[g.filters..].fill(0.0);
        }
        let weight = noise(g.filters * g.channels * g.kernel.0 * g.kernel.1, 3);

        let mut output = vec![0.0; g.output_len()];
        let mut d_input = vec![0.0; g.input_len()];
        let mut d_weight = vec![0.0; weight.len()];
        for band in 0..g.output.0 {
            for frame in 0..g.output.1 {
                for filter in 0..g.filters {
                    let out = (band * g.output.1 + frame) * out_stored + filter;
                    for channel in 0..g.channels {
                        for i in 0..g.kernel.0 {
                            for j in 0..g.kernel.1 {
                                let y = (band + i).wrapping_sub(g.before.0);
                                let x = (frame + j).wrapping_sub(g.before.1);
                                if y >= g.input.0 || x >= g.input.1 {
                                    continue;
                                }
                                let from = (y * g.input.1 + x) * in_stored + channel;
                                let tap = ((filter * g.channels + channel) * g.kernel.0 + i)
                                    * g.kernel.1
                                    + j;
                                let d = f64::from(gradient[out]);
                                output[out] += f64::from(input[from]) * f64::from(weight[tap]);
                                d_input[from] += d * f64::from(weight[tap]);
                                d_weight[tap] += d * f64::from(input[from]);
                            }
                        }
                    }
                }
            }
        }

        let mut convolution = Convolution::new(kernels, geometry);
        convolution.pack(&weight, |_| 1.0, true);
        let mut work = Work::default();
        let mut got = vec![7.0; g.output_len()];
        convolution.forward(&input, &mut got, &mut work);
        close(&got, &output, &what);
        let mut sums = vec![0.0; convolution.gradient_len()];
        let mut back = vec![7.0; g.input_len()];
        let wanted = (in_stored > 1).then_some(&mut back[..]);
        convolution.backward(&input, &gradient, &mut sums, wanted, &mut work);
        close(&convolution.filter_gradient(&sums), &d_weight, &what);
        if in_stored > 1 {
            close(&back, &d_input, &what);
        }
    }

    #[test]
    fn matches_the_definition() {
        for kernels in Kernels::available() {
            for (input, channels, filters, kernel, same) in [
                ((9, 13), 1, 5, (3, 3), true),
                ((9, 13), 3, 9, (3, 3), true),
                ((8, 8), 8, 8, (3, 3), false),
                ((3, 3), 2, 3, (3, 3), false),
                ((1, 2), 2, 3, (3, 3), true),
                ((25, 30), 9, 17, (3, 3), true),
                ((7, 6), 4, 3, (2, 5), true),
                ((7, 6), 10, 20, (7, 1), false),
                ((5, 40), 2, 3, (4, 30), true),
                ((6, 9), 1, 3, (6, 2), false),
            ] {
                let side =
                    |input: usize, kernel: usize| if same { input } else { input + 1 - kernel };
                let output = (side(input.0, kernel.0), side(input.1, kernel.1));
                let before = if same { ((kernel.0 - 1) / 2, (kernel.1 - 1) / 2) } else { (0, 0) };
                let stored_channels = if channels == 1 { 1 } else { stored(channels) };
                check(
                    Geometry { input, channels, stored_channels, output, filters, kernel, before },
                    kernels,
                );
            }
        }
    }

    #[test]
    #[ignore = "a benchmark"]
    fn speed() {
        for (input, channels, filters) in
            [((96, 128), 1, 16), ((48, 64), 16, 32), ((24, 32), 32, 64), ((12, 16), 64, 64)]
        {
            let stored_channels = if channels == 1 { 1 } else { stored(channels) };
            let g = Geometry {
                input,
                channels,
                stored_channels,
                output: input,
                filters,
                kernel: (3, 3),
                before: (1, 1),
            };
            let mut convolution = Convolution::new(Kernels::default(), g);
            convolution.pack(&noise(filters * channels * 9, 1), |_| 1.0, true);
            let (x, mut z) = (noise(g.input_len(), 2), noise(g.output_len(), 3));
            let mut work = Work::default();
            let cpu = || -> f64 {
                std::fs::read_to_string("/proc/thread-self/schedstat")
                    .unwrap()
                    .split(' ')
                    .next()
                    .unwrap()
                    .parse::<f64>()
                    .unwrap()
                    / 1e9
            };
            let start = cpu();
            for _ in 0..200 {
                convolution.forward(&x, &mut z, &mut work);
            }
            let forward = (cpu() - start) / 200.0;
            let mut sums = vec![0.0; convolution.gradient_len()];
            let mut back = vec![0.0; g.input_len()];
            let start = cpu();
            for _ in 0..200 {
                let wanted = (channels > 1).then_some(&mut back[..]);
                convolution.backward(&x, &z, &mut sums, wanted, &mut work);
            }
            let backward = (cpu() - start) / 200.0;
            let macs = (input.0 * input.1 * 9 * channels * filters) as f64;
            println!(
                "{channels} to {filters}: forward {:.0} us ({:.0} G MAC/s), backward {:.0} us",
                forward * 1e6,
                macs / forward / 1e9,
                backward * 1e6
            );
        }
    }
}
