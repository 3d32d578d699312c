//! Temperatures: one number that corrects how confident a model is (Guo et al. 2017).

/// Bounds of the logarithm of a temperature.
const LIMIT: f64 = 3.0;
/// Bisections of this interval, enough for every bit.
const STEPS: usize = 64;
/// A probability of 0 would make any loss infinite.
const SMALLEST: f64 = 1e-12;

/// Returns the temperature with the smallest mean of −log(probability of the true class), for rows of `classes`
/// probabilities and the true class of each row.
///
/// A weak prior, log T ~ N(0, 1), keeps the temperature finite when every decision is right.
pub(crate) fn fit(truth: &[usize], probabilities: &[f64], classes: usize) -> f64 {
    let logs: Vec<f64> = probabilities.iter().map(|p| p.max(SMALLEST).ln()).collect();
    let (mut low, mut high) = (-LIMIT, LIMIT);
    for _ in 0..STEPS {
        let middle = 0.5 * (low + high);
        if slope(truth, &logs, classes, middle) > 0.0 {
            high = middle;
        } else {
            low = middle;
        }
    }
    (-0.5 * (low + high)).exp()
}

/// The derivative of the loss with respect to `log_power`, the logarithm of 1/T.
fn slope(truth: &[usize], logs: &[f64], classes: usize, log_power: f64) -> f64 {
    let power = log_power.exp();
    let mut sum = 0.0;
    for (&truth, row) in truth.iter().zip(logs.chunks_exact(classes)) {
        let largest = row.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let (mut total, mut weighted) = (0.0, 0.0);
        for &log in row {
            let weight = (power * (log - largest)).exp();
            total += weight;
            weighted += weight * log;
        }
        sum += weighted / total - row[truth];
    }
    power * sum + log_power
}

/// Divides the logarithms of probabilities by a temperature, and normalises. The order of the classes stays.
pub(crate) fn apply(probabilities: &mut [f64], temperature: f64) {
    let largest = probabilities.iter().copied().fold(0.0, f64::max);
    if largest <= 0.0 {
        return;
    }
    probabilities.iter_mut().for_each(|p| *p = (*p / largest).powf(1.0 / temperature));
    let sum: f64 = probabilities.iter().sum();
    probabilities.iter_mut().for_each(|p| *p /= sum);
}

#[cfg(test)]
mod tests {
    use duotone_nn::random::Philox;

    use super::{apply, fit};
    use crate::statistics::largest;

    /// Rows of 4 probabilities, and classes drawn from them.
    fn calibrated(count: u64) -> (Vec<usize>, Vec<f64>) {
        let random = Philox::new(7, 0);
        let (mut truth, mut rows) = (Vec::new(), Vec::new());
        for i in 0..count {
            let exponential = |k| -f64::from(random.uniform(8 * i + k).max(1e-6)).ln();
            let weights: Vec<f64> = (0..4).map(exponential).collect();
            let row: Vec<f64> = weights.iter().map(|w| w / weights.iter().sum::<f64>()).collect();
            let mut left = f64::from(random.uniform(8 * i + 4));
            let drawn = row.iter().position(|p| {
                left -= p;
                left < 0.0
            });
            truth.push(drawn.unwrap_or(3));
            rows.extend(row);
        }
        (truth, rows)
    }

    #[test]
    fn recovers_the_temperature_that_distorted_calibrated_probabilities() {
        let (truth, rows) = calibrated(20_000);
        assert!((fit(&truth, &rows, 4) - 1.0).abs() < 0.03);
        for temperature in [0.4, 2.5] {
            let mut distorted = rows.clone();
            distorted.chunks_exact_mut(4).for_each(|row| apply(row, 1.0 / temperature));
            let fitted = fit(&truth, &distorted, 4);
            assert!((fitted / temperature - 1.0).abs() < 0.03, "{fitted}");
        }
    }

    #[test]
    fn is_finite_for_decisions_that_are_all_right_or_all_wrong() {
        let rows = [0.9, 0.1, 0.8, 0.2, 1.0, 0.0];
        let (right, wrong) = (fit(&[0, 0, 0], &rows, 2), fit(&[1, 1, 1], &rows, 2));
        assert!((0.04..1.0).contains(&right), "{right}");
        assert!((1.0..21.0).contains(&wrong), "{wrong}");
        assert!((fit(&[], &[], 2) - 1.0).abs() < 1e-12);
    }

    #[test]
    fn keeps_the_decision() {
        let (_, mut rows) = calibrated(100);
        for row in rows.chunks_exact_mut(4) {
            let before = largest(row);
            apply(row, 3.7);
            assert_eq!(largest(row), before);
            assert!((row.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        }
        let mut zeros = [0.0, 1.0, 0.0];
        apply(&mut zeros, 2.0);
        assert_eq!(zeros, [0.0, 1.0, 0.0]);
    }
}
