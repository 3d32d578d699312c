//! The sizes of published networks, and the names and shapes of their tensors.

/// musicnn's sizes.
pub(crate) mod musicnn {
    /// The mel bands of a segment.
    pub(crate) const BANDS: usize = 96;
    /// The frames of a segment.
    pub(crate) const FRAMES: usize = 187;
    /// The pooled values of a segment: the maximum and the mean of every channel.
    pub(crate) const POOLED: usize = 2 * (FRONT + 3 * UNITS);
    /// The units of the layer before the last.
    pub(crate) const PENULTIMATE: usize = 200;
    /// The tags.
    pub(crate) const TAGS: usize = 50;
    /// What a trained output layer gets: the pooled values and the penultimate units.
    pub(crate) const FEATURES: usize = POOLED + PENULTIMATE;
    /// Batch normalisation adds this number to variances before it takes their square root.
    pub(crate) const NORM_EPSILON: f64 = 1e-3;
    /// Channels of the front pipelines.
    pub(crate) const FRONT: usize = 561;
    /// Channels of a middle layer.
    pub(crate) const UNITS: usize = 64;
    /// Frames under a middle layer's kernel.
    pub(crate) const TAPS: usize = 7;
    /// The middle layers.
    pub(crate) const LAYERS: [&str; 3] = ["middle0", "middle1", "middle2"];

    /// The sizes of a front pipeline; its kernel is (bands, frames).
    #[derive(Clone, Copy, Debug)]
    pub(crate) struct Sizes {
        pub(crate) name: &'static str,
        pub(crate) filters: usize,
        pub(crate) kernel: (usize, usize),
    }

    /// The front pipelines, in the order of their channels.
    pub(crate) const PIPELINES: [Sizes; 5] = [
        Sizes { name: "timbral0", filters: 204, kernel: (38, 7) },
        Sizes { name: "timbral1", filters: 204, kernel: (67, 7) },
        Sizes { name: "temporal0", filters: 51, kernel: (1, 128) },
        Sizes { name: "temporal1", filters: 51, kernel: (1, 64) },
        Sizes { name: "temporal2", filters: 51, kernel: (1, 32) },
    ];

    /// Returns the name and the shape of every tensor.
    pub(crate) fn shapes() -> Vec<(String, Vec<usize>)> {
        let mut shapes = Vec::new();
        let mut layer = |name: &str, weight: Vec<usize>| {
            shapes.push((format!("{name}.bias"), vec![weight[0]]));
            shapes.push((format!("{name}.weight"), weight));
        };
        for pipeline in PIPELINES {
            let (bands, frames) = pipeline.kernel;
            layer(pipeline.name, vec![pipeline.filters, bands, frames]);
        }
        for (name, channels) in LAYERS.into_iter().zip([FRONT, UNITS, UNITS]) {
            layer(name, vec![UNITS, channels, TAPS]);
        }
        layer("penultimate", vec![PENULTIMATE, POOLED]);
        layer("tags", vec![TAGS, PENULTIMATE]);
        let mut norms = vec![("input", 1), ("pooled", POOLED), ("penultimate", PENULTIMATE)];
        norms.extend(PIPELINES.map(|pipeline| (pipeline.name, pipeline.filters)));
        norms.extend(LAYERS.map(|name| (name, UNITS)));
        for (name, channels) in norms {
            for which in ["weight", "bias", "mean", "variance"] {
                shapes.push((format!("{name}.norm.{which}"), vec![channels]));
            }
        }
        shapes
    }
}
