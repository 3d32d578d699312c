//! Any bytes as a model file. An accepted model must classify a file without a panic.
#![no_main]

use std::sync::LazyLock;

use duotone::classify::ClassifyOptions;
use duotone::{Classifier, Model};
use libfuzzer_sys::fuzz_target;

static TONE: LazyLock<std::path::PathBuf> =
    LazyLock::new(|| duotone_fuzz::file("tone.wav", &duotone_fuzz::wav(11_025)));

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::load(&duotone_fuzz::file("model", bytes)) else { return };
    // The cost of large networks is not a finding.
    let small = model.card.architecture.parameters() < 100_000;
    let front_end = &model.card.front_end;
    if !small || front_end.segment_samples() > 100_000 || front_end.sample_rate > 50_000 {
        return;
    }
    let classifier = Classifier::new(model).expect("an accepted model");
    if let Ok(decision) = classifier.classify_file(TONE.as_path(), &ClassifyOptions::default()) {
        let sum: f64 = decision.probabilities.iter().map(|(_, p)| p).sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
});
