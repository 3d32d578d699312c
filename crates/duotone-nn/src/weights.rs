use std::collections::BTreeMap;

use crate::architecture::Architecture;
use crate::error::Error;
use crate::random::Philox;

/// A shaped array of numbers, last axis fastest.
#[derive(Clone, Debug, PartialEq)]
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
/// | `dense.weight` | hidden units, features |
/// | `dense.bias` | hidden units |
/// | `output.weight` | classes, hidden units |
/// | `output.bias` | classes |
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
            shapes.push((format!("pipeline{i}.weight"), vec![p.filters, p.kernel.0, p.kernel.1]));
            shapes.push((format!("pipeline{i}.bias"), vec![p.filters]));
        }
        let (hidden_units, classes) = (architecture.hidden_units, architecture.classes);
        shapes.push(("dense.weight".into(), vec![hidden_units, architecture.features()]));
        shapes.push(("dense.bias".into(), vec![hidden_units]));
        shapes.push(("output.weight".into(), vec![classes, hidden_units]));
        shapes.push(("output.bias".into(), vec![classes]));
        shapes
    }

    /// Returns initial weights: zero biases, and all else uniform within ±√(6 / (fan in + fan out)), where a
    /// convolution's fans are kernel size × input maps (1) and kernel size × filters (Keras's
    /// `glorot_uniform`, the default of the authors' framework).
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
                let fan_out = if inputs.len() == 1 { *outputs } else { outputs * fan_in };
                let limit = (6.0 / (fan_in + fan_out) as f64).sqrt() as f32;
                let random = Philox::new(seed, stream as u64);
                (0..count as u64).map(|i| (random.uniform(i) * 2.0 - 1.0) * limit).collect()
            } else {
                vec![0.0; count]
            };
            weights.insert(name, Tensor { shape, data });
        }
        Ok(Self(weights))
    }

    /// Checks that the tensors are exactly the architecture's, with its shapes.
    ///
    /// # Errors
    /// [`Error::Weights`], naming the first tensor that does not fit.
    pub fn check(&self, architecture: &Architecture) -> Result<(), Error> {
        let shapes = Self::shapes(architecture);
        for (name, shape) in &shapes {
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
