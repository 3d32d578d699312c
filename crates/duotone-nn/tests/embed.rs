//! The rest of the network, computed from the embedding, gives the same logits.

use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Network, Weights};

fn product(weight: &[f32], bias: &[f32], input: &[f32]) -> Vec<f32> {
    let rows = weight.chunks_exact(input.len()).zip(bias);
    rows.map(|(row, b)| b + row.iter().zip(input).map(|(w, x)| w * x).sum::<f32>()).collect()
}

fn assert_near(got: &[f32], expected: &[f32]) {
    assert_eq!(got.len(), expected.len());
    for (a, b) in got.iter().zip(expected) {
        assert!((a - b).abs() < 1e-4, "{a}, expected {b}");
    }
}

#[test]
fn maps_lead_to_units_and_units_to_logits() {
    for preset in Architecture::PRESETS {
        let architecture = Architecture::preset(preset, 3).unwrap();
        let mut weights = Weights::glorot(&architecture, 5).unwrap();
        for (name, tensor) in &mut weights.0 {
            if name.ends_with("bias") {
                tensor.data.iter_mut().enumerate().for_each(|(i, b)| *b = 0.01 * i as f32);
            }
        }
        let network = Network::new(&architecture, &weights).unwrap();
        // More than one of the network's batches, and not a multiple of one.
        let segments = 53;
        let random = Philox::new(1, 0);
        let count = segments * architecture.bands * architecture.frames;
        let inputs: Vec<f32> = (0..count).map(|i| random.uniform(i as u64) - 0.5).collect();
        let embedding = network.embed(&inputs).unwrap();
        let logits = network.logits(&inputs).unwrap();
        assert_eq!(embedding.maps.len(), segments * architecture.features());
        assert_eq!(embedding.units.len(), segments * architecture.hidden_units);
        for segment in [0, 47, 48, 52] {
            let maps = &embedding.maps[segment * architecture.features()..];
            let maps = &maps[..architecture.features()];
            let units = &embedding.units[segment * architecture.hidden_units..]
                [..architecture.hidden_units];
            let sums = product(weights.get("dense.weight"), weights.get("dense.bias"), maps);
            let expected: Vec<f32> = sums.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect();
            assert_near(units, &expected);
            let output = product(weights.get("output.weight"), weights.get("output.bias"), units);
            assert_near(&logits[segment * 3..][..3], &output);
        }
    }
}

#[test]
fn part_of_a_segment_is_refused() {
    let architecture = Architecture::preset("model1", 2).unwrap();
    let weights = Weights::glorot(&architecture, 0).unwrap();
    let network = Network::new(&architecture, &weights).unwrap();
    assert!(network.embed(&[0.0; 17]).is_err());
    assert!(network.embed(&[]).unwrap().units.is_empty());
}
