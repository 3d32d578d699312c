//! A published network as a pipeline.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{distance, noise, wide};
use duotone_nn::{Architecture, Error, Musicnn, Network, Trainer, Weights, reference};

const MUSICNN: &str = "
bands = 96
frames = 187
hidden_units = 0
dropout = 0.0
classes = 3
[[pipeline]]
[[pipeline.block]]
filters = 1706
kernel = [96, 187]
fixed = \"musicnn-msd\"
pool = [1, 1]
";

fn architecture(text: &str) -> Result<Architecture, Error> {
    let architecture = Architecture::from_toml(text)?;
    architecture.validate()?;
    Ok(architecture)
}

#[test]
fn features_and_output_match_the_reference() {
    let cepstrum = "
[[pipeline]]
global_pool = { frames = \"mean-std\" }
[[pipeline.block]]
filters = 4
kernel = [96, 3]
fixed = \"cepstrum\"
pool = [1, 1]
";
    let a = architecture(&format!("{MUSICNN}{cepstrum}")).unwrap();
    assert_eq!(a.features(), Musicnn::FEATURES + 8);
    let weights = Weights::glorot(&a, 7).unwrap();
    let inputs = noise(Musicnn::BANDS * Musicnn::FRAMES, 5);
    let expected = reference::forward(&a, &reference::widen(&weights), &wide(&inputs), None);
    let network = Network::new(&a, &weights).unwrap();
    let embedding = network.embed(&inputs).unwrap();
    assert_eq!(embedding.units, embedding.maps);
    let error = distance(&embedding.units, &expected.features);
    assert!(error < 1e-5, "features are off by {error}");
    let logits = network.logits(&inputs).unwrap();
    let error = distance(&logits, &expected.logits);
    assert!(error < 1e-5, "logits are off by {error}");
    assert_eq!(network.output(&embedding.units).unwrap(), logits);
    assert!(matches!(network.output(&embedding.units[1..]), Err(Error::Batch(_))));
}

#[test]
fn only_the_output_layer_is_trained() {
    let a = architecture(MUSICNN).unwrap();
    assert!(a.trains_output_only());
    assert_eq!(a.parameters(), 3 * (Musicnn::FEATURES + 1));
    assert_eq!(a.backbones().collect::<Vec<_>>(), [("musicnn-msd", "pipeline0.block0.".into())]);
    let weights = Weights::glorot(&a, 1).unwrap();
    assert!(a.is_fixed("pipeline0.block0.tags.weight") && !a.is_fixed("output.weight"));
    assert_eq!(weights.under("pipeline0.block0.").0.len(), Musicnn::shapes().len());
    let message = Trainer::new(&a, &weights).unwrap_err().to_string();
    assert!(message.contains("musicnn-msd stays as it is"), "{message}");
    assert_eq!(Architecture::from_toml(&a.to_toml().unwrap()).unwrap(), a);
}

#[test]
fn other_sizes_are_refused() {
    let one = |from: &str, to: &str| {
        assert!(MUSICNN.contains(from), "{from}");
        architecture(&MUSICNN.replace(from, to)).unwrap_err().to_string()
    };
    for (from, to, expected) in [
        ("bands = 96", "bands = 40", "larger than the input"),
        ("frames = 187", "frames = 200", "needs segments of 96 bands × 187 frames"),
        ("1706", "1707", "1706 features, not 1707"),
        ("pool = [1, 1]", "pool = [1, 1]\nbatch_norm = true", "neither padding"),
        ("pool = [1, 1]", "pool = [1, 1]\npadding = \"same\"", "neither padding"),
        ("[[pipeline]]", "[[pipeline]]\nglobal_pool = { bands = \"mean\" }", "only block"),
        ("musicnn-msd", "musicnn-big", "musicnn-mtt"),
    ] {
        let message = one(from, to);
        assert!(message.contains(expected), "{message}");
    }
    let other = "[[pipeline.block]]\nfilters = 2\nkernel = [1, 1]\npool = [1, 1]\n";
    let message = architecture(&format!("{MUSICNN}{other}")).unwrap_err().to_string();
    assert!(message.contains("only block"), "{message}");
}
