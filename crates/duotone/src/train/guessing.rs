//! A warning about a network that has learnt nothing.

use crate::model::{Sampling, TrainSettings};

/// Returns a warning if the loss of the last epoch is above that of guessing. `labels` has the class of
/// each training segment. Sigmoids saturate instead of overflowing, so the loss may stay finite even if
/// the learning rate is far too high.
pub(crate) fn warning(
    run: &str,
    last_loss: f64,
    labels: &[u32],
    classes: usize,
    settings: &TrainSettings,
) -> Option<String> {
    let guessing = loss_of_guessing(labels, classes, settings);
    if last_loss <= guessing {
        return None;
    }
    Some(format!(
        "{run}: the loss in the last epoch, {last_loss:.2}, is above that of guessing, \
         {guessing:.2}: try a `learning_rate` below {}, or more epochs",
        settings.learning_rate
    ))
}

/// The lowest mean loss of a network that ignores its input: the entropy of its targets. Balanced
/// sampling and class weights make all classes equally frequent.
fn loss_of_guessing(labels: &[u32], classes: usize, settings: &TrainSettings) -> f64 {
    let balanced = settings.class_weights || settings.sampling == Sampling::Balanced;
    let even = 1.0 / classes as f64;
    let smoothing = f64::from(settings.label_smoothing);
    let mut entropy = 0.0;
    for class in 0..classes {
        let count = labels.iter().filter(|&&label| label as usize == class).count();
        let frequency = if balanced { even } else { count as f64 / labels.len() as f64 };
        let target = (1.0 - smoothing) * frequency + smoothing * even;
        if target > 0.0 {
            entropy -= target * target.ln();
        }
    }
    entropy
}

#[cfg(test)]
mod tests {
    use super::{loss_of_guessing, warning};
    use crate::model::{Sampling, TrainSettings};

    #[test]
    fn guessing_has_the_entropy_of_the_targets() {
        let labels = [0, 0, 0, 1];
        let mut settings = TrainSettings::default();
        let skewed = loss_of_guessing(&labels, 2, &settings);
        assert!((skewed - 0.562_335).abs() < 1e-6, "{skewed}");
        settings.label_smoothing = 0.2;
        let smoothed = loss_of_guessing(&labels, 2, &settings);
        assert!((smoothed - 0.610_864).abs() < 1e-6, "{smoothed}");
        settings.sampling = Sampling::Balanced;
        assert!((loss_of_guessing(&labels, 2, &settings) - 2_f64.ln()).abs() < 1e-12);
    }

    #[test]
    fn warns_only_above_guessing() {
        let settings = TrainSettings { learning_rate: 1000.0, ..TrainSettings::default() };
        assert_eq!(warning("model2", 0.69, &[0, 1], 2, &settings), None);
        let text = warning("model2", 44.0, &[0, 1], 2, &settings).unwrap();
        assert_eq!(
            text,
            "model2: the loss in the last epoch, 44.00, is above that of guessing, 0.69: try a \
             `learning_rate` below 1000, or more epochs"
        );
    }
}
