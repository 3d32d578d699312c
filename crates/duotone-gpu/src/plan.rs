//! The sizes of everything that a network needs on a device: buffers, workgroups, shader constants.

mod cost;

pub use cost::{Cost, training_step};

use duotone_nn::{Architecture, Block, MapShape};

use crate::error::Error;

/// A tile of a matrix product: rows and columns of the result, and how much of the sum's range is
/// loaded at a time.
pub(crate) const ROWS: usize = 64;
pub(crate) const COLUMNS: usize = 32;
pub(crate) const DEPTH: usize = 16;
/// Invocations per tile, with 4 × 4 sums each.
pub(crate) const TILE_THREADS: usize = ROWS * COLUMNS / 16;
/// Invocations per workgroup of the other shaders.
pub(crate) const HEAD_THREADS: usize = 256;
pub(crate) const THREADS: usize = 64;
/// Workgroup memory of the convolution, the largest of all shaders: two tiles and the map.
const WORKGROUP_BYTES: usize =
    4 * (4 * DEPTH * (ROWS / 4 + COLUMNS / 4 + 2) + ROWS * (COLUMNS + 1) + ROWS);
/// Storage buffers of the head, the most of all shaders.
const BINDINGS: usize = 8;
/// Largest number of tiles per workgroup of a convolution.
const MAX_PASSES: usize = 4;
/// Workgroups that keep a large GPU busy. Sums are split if there would be fewer.
const WORKGROUPS: usize = 256;
/// Largest number of parts of a filter gradient's sum over a batch.
const MAX_PARTS: usize = 16;
/// Largest number of training steps per submission.
const STEPS: usize = 32;
/// Approximate number of operations per submission: one second on a slow GPU. Some systems reset
/// the GPU if a submission takes longer.
const OPERATIONS: f64 = 2e11;
/// Approximate number of bytes of segments per submission.
const BYTES: usize = 32 << 20;
/// Largest buffer, because indices in shaders have 32 bits.
const MAX_BUFFER: u64 = (1 << 32) - 4;

/// The limits of a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Largest buffer of a shader, in bytes.
    pub buffer_bytes: u64,
    /// Largest number of workgroups along each dimension.
    pub workgroups: u32,
    /// Largest shared memory of a workgroup, in bytes.
    pub workgroup_bytes: u32,
    /// Largest number of invocations per workgroup.
    pub invocations: u32,
    /// Largest number of storage buffers per shader.
    pub storage_buffers: u32,
}

/// One pipeline's share of the plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PipelinePlan {
    pub(crate) filters: usize,
    pub(crate) taps: usize,
    /// Index of its first feature.
    pub(crate) first: usize,
    /// Pooling windows per map.
    pub(crate) windows: usize,
    pub(crate) windows_per_group: usize,
    pub(crate) passes: usize,
}

/// The layout of a network and its mini-batch on a device.
#[derive(Clone, Debug, PartialEq)]
pub struct Plan {
    pub(crate) architecture: Architecture,
    /// Largest number of segments in a mini-batch.
    pub(crate) batch: usize,
    pub(crate) features: usize,
    pub(crate) pipelines: Vec<PipelinePlan>,
    /// Parts of the dense layer's sums, and features in each.
    pub(crate) parts: usize,
    pub(crate) part_depth: usize,
    /// Segments in a part of a filter gradient, and number of parts.
    pub(crate) samples_per_part: usize,
    pub(crate) filter_parts: usize,
}

impl Plan {
    /// Plans a network for mini-batches of up to `batch` segments.
    ///
    /// # Errors
    /// [`Error::Network`] for an invalid architecture or an empty batch; [`Error::Architecture`] if it is not
    /// of the paper's family.
    pub fn new(architecture: &Architecture, batch: usize) -> Result<Self, Error> {
        architecture.validate()?;
        if batch == 0 {
            return Err(duotone_nn::Error::Batch("no segments".into()).into());
        }
        if !architecture.is_single_layer() {
            return Err(Error::Architecture);
        }
        let features = architecture.features();
        let mut first = 0;
        let pipelines = architecture
            .first_blocks()
            .map(|(block, shape)| {
                let plan = PipelinePlan::new(block, shape, first);
                first += plan.windows * plan.filters;
                plan
            })
            .collect();
        let tiles = batch.div_ceil(ROWS) * architecture.hidden_units.div_ceil(COLUMNS);
        let wanted = WORKGROUPS.div_ceil(tiles).min(features.div_ceil(4 * DEPTH));
        let part_depth = features.div_ceil(wanted).next_multiple_of(DEPTH);
        let samples_per_part = batch.div_ceil(MAX_PARTS).max(4).min(batch);
        Ok(Self {
            architecture: architecture.clone(),
            batch,
            features,
            pipelines,
            parts: features.div_ceil(part_depth),
            part_depth,
            samples_per_part,
            filter_parts: batch.div_ceil(samples_per_part),
        })
    }

    /// Number of values in a segment.
    pub(crate) fn size(&self) -> usize {
        self.architecture.bands * self.architecture.frames
    }

    /// Number of training steps per submission.
    pub(crate) fn steps(&self) -> usize {
        let operations: f64 = training_step(self).iter().map(|cost| cost.operations).sum();
        let bytes = 4 * self.batch * self.size();
        STEPS.min((OPERATIONS / operations) as usize).min(BYTES / bytes).max(1)
    }

    /// Name and size in bytes of every large buffer, except for the source of the segments.
    fn buffers(&self) -> Vec<(String, u64)> {
        let a = &self.architecture;
        let bytes = |factors: &[usize]| 4 * factors.iter().map(|&f| f as u64).product::<u64>();
        let mut buffers = vec![
            ("segments".to_owned(), bytes(&[self.steps(), self.batch, self.size()])),
            ("the pooled maps of a batch".to_owned(), bytes(&[self.batch, self.features])),
            ("the dense layer's weights".to_owned(), bytes(&[a.hidden_units, self.features])),
            ("the dense layer's sums".to_owned(), bytes(&[self.parts, self.batch, a.hidden_units])),
            ("the dense layer's units".to_owned(), bytes(&[2, self.batch, a.hidden_units])),
            ("the output layer's weights".to_owned(), bytes(&[a.classes, a.hidden_units])),
            ("the logits".to_owned(), bytes(&[self.batch, a.classes])),
        ];
        for (i, p) in self.pipelines.iter().enumerate() {
            let parts = bytes(&[self.filter_parts, p.filters, p.taps + 1]);
            buffers.push((format!("the filter gradients of pipeline {}", i + 1), parts));
        }
        buffers
    }

    /// The largest numbers of workgroups along a dimension, and what they are for.
    fn workgroups(&self) -> Vec<(&'static str, usize)> {
        let a = &self.architecture;
        let mut groups = vec![
            ("a segment's numbers", self.size().div_ceil(THREADS)),
            ("segments in a mini-batch", self.batch),
            ("features", self.features.div_ceil(COLUMNS)),
            ("hidden units", a.hidden_units.div_ceil(COLUMNS)),
            ("classes", a.classes + 1),
        ];
        for p in &self.pipelines {
            groups.push(("pooling windows", p.windows.div_ceil(p.windows_per_group)));
            groups.push(("filters", p.filters));
            groups.push(("filter taps", (p.taps + 1).div_ceil(THREADS)));
        }
        groups
    }

    /// Checks that the network fits the device.
    ///
    /// # Errors
    /// [`Error::Limit`] names what is too large, its size and the limit.
    pub fn check(&self, limits: &Limits) -> Result<(), Error> {
        let most = limits.buffer_bytes.min(MAX_BUFFER);
        for (what, bytes) in self.buffers() {
            if bytes > most {
                return Err(Error::Limit(format!(
                    "{what} take {bytes} bytes, but a buffer has at most {most}: use a smaller \
                     mini-batch or network, or the CPU"
                )));
            }
        }
        for (what, groups) in self.workgroups() {
            if groups > limits.workgroups as usize {
                return Err(Error::Limit(format!(
                    "{what}: {groups} workgroups in a row, but at most {} are supported: use a \
                     smaller network, or the CPU",
                    limits.workgroups
                )));
            }
        }
        for (what, need, have) in [
            ("bytes of workgroup memory", WORKGROUP_BYTES, limits.workgroup_bytes),
            ("invocations in a workgroup", HEAD_THREADS, limits.invocations),
            ("storage buffers in a shader", BINDINGS, limits.storage_buffers),
        ] {
            if need > have as usize {
                return Err(Error::Limit(format!(
                    "it supports {have} {what}, but {need} are needed"
                )));
            }
        }
        Ok(())
    }
}

impl PipelinePlan {
    fn new(block: Block, shape: MapShape, first: usize) -> Self {
        let (rows, columns) = shape.pooled;
        let (windows, pool) = (rows * columns, block.pool.0 * block.pool.1);
        let (windows_per_group, passes) = grouping(windows, pool);
        Self {
            filters: block.filters,
            taps: block.kernel.0 * block.kernel.1,
            first,
            windows,
            windows_per_group,
            passes,
        }
    }
}

/// Returns how many whole windows of `pool` positions a workgroup processes, and in how many tiles.
/// Leaves few rows of the tiles empty, but prefers small workgroups if it makes little difference.
fn grouping(windows: usize, pool: usize) -> (usize, usize) {
    let tiles = |group: usize| windows.div_ceil(group) * (group * pool).div_ceil(ROWS);
    let mut best = 1.max(ROWS / pool).min(windows);
    for passes in 2..=MAX_PASSES {
        let group = (passes * ROWS / pool).min(windows);
        if group > 0 && tiles(group) * 20 < tiles(best) * 19 {
            best = group;
        }
    }
    (best, (best * pool).div_ceil(ROWS))
}

#[cfg(test)]
mod tests {
    use super::{Limits, Plan, grouping};
    use duotone_nn::Architecture;

    const WEBGPU: Limits = Limits {
        buffer_bytes: 128 << 20,
        workgroups: 65_535,
        workgroup_bytes: 16_384,
        invocations: 256,
        storage_buffers: 8,
    };

    #[test]
    fn grouping_leaves_few_rows_empty() {
        assert_eq!(grouping(81, 17), (7, 2));
        assert_eq!(grouping(146, 15), (4, 1));
        assert_eq!(grouping(93, 20), (3, 1));
        assert_eq!(grouping(1, 1), (1, 1));
        assert_eq!(grouping(2, 1000), (1, 16));
        assert_eq!(grouping(1000, 1), (64, 1));
    }

    #[test]
    fn presets_fit_every_webgpu_device() {
        for name in Architecture::PRESETS {
            let architecture = Architecture::preset(name, 1000).unwrap();
            for batch in [1, 40, 1024] {
                assert_eq!(Plan::new(&architecture, batch).unwrap().check(&WEBGPU), Ok(()));
            }
        }
    }

    #[test]
    fn errors_name_what_is_too_large() {
        let plan = |hidden_units, batch| {
            let mut architecture = Architecture::preset("model2", 10).unwrap();
            architecture.hidden_units = hidden_units;
            Plan::new(&architecture, batch).unwrap()
        };
        let message = |plan: Plan, limits| plan.check(&limits).unwrap_err().to_string();
        let error = message(plan(5000, 40), WEBGPU);
        assert!(error.contains("the dense layer's weights take 145280000 bytes"), "{error}");
        let error = message(plan(200, 8192), WEBGPU);
        assert!(error.contains("pooled maps") && error.contains("134217728"), "{error}");
        let error = message(plan(200, 40), Limits { workgroups: 100, ..WEBGPU });
        assert!(error.contains("features: 227 workgroups"), "{error}");
        let error = message(plan(200, 40), Limits { invocations: 128, ..WEBGPU });
        assert!(error.contains("128 invocations") && error.contains("256"), "{error}");
        assert!(Plan::new(&Architecture::preset("model2", 10).unwrap(), 0).is_err());
    }
}
