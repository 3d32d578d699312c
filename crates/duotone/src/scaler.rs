use crate::Standardize;

/// Brings inputs to zero mean and unit deviation; fitted on the training part alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// What shares a mean and a deviation.
    pub kind: Standardize,
    /// Means: none, one, one a band, or one a band and frame (band-major).
    pub mean: Vec<f32>,
    /// Standard deviations, as many; never 0.
    pub deviation: Vec<f32>,
}
