use serde::{Deserialize, Serialize};

use crate::architecture::Architecture;
use crate::error::Error;
use crate::step::Step;
use crate::weights::{Tensor, Weights};

/// How weights follow from gradients. The learning rate comes with each [`Step`].
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "name", rename_all = "lowercase", deny_unknown_fields)]
pub enum Optimizer {
    /// Stochastic gradient descent, as in PyTorch: the decay is added to the gradient.
    Sgd {
        /// The share of the last update in the next; 0 for none.
        #[serde(default)]
        momentum: f32,
        /// The decay of the weights.
        #[serde(default)]
        weight_decay: f32,
    },
    /// Adam with decoupled weight decay (I. Loshchilov and F. Hutter, "Decoupled Weight Decay
    /// Regularization", ICLR 2019), with β₁ 0.9, β₂ 0.999 and ε 1e-8, as in PyTorch.
    AdamW {
        /// The decay of the weights, which is multiplied by the learning rate.
        #[serde(default)]
        weight_decay: f32,
    },
    /// L-BFGS on all segments at once, for networks of which [only the output layer is
    /// trained](Architecture::trains_output_only): see [`fit_output`](crate::fit_output).
    Lbfgs {
        /// The decay of the output layer's weights, for inputs scaled to a deviation of 1.
        #[serde(default)]
        weight_decay: f32,
    },
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl Default for Optimizer {
    /// Returns plain stochastic gradient descent.
    fn default() -> Self {
        Self::Sgd { momentum: 0.0, weight_decay: 0.0 }
    }
}

/// What an optimizer remembers from step to step, named and shaped as the weights.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct OptimizerState {
    /// The momentum, or the mean gradient.
    pub first: Weights,
    /// AdamW's mean squared gradient.
    pub second: Weights,
}

impl OptimizerState {
    /// Checks that the state is empty or has the shapes of the network's weights.
    pub(crate) fn check(&self, optimizer: Optimizer, a: &Architecture) -> Result<(), Error> {
        let adam = matches!(optimizer, Optimizer::AdamW { .. });
        for (moments, used) in [(&self.first, !optimizer.is_plain_sgd()), (&self.second, adam)] {
            match (moments.0.is_empty(), used) {
                (true, _) => {}
                (false, true) => {
                    // Running statistics and fixed filters are not optimised and have none.
                    let mut all = moments.clone();
                    for (name, shape) in Weights::shapes(a)
                        .into_iter()
                        .filter(|(n, _)| is_statistic(n) || a.is_fixed(n))
                    {
                        let data = vec![0.0; shape.iter().product()];
                        all.0.insert(name, Tensor { shape, data });
                    }
                    all.check(a)?;
                }
                (false, false) => {
                    return Err(Error::Weights("a state of another optimizer".into()));
                }
            }
        }
        Ok(())
    }
}

impl Optimizer {
    /// Returns whether weights become `weight − rate × gradient` and nothing is remembered.
    #[must_use]
    pub fn is_plain_sgd(self) -> bool {
        self == Self::default()
    }

    /// Updates the weights that have a gradient. Batch normalisation's running statistics are replaced by those
    /// among the gradients. L-BFGS has no steps of its own and changes nothing.
    pub(crate) fn update(
        self,
        state: &mut OptimizerState,
        weights: &mut Weights,
        gradients: &Weights,
        step: Step,
    ) {
        let rate = step.learning_rate;
        for (name, weight) in &mut weights.0 {
            let Some(Tensor { data: gradient, .. }) = gradients.0.get(name) else { continue };
            if is_statistic(name) {
                weight.data.copy_from_slice(gradient);
                continue;
            }
            let weight = &mut weight.data;
            match self {
                Self::Lbfgs { .. } => {}
                _ if self.is_plain_sgd() => {
                    weight.iter_mut().zip(gradient).for_each(|(w, g)| *w -= rate * g);
                }
                Self::Sgd { momentum, weight_decay } => {
                    let first = moment(&mut state.first, name, gradients);
                    for ((w, g), m) in weight.iter_mut().zip(gradient).zip(first) {
                        let gradient = g + weight_decay * *w;
                        *m = if step.index == 0 { gradient } else { momentum * *m + gradient };
                        *w -= rate * *m;
                    }
                }
                Self::AdamW { weight_decay } => {
                    let first = moment(&mut state.first, name, gradients);
                    let second = moment(&mut state.second, name, gradients);
                    let count = i32::try_from(step.index + 1).unwrap_or(i32::MAX);
                    let size = (f64::from(rate) / (1.0 - BETA1.powi(count))) as f32;
                    let correction = (1.0 - BETA2.powi(count)).sqrt() as f32;
                    let moments = first.iter_mut().zip(second);
                    for ((w, g), (m, v)) in weight.iter_mut().zip(gradient).zip(moments) {
                        *w -= rate * weight_decay * *w;
                        *m += (g - *m) * (1.0 - BETA1) as f32;
                        *v = *v * BETA2 as f32 + g * g * (1.0 - BETA2) as f32;
                        *w -= size * *m / (v.sqrt() / correction + EPSILON as f32);
                    }
                }
            }
        }
    }
}

/// Returns whether a weight is a running statistic, which is not optimised.
pub(crate) fn is_statistic(name: &str) -> bool {
    name.ends_with("norm.mean") || name.ends_with("norm.variance")
}

/// Returns the moments of a weight, zeros at first.
fn moment<'a>(moments: &'a mut Weights, name: &str, like: &Weights) -> &'a mut [f32] {
    let tensor = moments.0.entry(name.to_owned()).or_insert_with(|| {
        let mut zeros = like.0.get(name).cloned().unwrap_or_default();
        zeros.data.fill(0.0);
        zeros
    });
    &mut tensor.data
}
