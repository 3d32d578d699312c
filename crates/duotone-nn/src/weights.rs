use std::collections::BTreeMap;

use crate::architecture::{Architecture, Block};
use crate::error::Error;
use crate::published::musicnn;
use crate::random::Philox;

/// A shaped array of numbers, last axis fastest.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tensor {
    /// The length of each axis.
    pub shape: Vec<usize>,
    /// The values, `shape.iter().product()` of them.
    pub data: Vec<f32>,
}

/// A network's named weights, the form that CPU, GPU, Python, ONNX and browser share.
///
/// | name | shape |
/// | --- | --- |
/// | `pipeline{i}.weight` | filters, kernel bands, kernel frames |
/// | `pipeline{i}.bias` | filters |
/// | `pipeline{i}.block{j}.weight` | filters, channels, kernel bands, kernel frames |
/// | `pipeline{i}.block{j}.bias` | filters |
/// | `pipeline{i}.block{j}.norm.weight`, `.bias`, `.mean`, `.variance` | filters |
/// | `dense.weight` | hidden units, features |
/// | `dense.bias` | hidden units |
/// | `output.weight` | classes, hidden units (or features) |
/// | `output.bias` | classes |
///
/// The first two are those of a pipeline of a [single](crate::Pipeline::is_single) block. A block with batch
/// normalisation has `norm` instead of `bias`; its mean and variance are running statistics, which training
/// updates but does not optimise.
///
/// Features are the pipelines' pooled maps one pipeline after the other, each flattened as
/// (filter, band, frame), as with PyTorch's `flatten` and `cat`.
#[derive(Clone, Debug, PartialEq, Default)]
pub struct Weights(pub BTreeMap<String, Tensor>);

impl Weights {
    /// Returns the names and shapes of an architecture's weights, in a fixed order.
    #[must_use]
    pub fn shapes(architecture: &Architecture) -> Vec<(String, Vec<usize>)> {
        let mut shapes = Vec::new();
        for (i, p) in architecture.pipelines.iter().enumerate() {
            for (j, (block, shape)) in p.blocks.iter().zip(architecture.map_shapes(p)).enumerate() {
                let name = p.block_name(i, j);
                if block.backbone().is_some() {
                    let of_backbone = musicnn::shapes().into_iter();
                    shapes.extend(
                        of_backbone.map(|(which, shape)| (format!("{name}.{which}"), shape)),
                    );
                    continue;
                }
                let Block { filters, kernel, .. } = *block;
                let weight = match p.is_single() {
                    true => vec![filters, kernel.0, kernel.1],
                    false => vec![filters, shape.channels, kernel.0, kernel.1],
                };
                shapes.push((format!("{name}.weight"), weight));
                let others: &[&str] = match block.batch_norm {
                    true => &["norm.weight", "norm.bias", "norm.mean", "norm.variance"],
                    false => &["bias"],
                };
                shapes
                    .extend(others.iter().map(|other| (format!("{name}.{other}"), vec![filters])));
            }
        }
        let Architecture { hidden_units, classes, .. } = *architecture;
        if hidden_units > 0 {
            shapes.push(("dense.weight".into(), vec![hidden_units, architecture.features()]));
            shapes.push(("dense.bias".into(), vec![hidden_units]));
        }
        shapes.push(("output.weight".into(), vec![classes, architecture.last_inputs()]));
        shapes.push(("output.bias".into(), vec![classes]));
        shapes
    }

    /// Returns initial weights: zero biases, and all else uniform within ±√(6 / (fan in + fan out)), where a
    /// convolution's fans are kernel size × input maps and kernel size × filters (Keras's `glorot_uniform`, the
    /// default of the authors' framework). Batch normalisation starts as the identity. A cepstrum's filters
    /// are what they will stay. The weights of a published network are random, too: put its own in their
    /// [place](Architecture::backbones).
    ///
    /// # Errors
    /// Those of [`Architecture::validate`].
    pub fn glorot(architecture: &Architecture, seed: u64) -> Result<Self, Error> {
        architecture.validate()?;
        let mut weights = BTreeMap::new();
        for (stream, (name, shape)) in Self::shapes(architecture).into_iter().enumerate() {
            let count = shape.iter().product();
            let data = if let [outputs, inputs @ ..] = &shape[..]
                && !inputs.is_empty()
            {
                let fan_in: usize = inputs.iter().product();
                // A convolution's shape is (filters, bands, frames) or (filters, channels, bands, frames).
                let fan_out = match inputs {
                    [_] => *outputs,
                    [.., bands, frames] => outputs * bands * frames,
                    [] => 0,
                };
                let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
                let random = Philox::new(seed, stream as u64);
                (0..count as u64).map(|i| (random.uniform(i) * 2.0 - 1.0) * limit).collect()
            } else {
                let identity = name.ends_with("norm.weight") || name.ends_with("norm.variance");
                vec![if identity { 1.0 } else { 0.0 }; count]
            };
            weights.insert(name, Tensor { shape, data });
        }
        for (i, pipeline) in architecture.pipelines.iter().enumerate() {
            for (j, block) in pipeline.blocks.iter().enumerate() {
                let name = format!("{}.weight", pipeline.block_name(i, j));
                let filters = block.fixed.and_then(|fixed| fixed.filters(block));
                if let (Some(filters), Some(tensor)) = (filters, weights.get_mut(&name)) {
                    tensor.data = filters;
                }
            }
        }
        Ok(Self(weights))
    }

    /// Returns the weights whose names start with `prefix`, without it.
    #[must_use]
    pub fn under(&self, prefix: &str) -> Self {
        let own = |(name, tensor): (&String, &Tensor)| {
            Some((name.strip_prefix(prefix)?.to_owned(), tensor.clone()))
        };
        Self(self.0.iter().filter_map(own).collect())
    }

    /// Checks that the tensors are exactly the architecture's, with its shapes.
    ///
    /// # Errors
    /// [`Error::Weights`], naming the first tensor that does not fit.
    pub fn check(&self, architecture: &Architecture) -> Result<(), Error> {
        self.check_shapes(&Self::shapes(architecture))
    }

    /// Checks that the tensors are exactly those of a list of names and shapes.
    pub(crate) fn check_shapes(&self, shapes: &[(String, Vec<usize>)]) -> Result<(), Error> {
        for (name, shape) in shapes {
            let Some(tensor) = self.0.get(name) else {
                return Err(Error::Weights(format!("{name} is missing")));
            };
            if tensor.shape != *shape || tensor.data.len() != shape.iter().product::<usize>() {
                return Err(Error::Weights(format!(
                    "{name} is {:?} with {} values, not {shape:?}",
                    tensor.shape,
                    tensor.data.len()
                )));
            }
        }
        match self.0.keys().find(|key| !shapes.iter().any(|(name, _)| name == *key)) {
            Some(extra) => Err(Error::Weights(format!("{extra} is not part of it"))),
            None => Ok(()),
        }
    }

    /// Returns the values of one tensor, or an empty slice if there is none of that name.
    #[must_use]
    pub fn get(&self, name: &str) -> &[f32] {
        self.0.get(name).map_or(&[], |tensor| &tensor.data)
    }
}
