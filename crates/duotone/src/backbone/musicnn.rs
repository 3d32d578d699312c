//! The weights of the network musicnn in TensorFlow's checkpoints.
//!
//! TensorFlow numbers layers of one kind in the order in which a graph is built. Its kernels are
//! (frame, band or channel, 1, filter) and (input, unit).

use std::collections::BTreeMap;

use duotone_nn::{Musicnn, Tensor, Weights};

use super::checkpoint::Checkpoint;

/// A layer here, its kernel and bias in a checkpoint, and its batch normalisation there; empty if it has none.
const LAYERS: [(&str, &str, &str); 12] = [
    ("input", "", "batch_normalization"),
    ("timbral0", "conv2d", "batch_normalization_1"),
    ("timbral1", "conv2d_1", "batch_normalization_2"),
    ("temporal0", "conv2d_2", "batch_normalization_3"),
    ("temporal1", "conv2d_3", "batch_normalization_4"),
    ("temporal2", "conv2d_4", "batch_normalization_5"),
    ("middle0", "conv2d_5", "batch_normalization_6"),
    ("middle1", "conv2d_6", "batch_normalization_7"),
    ("middle2", "conv2d_7", "batch_normalization_8"),
    ("pooled", "", "batch_normalization_9"),
    ("penultimate", "dense", "batch_normalization_10"),
    ("tags", "dense_1", ""),
];

/// Returns the name of a weight in a checkpoint.
fn variable(name: &str) -> String {
    let (layer, which) = name.split_once('.').unwrap_or((name, ""));
    let (_, kernel, norm) = LAYERS.into_iter().find(|l| l.0 == layer).unwrap_or_default();
    match which {
        "weight" => format!("{kernel}/kernel"),
        "norm.weight" => format!("{norm}/gamma"),
        "norm.bias" => format!("{norm}/beta"),
        "norm.mean" => format!("{norm}/moving_mean"),
        "norm.variance" => format!("{norm}/moving_variance"),
        other => format!("{kernel}/{other}"),
    }
}

/// Reads the weights from a checkpoint; all its other variables, such as those of the optimizer, are
/// ignored.
///
/// # Errors
/// If a tensor is missing, damaged or misshapen, or its numbers are unusable; the message names it.
pub(crate) fn weights(checkpoint: &Checkpoint<'_>) -> Result<Weights, String> {
    let mut weights = BTreeMap::new();
    for (name, shape) in Musicnn::shapes() {
        let variable = variable(&name);
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
    Musicnn::check(weights).map_err(|e| e.to_string())?;
    for (name, tensor) in &weights.0 {
        if tensor.data.iter().any(|x| !x.is_finite()) {
            return Err(format!("{name} contains numbers that are not finite"));
        }
        if name.ends_with("variance") && tensor.data.iter().any(|&x| x < 0.0) {
            return Err(format!("{name} contains negative numbers"));
        }
    }
    Ok(())
}

#[cfg(test)]
pub(super) mod tests {
    use duotone_nn::{Musicnn, Weights};

    use super::{Checkpoint, check, variable, weights};
    use crate::backbone::fixtures;

    /// A checkpoint of the network, in which every number encodes its position, and one variable more.
    fn variables() -> Vec<(String, Vec<usize>, Vec<f32>)> {
        let mut variables = Vec::new();
        for (name, shape) in Musicnn::shapes() {
            let variable = variable(&name);
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
        assert_eq!(
            check(&weights).unwrap_err(),
            "weights do not fit the architecture: tags.norm.bias is not part of it"
        );
        weights.0.remove("input.norm.mean");
        assert_eq!(
            check(&weights).unwrap_err(),
            "weights do not fit the architecture: input.norm.mean is missing"
        );
    }
}
