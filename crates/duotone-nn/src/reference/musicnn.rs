//! The network musicnn in plain f64.

use super::Tensors;

const BANDS: usize = 96;
const FRAMES: usize = 187;
/// Added to variances.
const EPSILON: f64 = 1e-3;

/// What [`musicnn`] computes, (segment, value).
#[derive(Clone, Debug, Default)]
pub struct MusicnnReference {
    /// The maximum and the mean over time of each channel, interleaved.
    pub pooled: Vec<f64>,
    /// The normalised units of the layer before the last.
    pub penultimate: Vec<f64>,
    /// One logit per tag.
    pub tags: Vec<f64>,
}

/// Runs musicnn on any number of segments of 96 bands × 187 frames, band-major; names and shapes of the
/// weights are those of [`Musicnn::shapes`](crate::Musicnn::shapes).
#[must_use]
pub fn musicnn(weights: &Tensors, inputs: &[f64]) -> MusicnnReference {
    let mut out = MusicnnReference::default();
    for segment in inputs.chunks(BANDS * FRAMES) {
        let pooled = pool(&channels(weights, segment));
        out.pooled.extend(&pooled);
        let normal: Vec<f64> =
            (0..pooled.len()).map(|i| norm(weights, "pooled", i, pooled[i])).collect();
        let sums = dense(weights, "penultimate", &normal);
        let units: Vec<f64> =
            (0..sums.len()).map(|i| norm(weights, "penultimate", i, sums[i].max(0.0))).collect();
        out.tags.extend(dense(weights, "tags", &units));
        out.penultimate.extend(units);
    }
    out
}

/// Returns all channels that are pooled over time, each of them a row of frames.
fn channels(weights: &Tensors, segment: &[f64]) -> Vec<Vec<f64>> {
    let normal: Vec<f64> = segment.iter().map(|&x| norm(weights, "input", 0, x)).collect();
    let bands: Vec<&[f64]> = normal.chunks(FRAMES).collect();
    let mut front = Vec::new();
    for (name, filters, kernel) in [
        ("timbral0", 204, (38, 7)),
        ("timbral1", 204, (67, 7)),
        ("temporal0", 51, (1, 128)),
        ("temporal1", 51, (1, 64)),
        ("temporal2", 51, (1, 32)),
    ] {
        for filter in 0..filters {
            let mut greatest = vec![f64::NEG_INFINITY; FRAMES];
            for first in 0..=BANDS - kernel.0 {
                let maps = &bands[first..first + kernel.0];
                let values = convolve(weights, name, filter, maps, kernel.1);
                for (greatest, x) in greatest.iter_mut().zip(values) {
                    *greatest = greatest.max(x);
                }
            }
            front.push(greatest);
        }
    }
    let layer = |name: &str, maps: &[Vec<f64>]| -> Vec<Vec<f64>> {
        let maps: Vec<&[f64]> = maps.iter().map(Vec::as_slice).collect();
        (0..64).map(|filter| convolve(weights, name, filter, &maps, 7)).collect()
    };
    let add = |mut maps: Vec<Vec<f64>>, others: &[Vec<f64>]| {
        for (x, other) in maps.iter_mut().flatten().zip(others.iter().flatten()) {
            *x += other;
        }
        maps
    };
    let middle = layer("middle0", &front);
    let first_sum = add(layer("middle1", &middle), &middle);
    let second_sum = add(layer("middle2", &first_sum), &first_sum);
    [front, middle, first_sum, second_sum].concat()
}

/// Returns a filter's row of values over rows of frames: convolution with zeros around it, bias, ReLU, batch
/// normalisation.
fn convolve(
    weights: &Tensors,
    name: &str,
    filter: usize,
    rows: &[&[f64]],
    taps: usize,
) -> Vec<f64> {
    let size = rows.len() * taps;
    let kernel = &weights[&format!("{name}.weight")][filter * size..][..size];
    let before = (taps - 1) / 2;
    let mut sums = vec![weights[&format!("{name}.bias")][filter]; FRAMES];
    for (row, kernel) in rows.iter().zip(kernel.chunks(taps)) {
        for (tap, w) in kernel.iter().enumerate() {
            // Sum t adds the product of frame t + tap − before.
            let first = before.saturating_sub(tap);
            let frames = &row[(tap + first - before).min(FRAMES)..];
            sums[first..].iter_mut().zip(frames).for_each(|(sum, x)| *sum += w * x);
        }
    }
    sums.iter().map(|x| norm(weights, name, filter, x.max(0.0))).collect()
}

fn norm(weights: &Tensors, name: &str, channel: usize, x: f64) -> f64 {
    let value = |which: &str| weights[&format!("{name}.norm.{which}")][channel];
    let deviation = (value("variance") + EPSILON).sqrt();
    (x - value("mean")) / deviation * value("weight") + value("bias")
}

/// Returns the maximum and the mean of each row, interleaved.
fn pool(rows: &[Vec<f64>]) -> Vec<f64> {
    let pair = |row: &Vec<f64>| {
        let max = row.iter().fold(f64::NEG_INFINITY, |max, x| max.max(*x));
        [max, row.iter().sum::<f64>() / row.len() as f64]
    };
    rows.iter().flat_map(pair).collect()
}

fn dense(weights: &Tensors, name: &str, inputs: &[f64]) -> Vec<f64> {
    let bias = &weights[&format!("{name}.bias")];
    let rows = weights[&format!("{name}.weight")].chunks(inputs.len());
    let dot = |row: &[f64]| row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f64>();
    rows.zip(bias).map(|(row, bias)| dot(row) + bias).collect()
}
