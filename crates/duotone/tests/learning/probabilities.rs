//! Scores of probabilities in the results of an evaluation.

use crate::networks::{Networks, evaluate};
use crate::toy::{Toy, recipe};

#[test]
fn probabilities_are_scored_at_both_levels() {
    let toy = Toy::new();
    let collection = toy.collection();
    let results = evaluate(&Networks::new(&collection, vec![recipe("toy")], 20), &()).unwrap();
    let system = &results.systems[0];
    let files = system.files.as_ref().unwrap().probabilities.as_ref().unwrap();
    let segments = system.segments.as_ref().unwrap().probabilities.as_ref().unwrap();
    // 1.5 s are two consecutive segments.
    assert_eq!((files.count, segments.count), (18, 36));
    let labels: Vec<&str> = results.protocol.labels.iter().map(|l| l.name.as_str()).collect();
    let truth = |label: &str| labels.iter().position(|name| *name == label).unwrap();
    let loss: f64 = system.predictions.iter().map(|p| -p.probabilities[truth(&p.label)].ln()).sum();
    assert!((files.log_loss - loss / 18.0).abs() < 1e-9);
    for scores in [files, segments] {
        assert!(scores.auc.unwrap() > 0.8, "{scores:?}");
        assert!(scores.top_2_accuracy >= system.files.as_ref().unwrap().accuracy - 0.1);
        assert_eq!(scores.calibration.iter().map(|bin| bin.count).sum::<u64>(), scores.count);
    }
    let right: f64 =
        segments.calibration.iter().filter_map(|bin| Some(bin.count as f64 * bin.accuracy?)).sum();
    let accuracy = system.segments.as_ref().unwrap().accuracy;
    assert!((right / 36.0 - accuracy).abs() < 1e-12, "the most probable label is the decision");
}
