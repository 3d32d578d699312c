//! Any bytes as a model file; one that is accepted classifies a file without a panic.
#![no_main]

use std::sync::LazyLock;

use duotone::classify::ClassifyOptions;
use duotone::{Classifier, Model};
use libfuzzer_sys::fuzz_target;

static TONE: LazyLock<std::path::PathBuf> =
    LazyLock::new(|| duotone_fuzz::file("tone.wav", &duotone_fuzz::wav(11_025)));

fuzz_target!(|bytes: &[u8]| {
    let Ok(model) = Model::load(&duotone_fuzz::file("model", bytes)) else { return };
    // What a large network may cost is not what is looked for here.
    let small = model.card.architecture.parameters() < 100_000;
    let front_end = &model.card.front_end;
    if !small || front_end.segment_samples() > 100_000 || front_end.sample_rate > 50_000 {
        return;
    }
    let classifier = Classifier::new(model).expect("a model that was accepted");
    if let Ok(decision) = classifier.classify_file(&TONE, &ClassifyOptions::default()) {
        let sum: f64 = decision.probabilities.iter().map(|(_, p)| p).sum();
        assert!((sum - 1.0).abs() < 1e-6);
    }
});
