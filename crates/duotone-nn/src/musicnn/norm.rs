//! Batch normalisation as a scale and a shift.

use crate::error::Error;
use crate::published::musicnn::NORM_EPSILON;
use crate::weights::Weights;

/// Batch normalisation by running statistics: x × scale + shift, one pair per channel.
#[derive(Clone, Debug, Default)]
pub(super) struct Norm {
    pub(super) scale: Vec<f32>,
    pub(super) shift: Vec<f32>,
}

impl Norm {
    /// Returns the batch normalisation of a layer.
    ///
    /// # Errors
    /// [`Error::Weights`] if a variance is not finite, or not positive after epsilon is added.
    pub(super) fn new(weights: &Weights, layer: &str) -> Result<Self, Error> {
        let get = |which: &str| weights.get(&format!("{layer}.norm.{which}"));
        let (weight, bias, mean) = (get("weight"), get("bias"), get("mean"));
        let mut norm = Self::default();
        for (channel, &variance) in get("variance").iter().enumerate() {
            let sum = f64::from(variance) + NORM_EPSILON;
            if !(sum.is_finite() && sum > 0.0) {
                return Err(Error::Weights(format!(
                    "value {channel} of {layer}.norm.variance is {variance}"
                )));
            }
            let scale = f64::from(weight[channel]) / sum.sqrt();
            norm.scale.push(scale as f32);
            norm.shift.push((f64::from(bias[channel]) - f64::from(mean[channel]) * scale) as f32);
        }
        Ok(norm)
    }

    /// Normalises one value per channel.
    pub(super) fn apply(&self, values: &mut [f32]) {
        for (x, (scale, shift)) in values.iter_mut().zip(self.scale.iter().zip(&self.shift)) {
            *x = *x * scale + shift;
        }
    }
}
