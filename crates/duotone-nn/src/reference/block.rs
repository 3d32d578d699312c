//! A block, and what becomes of its maps, in plain f64.

use super::{MusicnnReference, Tensors, musicnn};
use crate::architecture::{Architecture, BATCH_NORM_EPSILON, Block, MapShape, Pipeline, Summary};

/// The maps of one segment, (channel, band, frame).
pub(super) type Map = Vec<f64>;

/// A block's forward pass over a batch.
#[derive(Clone, Debug)]
pub(super) struct Trace {
    inputs: Vec<Map>,
    sums: Vec<Map>,
    /// Mean and variance of each filter's sums.
    moments: Vec<(f64, f64)>,
    /// Before LeakyReLU, pooled, with each value's position in the convolved map.
    pooled: Vec<(Map, Vec<usize>)>,
    pub(super) outputs: Vec<Map>,
}

impl Trace {
    /// Returns the position in the convolved map of each pooled value of a segment.
    pub(super) fn positions(&self, segment: usize) -> &[usize] {
        &self.pooled[segment].1
    }
}

/// The sizes and weights of a block.
pub(super) struct BlockReference<'a> {
    pub(super) a: &'a Architecture,
    pub(super) block: Block,
    pub(super) shape: MapShape,
    /// The first part of its weights' names.
    pub(super) name: String,
    pub(super) weights: &'a Tensors,
}

impl BlockReference<'_> {
    fn weight(&self, which: &str) -> &[f64] {
        &self.weights[&format!("{}.{which}", self.name)]
    }

    /// For every product in a segment's convolution, calls `work` with the indices of its sum, its input and
    /// its weight.
    fn each_product(&self, mut work: impl FnMut(usize, usize, usize)) {
        let MapShape { channels, input, convolved, .. } = self.shape;
        let kernel = self.block.kernel;
        let [before, _] = self.block.zeros();
        for filter in 0..self.block.filters {
            for (band, frame) in cells(convolved) {
                let sum = (filter * convolved.0 + band) * convolved.1 + frame;
                for channel in 0..channels {
                    for (i, j) in cells(kernel) {
                        let y = (band + i).wrapping_sub(before.0);
                        let x = (frame + j).wrapping_sub(before.1);
                        if y < input.0 && x < input.1 {
                            let from = (channel * input.0 + y) * input.1 + x;
                            let tap = ((filter * channels + channel) * kernel.0 + i) * kernel.1 + j;
                            work(sum, from, tap);
                        }
                    }
                }
            }
        }
    }

    /// Runs the block. Batch normalisation uses the batch's statistics in training, else the running ones.
    pub(super) fn forward(&self, inputs: Vec<Map>, training: bool) -> Trace {
        if self.block.backbone().is_some() {
            return self.published(inputs);
        }
        let Block { filters, .. } = self.block;
        let cells_of_map = self.shape.convolved.0 * self.shape.convolved.1;
        let weight = self.weight("weight");
        let mut sums = vec![vec![0.0; filters * cells_of_map]; inputs.len()];
        for (input, sums) in inputs.iter().zip(&mut sums) {
            self.each_product(|sum, from, tap| sums[sum] += input[from] * weight[tap]);
        }
        let moments = match (self.block.batch_norm, training) {
            (false, _) => vec![(0.0, 1.0); filters],
            (true, true) => batch_moments(&sums, filters, cells_of_map),
            (true, false) => {
                let statistics = self.weight("norm.mean").iter().zip(self.weight("norm.variance"));
                statistics.map(|(&mean, &variance)| (mean, variance)).collect()
            }
        };
        let mut trace = Trace { inputs, sums, moments, pooled: Vec::new(), outputs: Vec::new() };
        for sums in &trace.sums {
            let value = |filter: usize, cell: usize| {
                self.normalised(&trace.moments, filter, sums[filter * cells_of_map + cell])
            };
            let (values, positions) = self.pool(value);
            let activate =
                |&t: &f64| if t > 0.0 { t } else { t * f64::from(self.a.negative_slope) };
            trace.outputs.push(values.iter().map(activate).collect());
            trace.pooled.push((values, positions));
        }
        trace
    }

    /// Runs a block that is a published network.
    fn published(&self, inputs: Vec<Map>) -> Trace {
        let prefix = format!("{}.", self.name);
        let own = |(name, values): (&String, &Vec<f64>)| {
            Some((name.strip_prefix(&prefix)?.to_owned(), values.clone()))
        };
        let weights: Tensors = self.weights.iter().filter_map(own).collect();
        let mut trace =
            Trace { inputs, sums: vec![], moments: vec![], pooled: vec![], outputs: vec![] };
        for input in &trace.inputs {
            let MusicnnReference { mut pooled, penultimate, .. } = musicnn(&weights, input);
            pooled.extend(penultimate);
            trace.pooled.push((pooled.clone(), vec![0; pooled.len()]));
            trace.outputs.push(pooled);
        }
        trace
    }

    /// Returns the input of LeakyReLU for a sum.
    fn normalised(&self, moments: &[(f64, f64)], filter: usize, sum: f64) -> f64 {
        if !self.block.batch_norm {
            return sum + self.weight("bias")[filter];
        }
        let (mean, variance) = moments[filter];
        let x = (sum - mean) / (variance + f64::from(BATCH_NORM_EPSILON)).sqrt();
        x * self.weight("norm.weight")[filter] + self.weight("norm.bias")[filter]
    }

    /// Returns the maximum of each pooling window and its position in the map: the first of equal values, or
    /// the last NaN if there is one.
    fn pool(&self, value: impl Fn(usize, usize) -> f64) -> (Map, Vec<usize>) {
        let MapShape { convolved, pooled, .. } = self.shape;
        let pool = self.block.pool;
        let (mut values, mut positions) = (Vec::new(), Vec::new());
        for filter in 0..self.block.filters {
            for (row, column) in cells(pooled) {
                let corner = row * pool.0 * convolved.1 + column * pool.1;
                let mut best = (f64::NEG_INFINITY, corner);
                for (i, j) in cells(pool) {
                    let position = corner + i * convolved.1 + j;
                    let x = value(filter, position);
                    if x > best.0 || x.is_nan() {
                        best = (x, position);
                    }
                }
                values.push(best.0);
                positions.push(best.1);
            }
        }
        (values, positions)
    }

    /// Returns the gradients of the inputs, given those of the outputs, and adds those of the weights. A
    /// published network has none.
    pub(super) fn backward(
        &self,
        trace: &Trace,
        gradients: &[Map],
        into: &mut impl FnMut(&str, usize, f64),
    ) -> Vec<Map> {
        let Block { filters, batch_norm, .. } = self.block;
        if self.block.backbone().is_some() {
            return Vec::new();
        }
        let map = self.shape.convolved.0 * self.shape.convolved.1;
        let windows = self.shape.pooled.0 * self.shape.pooled.1;
        let name = |which: &str| format!("{}.{which}", self.name);
        // The gradients of the inputs of LeakyReLU.
        let mut by_sum = vec![vec![0.0; filters * map]; gradients.len()];
        for (n, gradient) in gradients.iter().enumerate() {
            let (values, positions) = &trace.pooled[n];
            for (at, d) in gradient.iter().enumerate() {
                let slope = if values[at] > 0.0 { 1.0 } else { f64::from(self.a.negative_slope) };
                by_sum[n][at / windows * map + positions[at]] += d * slope;
            }
        }
        for filter in 0..filters {
            let all =
                || (0..by_sum.len()).flat_map(|n| (0..map).map(move |c| (n, filter * map + c)));
            let shift: f64 = all().map(|(n, at)| by_sum[n][at]).sum();
            if !batch_norm {
                into(&name("bias"), filter, shift);
                continue;
            }
            let (mean, variance) = trace.moments[filter];
            let std = (variance + f64::from(BATCH_NORM_EPSILON)).sqrt();
            let x = |n: usize, at: usize| (trace.sums[n][at] - mean) / std;
            let scale: f64 = all().map(|(n, at)| by_sum[n][at] * x(n, at)).sum();
            into(&name("norm.bias"), filter, shift);
            into(&name("norm.weight"), filter, scale);
            let count = (by_sum.len() * map) as f64;
            let factor = self.weight("norm.weight")[filter] / std;
            for (n, at) in all().collect::<Vec<_>>() {
                by_sum[n][at] = factor * (by_sum[n][at] - shift / count - x(n, at) * scale / count);
            }
        }
        let weight = self.weight("weight");
        let weight_name = name("weight");
        let mut by_input = Vec::new();
        for (input, by_sum) in trace.inputs.iter().zip(&by_sum) {
            let mut back = vec![0.0; input.len()];
            self.each_product(|sum, from, tap| {
                back[from] += by_sum[sum] * weight[tap];
                into(&weight_name, tap, by_sum[sum] * input[from]);
            });
            by_input.push(back);
        }
        by_input
    }
}

fn cells(size: (usize, usize)) -> impl Iterator<Item = (usize, usize)> {
    (0..size.0).flat_map(move |i| (0..size.1).map(move |j| (i, j)))
}

/// Returns the mean and the variance (of the population) of each filter's sums over a batch.
fn batch_moments(sums: &[Map], filters: usize, map: usize) -> Vec<(f64, f64)> {
    let count = (sums.len() * map) as f64;
    let of_filter = |filter: usize| {
        let values = || sums.iter().flat_map(move |sums| &sums[filter * map..][..map]);
        let mean = values().sum::<f64>() / count;
        (mean, values().map(|x| (x - mean).powi(2)).sum::<f64>() / count)
    };
    (0..filters).map(of_filter).collect()
}

/// Computes a segment's features from the last maps of a pipeline. Also returns each feature's derivatives: the
/// indices of the map values that it depends on, each with the derivative.
pub(super) fn global_pool(
    pipeline: &Pipeline,
    filters: usize,
    size: (usize, usize),
    map: &[f64],
) -> (Vec<f64>, Vec<Vec<(usize, f64)>>) {
    let (mut values, mut parts) = (Vec::new(), Vec::new());
    for filter in 0..filters {
        // First over the bands: for each summary of a column, its parts.
        let column = |frame: usize| -> Vec<Vec<(usize, f64)>> {
            let at = |band: usize| (filter * size.0 + band) * size.1 + frame;
            let values: Vec<Vec<(usize, f64)>> =
                (0..size.0).map(|band| vec![(at(band), 1.0)]).collect();
            summarise(pipeline.global_pool.bands, &values, map)
        };
        let columns: Vec<_> = (0..size.1).map(column).collect();
        for row in 0..columns[0].len() {
            let row: Vec<_> = columns.iter().map(|column| column[row].clone()).collect();
            for feature in summarise(pipeline.global_pool.frames, &row, map) {
                values.push(value(&feature, map));
                parts.push(feature);
            }
        }
    }
    (values, parts)
}

fn value(parts: &[(usize, f64)], map: &[f64]) -> f64 {
    parts.iter().map(|&(at, share)| map[at] * share).sum()
}

fn summarise(summary: Summary, axis: &[Vec<(usize, f64)>], map: &[f64]) -> Vec<Vec<(usize, f64)>> {
    let mean = || {
        let shared = |&(at, share): &(usize, f64)| (at, share / axis.len() as f64);
        axis.iter().flatten().map(shared).collect::<Vec<_>>()
    };
    let max = || {
        let mut best = &axis[0];
        for other in axis {
            if value(other, map) > value(best, map) {
                best = other;
            }
        }
        best.clone()
    };
    // Σ share × x with the shares (x − mean) / (n × deviation) is the deviation, and they are its derivatives.
    let deviation = || {
        let values: Vec<f64> = axis.iter().map(|parts| value(parts, map)).collect();
        let count = values.len() as f64;
        let mean = values.iter().sum::<f64>() / count;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let deviation = (squares / count).sqrt();
        let mut shared = Vec::new();
        for (parts, x) in axis.iter().zip(&values) {
            let factor = if deviation > 0.0 { (x - mean) / (count * deviation) } else { 0.0 };
            shared.extend(parts.iter().map(|&(at, share)| (at, share * factor)));
        }
        shared
    };
    match summary {
        Summary::None => axis.to_vec(),
        Summary::MeanStd => vec![mean(), deviation()],
        Summary::Mean => vec![mean()],
        Summary::Max => vec![max()],
        Summary::MeanMax => vec![mean(), max()],
    }
}
