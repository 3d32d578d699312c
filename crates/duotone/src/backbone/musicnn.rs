//! The network musicnn: the names and shapes of its weights, here and in TensorFlow's checkpoints.
//!
//! TensorFlow numbers layers of one kind in the order in which a graph is built. Its kernels are
//! (frame, band or channel, 1, filter) and (input, unit).

use std::collections::BTreeMap;

use duotone_nn::{Tensor, Weights};

use super::checkpoint::Checkpoint;

/// A layer with weights.
struct Layer {
    /// The name of its weights here.
    name: &'static str,
    /// The name of its kernel and bias in a checkpoint, and the shape of the kernel here: (filter, band
    /// or channel, frame) or (unit, input).
    kernel: Option<(&'static str, &'static [usize])>,
    /// The name of its batch normalisation in a checkpoint, and the number of its channels.
    norm: Option<(&'static str, usize)>,
}

const fn layer(
    name: &'static str,
    kernel: Option<(&'static str, &'static [usize])>,
    norm: Option<(&'static str, usize)>,
) -> Layer {
    Layer { name, kernel, norm }
}

/// The layers from the input to the tags. `pooled` has two channels for each of the 753 feature maps:
/// the maximum over time, then the mean.
const LAYERS: [Layer; 12] = [
    layer("input", None, Some(("batch_normalization", 1))),
    layer("timbral0", Some(("conv2d", &[204, 38, 7])), Some(("batch_normalization_1", 204))),
    layer("timbral1", Some(("conv2d_1", &[204, 67, 7])), Some(("batch_normalization_2", 204))),
    layer("temporal0", Some(("conv2d_2", &[51, 1, 128])), Some(("batch_normalization_3", 51))),
    layer("temporal1", Some(("conv2d_3", &[51, 1, 64])), Some(("batch_normalization_4", 51))),
    layer("temporal2", Some(("conv2d_4", &[51, 1, 32])), Some(("batch_normalization_5", 51))),
    layer("middle0", Some(("conv2d_5", &[64, 561, 7])), Some(("batch_normalization_6", 64))),
    layer("middle1", Some(("conv2d_6", &[64, 64, 7])), Some(("batch_normalization_7", 64))),
    layer("middle2", Some(("conv2d_7", &[64, 64, 7])), Some(("batch_normalization_8", 64))),
    layer("pooled", None, Some(("batch_normalization_9", 1506))),
    layer("penultimate", Some(("dense", &[200, 1506])), Some(("batch_normalization_10", 200))),
    layer("tags", Some(("dense_1", &[50, 200])), None),
];

/// The parameters of batch normalisation, here and in a checkpoint.
const NORM: [(&str, &str); 4] = [
    ("weight", "gamma"),
    ("bias", "beta"),
    ("mean", "moving_mean"),
    ("variance", "moving_variance"),
];

/// One tensor.
struct Parameter {
    name: String,
    /// Its name in a checkpoint.
    variable: String,
    /// Its shape here. With more than one axis it is a kernel.
    shape: Vec<usize>,
}

fn parameters() -> Vec<Parameter> {
    let mut parameters = Vec::new();
    let mut add = |name: String, variable: String, shape: &[usize]| {
        parameters.push(Parameter { name, variable, shape: shape.to_vec() });
    };
    for Layer { name, kernel, norm } in LAYERS {
        if let Some((layer, shape)) = kernel {
            add(format!("{name}.weight"), format!("{layer}/kernel"), shape);
            add(format!("{name}.bias"), format!("{layer}/bias"), &shape[..1]);
        }
        if let Some((layer, channels)) = norm {
            for (ours, theirs) in NORM {
                add(format!("{name}.norm.{ours}"), format!("{layer}/{theirs}"), &[channels]);
            }
        }
    }
    parameters
}

/// Reads the weights from a checkpoint; all its other variables, such as those of the optimizer, are
/// ignored.
///
/// # Errors
/// If a tensor is missing, damaged or misshapen, or its numbers are unusable; the message names it.
pub(crate) fn weights(checkpoint: &Checkpoint<'_>) -> Result<Weights, String> {
    let mut weights = BTreeMap::new();
    for Parameter { name, variable, shape } in parameters() {
        let tensor = match shape[..] {
            [filters, bands, frames] => {
                let theirs = checkpoint.tensor(&variable, &[frames, bands, 1, filters])?;
                turned(&theirs.data, frames, bands, filters)
            }
            [units, inputs] => {
                let theirs = checkpoint.tensor(&variable, &[inputs, units])?;
                turned(&theirs.data, 1, inputs, units)
            }
            _ => checkpoint.tensor(&variable, &shape)?.data,
        };
        weights.insert(name, Tensor { shape, data: tensor });
    }
    let weights = Weights(weights);
    check(&weights)?;
    Ok(weights)
}

/// Turns a kernel from (frame, band, filter) to (filter, band, frame).
fn turned(kernel: &[f32], frames: usize, bands: usize, filters: usize) -> Vec<f32> {
    let mut out = Vec::with_capacity(kernel.len());
    for filter in 0..filters {
        for band in 0..bands {
            for frame in 0..frames {
                out.push(kernel[(frame * bands + band) * filters + filter]);
            }
        }
    }
    out
}

/// Checks that weights have exactly the network's names and shapes, and usable numbers.
///
/// # Errors
/// A message that names the first tensor that does not fit.
pub(super) fn check(weights: &Weights) -> Result<(), String> {
    let parameters = parameters();
    for Parameter { name, shape, .. } in &parameters {
        let tensor = weights.0.get(name).ok_or_else(|| format!("{name} is missing"))?;
        if tensor.shape != *shape || tensor.data.len() != shape.iter().product::<usize>() {
            return Err(format!("{name} has the shape {:?}, not {shape:?}", tensor.shape));
        }
        if tensor.data.iter().any(|x| !x.is_finite()) {
            return Err(format!("{name} contains numbers that are not finite"));
        }
        if name.ends_with("variance") && tensor.data.iter().any(|&x| x < 0.0) {
            return Err(format!("{name} contains negative numbers"));
        }
    }
    match weights.0.keys().find(|key| !parameters.iter().any(|p| p.name == **key)) {
        Some(extra) => Err(format!("{extra} is not part of the network")),
        None => Ok(()),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use duotone_nn::Weights;

    use super::{Checkpoint, Parameter, check, parameters, weights};
    use crate::backbone::fixtures;

    /// A checkpoint of the network, in which every number encodes its position, and one variable more.
    fn variables() -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let mut variables = Vec::new();
        for Parameter { variable, shape, .. } in parameters() {
            let theirs = match shape[..] {
                [filters, bands, frames] => vec![frames, bands, 1, filters],
                [units, inputs] => vec![inputs, units],
                _ => shape,
            };
            let count: usize = theirs.iter().product();
            variables.push((variable, theirs, (0..count).map(|i| i as f32).collect()));
        }
        variables.push(("conv2d/kernel/Adam".into(), vec![2], vec![f32::NAN; 2]));
        variables.sort_by(|a, b| a.0.cmp(&b.0));
        variables
    }

    fn read(variables: &[(String, Vec<usize>, Vec<f32>)]) -> Result<Weights, String> {
        let (index, data) = fixtures::checkpoint(variables);
        weights(&Checkpoint::parse(&index, &data)?)
    }

    /// Weights of the right names and shapes.
    pub(crate) fn counting() -> Weights {
        read(&variables()).unwrap()
    }

    #[test]
    fn kernels_are_turned() {
        let weights = counting();
        assert_eq!(weights.0.len(), 10 * 2 + 11 * 4);
        let timbral = &weights.0["timbral0.weight"];
        assert_eq!(timbral.shape, [204, 38, 7]);
        for (filter, band, frame) in [(0, 0, 0), (0, 0, 1), (0, 1, 0), (1, 0, 0), (203, 37, 6)] {
            let number = timbral.data[(filter * 38 + band) * 7 + frame];
            assert_eq!(number, ((frame * 38 + band) * 204 + filter) as f32);
        }
        let dense = &weights.0["penultimate.weight"];
        assert_eq!((&dense.shape[..], dense.data[1506 * 3 + 5]), (&[200, 1506][..], 1003.0));
        assert_eq!(weights.0["pooled.norm.mean"].data[1505], 1505.0);
    }

    #[test]
    fn missing_and_misshapen_variables_are_named() {
        let all = variables();
        for name in ["conv2d/kernel", "batch_normalization_9/moving_mean", "dense/bias"] {
            let i = all.iter().position(|variable| variable.0 == name).unwrap();
            let mut changed = all.clone();
            changed.remove(i);
            assert_eq!(read(&changed).unwrap_err(), format!("{name} is missing"));
            let mut changed = all.clone();
            changed[i].1.push(1);
            assert!(read(&changed).unwrap_err().starts_with(&format!("{name} has the shape")));
        }
    }

    #[test]
    fn unusable_weights_are_named() {
        let change = |name: &str, number: f32| {
            let mut weights = counting();
            weights.0.get_mut(name).unwrap().data[0] = number;
            check(&weights).unwrap_err()
        };
        let infinite = change("tags.bias", f32::INFINITY);
        assert_eq!(infinite, "tags.bias contains numbers that are not finite");
        let negative = change("middle0.norm.variance", -1.0);
        assert_eq!(negative, "middle0.norm.variance contains negative numbers");
        let mut weights = counting();
        let bias = weights.0["tags.bias"].clone();
        weights.0.insert("tags.norm.bias".into(), bias);
        assert_eq!(check(&weights).unwrap_err(), "tags.norm.bias is not part of the network");
        weights.0.remove("input.norm.mean");
        assert_eq!(check(&weights).unwrap_err(), "input.norm.mean is missing");
    }
}
