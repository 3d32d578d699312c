//! Global pooling, and the order of the features.
//!
//! The last maps of a pipeline are small, so this is plain code. It reads maps of (band, frame, channel) and
//! writes features in the canonical order (filter, band, frame).

use crate::architecture::{GlobalPool, Summary};

/// The last maps of a pipeline.
#[derive(Clone, Copy, Debug)]
pub(crate) struct LastMaps {
    pub(crate) size: (usize, usize),
    pub(crate) filters: usize,
    /// Number of filters, padding included.
    pub(crate) stored: usize,
    pub(crate) pool: GlobalPool,
}

impl LastMaps {
    /// Returns the size of a filter's features.
    fn summarised(&self) -> (usize, usize) {
        (self.pool.bands.len(self.size.0), self.pool.frames.len(self.size.1))
    }

    /// Returns the length of the maps.
    pub(crate) fn len(&self) -> usize {
        self.size.0 * self.size.1 * self.stored
    }

    pub(crate) fn features(&self) -> usize {
        let (bands, frames) = self.summarised();
        self.filters * bands * frames
    }

    /// Summarises a filter's map over its bands; the result is (summary, frame).
    fn summarise_bands(&self, maps: &[f32], filter: usize, over_bands: &mut [f32]) {
        let (bands, frames) = self.size;
        for frame in 0..frames {
            let column = |band: usize| maps[(band * frames + frame) * self.stored + filter];
            summarise(self.pool.bands, bands, column, |i, x| over_bands[i * frames + frame] = x);
        }
    }

    /// Computes the features.
    pub(crate) fn forward(&self, maps: &[f32], features: &mut [f32]) {
        let frames = self.size.1;
        let out = self.summarised();
        let mut over_bands = vec![0.0; out.0 * frames];
        for (filter, features) in features.chunks_exact_mut(out.0 * out.1).enumerate() {
            self.summarise_bands(maps, filter, &mut over_bands);
            for (row, features) in
                over_bands.chunks_exact(frames).zip(features.chunks_exact_mut(out.1))
            {
                summarise(self.pool.frames, frames, |frame| row[frame], |i, x| features[i] = x);
            }
        }
    }

    /// Computes the gradient of the maps from that of the features. Padding gets zeros.
    pub(crate) fn backward(&self, maps: &[f32], gradient: &[f32], map_gradient: &mut [f32]) {
        let (bands, frames) = self.size;
        let out = self.summarised();
        let mut over_bands = vec![0.0; out.0 * frames];
        let mut back = vec![0.0; out.0 * frames];
        map_gradient.fill(0.0);
        for (filter, gradient) in gradient.chunks_exact(out.0 * out.1).enumerate() {
            let at = |band: usize, frame: usize| (band * frames + frame) * self.stored + filter;
            self.summarise_bands(maps, filter, &mut over_bands);
            back.fill(0.0);
            let rows = over_bands.chunks_exact(frames).zip(back.chunks_exact_mut(frames));
            for ((row, back), gradient) in rows.zip(gradient.chunks_exact(out.1)) {
                spread(self.pool.frames, frames, |frame| row[frame], gradient, |i, d| back[i] += d);
            }
            for frame in 0..frames {
                let column = |band: usize| maps[at(band, frame)];
                let gradient: Vec<f32> = (0..out.0).map(|i| back[i * frames + frame]).collect();
                spread(self.pool.bands, bands, column, &gradient, |band, d| {
                    map_gradient[at(band, frame)] += d;
                });
            }
        }
    }
}

fn mean(len: usize, value: &impl Fn(usize) -> f32) -> f32 {
    ((0..len).map(|i| f64::from(value(i))).sum::<f64>() / len as f64) as f32
}

/// Returns the standard deviation.
fn deviation(len: usize, value: &impl Fn(usize) -> f32) -> f32 {
    let mean = (0..len).map(|i| f64::from(value(i))).sum::<f64>() / len as f64;
    let squares = (0..len).map(|i| (f64::from(value(i)) - mean).powi(2)).sum::<f64>();
    (squares / len as f64).sqrt() as f32
}

/// Returns the largest value and the index of its first occurrence; NaN if any value is NaN.
fn maximum(len: usize, value: &impl Fn(usize) -> f32) -> (f32, usize) {
    let mut best = (f32::NEG_INFINITY, 0);
    for i in 0..len {
        let x = value(i);
        if x > best.0 || x.is_nan() {
            best = (x, i);
        }
    }
    best
}

/// Calls `store` with the index and the value of each value of an axis's summary.
fn summarise(
    summary: Summary,
    len: usize,
    value: impl Fn(usize) -> f32,
    mut store: impl FnMut(usize, f32),
) {
    match summary {
        Summary::None => (0..len).for_each(|i| store(i, value(i))),
        Summary::Mean => store(0, mean(len, &value)),
        Summary::Max => store(0, maximum(len, &value).0),
        Summary::MeanMax => {
            store(0, mean(len, &value));
            store(1, maximum(len, &value).0);
        }
        Summary::MeanStd => {
            store(0, mean(len, &value));
            store(1, deviation(len, &value));
        }
    }
}

/// Calls `add` with the index and the gradient of each value of an axis, given the gradient of its summary.
fn spread(
    summary: Summary,
    len: usize,
    value: impl Fn(usize) -> f32,
    gradient: &[f32],
    mut add: impl FnMut(usize, f32),
) {
    match summary {
        Summary::None => (0..len).for_each(|i| add(i, gradient[i])),
        Summary::Mean => (0..len).for_each(|i| add(i, gradient[0] / len as f32)),
        Summary::Max => add(maximum(len, &value).1, gradient[0]),
        Summary::MeanMax => {
            (0..len).for_each(|i| add(i, gradient[0] / len as f32));
            add(maximum(len, &value).1, gradient[1]);
        }
        Summary::MeanStd => {
            (0..len).for_each(|i| add(i, gradient[0] / len as f32));
            let (mean, deviation) = (mean(len, &value), deviation(len, &value));
            // Where all values are equal, the deviation has no derivative; 0 is a subgradient.
            if deviation > 0.0 {
                let share = gradient[1] / (len as f32 * deviation);
                (0..len).for_each(|i| add(i, share * (value(i) - mean)));
            }
        }
    }
}
