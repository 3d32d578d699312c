//! musicnn (Pons and Serra, "musicnn: pre-trained convolutional neural networks for music audio tagging",
//! 2019) as a frozen feature extractor.
//!
//! ```text
//! segment ─▶ batch norm ─▶ front: 5 pipelines ─▶ 561 channels ─┬─▶ middle: 3 layers ─▶ 3 × 64 channels ─┐
//!                                                              └────────────────────────────────────────┴─▶
//! ─▶ maximum and mean over time ─▶ batch norm ─▶ dense, ReLU ─▶ batch norm ─▶ dense
//!             (pooled)                                          (penultimate)  (tags)
//! ```

mod front;
mod head;
mod middle;
mod norm;

use std::cell::Cell;

use crate::error::Error;
use crate::kernel::{Kernels, Work, stored};
use crate::parallel;
use crate::published::musicnn::{
    BANDS, FEATURES, FRAMES, FRONT, LAYERS, NORM_EPSILON, PENULTIMATE, PIPELINES, POOLED, TAGS,
    UNITS, shapes,
};
use crate::thread_memory;
use crate::weights::Weights;
use front::Group;
use head::Head;
use middle::Layer;
use norm::Norm;

/// A thread's working memory.
#[derive(Default)]
struct Memory {
    /// For a segment's values.
    buffers: Work,
    /// For a convolution.
    work: Work,
}

thread_local! {
    static MEMORY: Cell<Memory> = Cell::default();
}

/// musicnn, ready to run.
#[derive(Clone, Debug)]
pub struct Musicnn {
    input: Norm,
    front: Vec<Group>,
    middle: Vec<Layer>,
    head: Head,
}

/// What [`Musicnn::features`] computes, (segment, value).
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MusicnnFeatures {
    /// The maximum and the mean over time of every channel, interleaved: [`Musicnn::POOLED`] values per
    /// segment.
    pub pooled: Vec<f32>,
    /// The layer before the last, after batch normalisation: [`Musicnn::PENULTIMATE`] values per segment.
    pub penultimate: Vec<f32>,
    /// One logit per tag: [`Musicnn::TAGS`] values per segment.
    pub tags: Vec<f32>,
}

impl Musicnn {
    /// The mel bands of a segment.
    pub const BANDS: usize = BANDS;
    /// The frames of a segment.
    pub const FRAMES: usize = FRAMES;
    /// The pooled values of a segment.
    pub const POOLED: usize = POOLED;
    /// The units of the layer before the last.
    pub const PENULTIMATE: usize = PENULTIMATE;
    /// The tags.
    pub const TAGS: usize = TAGS;
    /// Batch normalisation adds this number to variances before it takes their square root.
    pub const NORM_EPSILON: f32 = NORM_EPSILON as f32;
    /// The pooled values and the penultimate units of a segment, which a trained output layer gets.
    pub const FEATURES: usize = FEATURES;

    /// Returns the name and the shape of every tensor. Kernels are (filter, band, frame) or (filter, channel,
    /// frame), dense layers (output, input).
    #[must_use]
    pub fn shapes() -> Vec<(String, Vec<usize>)> {
        shapes()
    }

    /// Checks that weights have exactly these names and shapes.
    ///
    /// # Errors
    /// [`Error::Weights`], naming the first tensor that does not fit.
    pub fn check(weights: &Weights) -> Result<(), Error> {
        weights.check_shapes(&shapes())
    }

    /// Creates the network from its tensors (see [`shapes`](Self::shapes)).
    ///
    /// # Errors
    /// [`Error::Weights`] if a tensor is missing, unexpected or has another shape, or if a variance is not
    /// finite, or not positive after batch normalisation's epsilon is added.
    pub fn new(weights: &Weights) -> Result<Self, Error> {
        Self::with_kernels(weights, Kernels::default())
    }

    /// Like [`new`](Self::new), with the given kernels instead of the fastest ones.
    ///
    /// # Errors
    /// As for [`new`](Self::new).
    pub fn with_kernels(weights: &Weights, kernels: Kernels) -> Result<Self, Error> {
        Self::check(weights)?;
        let mut middle = Vec::new();
        for (name, channels) in LAYERS.into_iter().zip([FRONT, UNITS, UNITS]) {
            middle.push(Layer::new(kernels, weights, name, channels)?);
        }
        Ok(Self {
            input: Norm::new(weights, "input")?,
            front: front::groups(kernels, weights)?,
            middle,
            head: Head::new(weights)?,
        })
    }

    /// Returns the features of any number of segments, one after the other in `inputs`, each 96 bands × 187
    /// frames, band-major. A segment's features do not depend on the other segments, nor on the number of
    /// threads.
    ///
    /// # Errors
    /// [`Error::Batch`] if `inputs` is not a whole number of segments.
    pub fn features(&self, inputs: &[f32]) -> Result<MusicnnFeatures, Error> {
        const SIZE: usize = BANDS * FRAMES;
        if !inputs.len().is_multiple_of(SIZE) {
            return Err(Error::Batch(format!(
                "{} values are not a whole number of segments of {BANDS} bands × {FRAMES} frames",
                inputs.len()
            )));
        }
        let samples = inputs.len() / SIZE;
        let mut pooled = vec![0.0; samples * POOLED];
        parallel::inside(|| {
            // With fewer segments than threads, the threads share a segment.
            let share = samples < parallel::threads();
            parallel::pieces(&mut pooled, POOLED, |sample, pooled| {
                let segment = &inputs[sample * SIZE..][..SIZE];
                thread_memory::lend(&MEMORY, |memory| self.pool(segment, pooled, memory, share));
            });
        });
        let mut features = MusicnnFeatures {
            penultimate: vec![0.0; samples * PENULTIMATE],
            tags: vec![0.0; samples * TAGS],
            pooled,
        };
        let rows = features.pooled.chunks_exact(POOLED);
        let outputs = features.penultimate.chunks_exact_mut(PENULTIMATE);
        for ((pooled, penultimate), tags) in
            rows.zip(outputs).zip(features.tags.chunks_exact_mut(TAGS))
        {
            self.head.run(pooled, penultimate, tags);
        }
        Ok(features)
    }

    /// Computes a segment's pooled values.
    fn pool(&self, segment: &[f32], pooled: &mut [f32], memory: &mut Memory, share: bool) {
        let channels = stored(FRONT);
        let sums: usize = self.front.iter().map(Group::len).sum();
        let [timbral, long, middle_sized, short, sums, map, middle] = memory.buffers.buffers([
            front::padded_len(&PIPELINES[0]),
            front::padded_len(&PIPELINES[2]),
            front::padded_len(&PIPELINES[3]),
            front::padded_len(&PIPELINES[4]),
            sums,
            FRAMES * channels,
            3 * FRAMES * UNITS,
        ]);
        front::pad(&PIPELINES[0], segment, &self.input, timbral);
        front::pad(&PIPELINES[2], segment, &self.input, long);
        front::pad(&PIPELINES[3], segment, &self.input, middle_sized);
        front::pad(&PIPELINES[4], segment, &self.input, short);
        // Both timbral pipelines have kernels of the same length.
        let padded: [&[f32]; 5] = [timbral, timbral, long, middle_sized, short];
        let mut jobs = Vec::with_capacity(self.front.len());
        let mut rest = &mut *sums;
        for group in &self.front {
            let (of_group, others) = rest.split_at_mut(group.len());
            rest = others;
            jobs.push((group, of_group));
        }
        let run = |(group, sums): &mut (&Group, &mut [f32])| {
            group.convolve(padded[group.pipeline], sums);
        };
        match share {
            true => parallel::pieces(&mut jobs, 1, |_, job| run(&mut job[0])),
            false => jobs.iter_mut().for_each(run),
        }
        // The padding channels of the map must be zero.
        map.fill(0.0);
        for (group, sums) in &jobs {
            group.finish(sums, map, channels);
        }
        let (first, rest) = middle.split_at_mut(FRAMES * UNITS);
        let (second, third) = rest.split_at_mut(FRAMES * UNITS);
        self.middle[0].run(map, first, &mut memory.work);
        self.middle[1].run(first, second, &mut memory.work);
        second.iter_mut().zip(&*first).for_each(|(x, other)| *x += other);
        self.middle[2].run(second, third, &mut memory.work);
        third.iter_mut().zip(&*second).for_each(|(x, other)| *x += other);
        let (front, layers) = pooled.split_at_mut(2 * FRONT);
        head::pool(map, channels, front);
        for (map, to) in [first, second, third].into_iter().zip(layers.chunks_exact_mut(2 * UNITS))
        {
            head::pool(map, UNITS, to);
        }
    }
}
