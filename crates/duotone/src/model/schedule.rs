use serde::{Deserialize, Serialize};

/// How the learning rate changes over a training run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Schedule {
    /// Not at all.
    #[default]
    Constant,
    /// From a 25th of the rate up to it over the first 30 % of the steps, then down to nearly 0, each along half
    /// a cosine (L. N. Smith and N. Topin, "Super-Convergence", 2017; PyTorch's `OneCycleLR`).
    OneCycle,
    /// From the rate down to 0 along half a cosine.
    Cosine,
}

/// The share of the steps in which one-cycle's rate rises.
const RISE: f64 = 0.3;
/// The ratios of one-cycle's highest rate to its first and to its last rate.
const START: f64 = 25.0;
const END: f64 = START * 1e4;

impl Schedule {
    /// Returns the learning rate of a step, counted from 0, of `steps` in all; `rate` is the highest one.
    #[must_use]
    pub fn rate(self, rate: f32, step: u64, steps: u64) -> f32 {
        let highest = f64::from(rate);
        let last = steps.saturating_sub(1).max(1) as f64;
        let step = step as f64;
        let rate = match self {
            Self::Constant => return rate,
            Self::Cosine => between(highest, 0.0, step / steps.max(1) as f64),
            Self::OneCycle => {
                let top = (RISE * steps as f64 - 1.0).max(0.0);
                if step < top {
                    between(highest / START, highest, step / top)
                } else {
                    between(highest, highest / END, (step - top) / (last - top).max(1.0))
                }
            }
        };
        rate as f32
    }
}

/// Returns a value between two others, along half a cosine; `at` is from 0 to 1.
fn between(from: f64, to: f64, at: f64) -> f64 {
    to + (from - to) * (1.0 + (std::f64::consts::PI * at.min(1.0)).cos()) / 2.0
}

#[cfg(test)]
mod tests {
    use super::Schedule;

    /// `OneCycleLR(optimizer, max_lr=0.004, total_steps=10)` of PyTorch 1.13.
    #[test]
    fn one_cycle_matches_pytorch() {
        let expected: [f64; 10] = [
            0.000_160_000_000,
            0.002_080_000_000,
            0.004_000_000_000,
            0.003_801_938_528,
            0.003_246_982_616,
            0.002_445_048_088,
            0.001_554_967_912,
            0.000_753_033_384,
            0.000_198_077_472,
            0.000_000_016_000,
        ];
        for (step, expected) in (0..).zip(expected) {
            let rate = Schedule::OneCycle.rate(0.004, step, 10);
            assert!((f64::from(rate) - expected).abs() < 1e-9, "{step}: {rate} {expected}");
        }
    }

    #[test]
    fn cosine_and_constant() {
        assert_eq!(Schedule::Constant.rate(0.02, 7, 10), 0.02);
        assert_eq!(Schedule::Cosine.rate(0.02, 0, 10), 0.02);
        assert!((Schedule::Cosine.rate(0.02, 5, 10) - 0.01).abs() < 1e-9);
        let rates: Vec<f32> = (0..10).map(|step| Schedule::Cosine.rate(1.0, step, 10)).collect();
        assert!(rates.is_sorted_by(|a, b| a > b), "{rates:?}");
        for schedule in [Schedule::OneCycle, Schedule::Cosine] {
            assert!(schedule.rate(0.1, 0, 1).is_finite() && schedule.rate(0.1, 0, 0).is_finite());
        }
    }
}
