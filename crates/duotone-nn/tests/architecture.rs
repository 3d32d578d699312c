//! The presets have the paper's shapes, and invalid architectures and weights are refused.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

use duotone_nn::{Architecture, Block, Error, Weights};

fn maps(name: &str) -> Vec<((usize, usize), (usize, usize))> {
    let a = Architecture::preset(name, 10).unwrap();
    a.validate().unwrap();
    a.first_blocks().map(|(_, shape)| (shape.convolved, shape.pooled)).collect()
}

#[test]
fn map_shapes_of_the_presets() {
    assert_eq!(maps("model1"), [((31, 69), (31, 3))]);
    assert_eq!(maps("model2"), [((27, 66), (27, 3)), ((37, 73), (2, 73))]);
    // As printed in the paper: 67×68 pooled to 67×4, and 5×75.
    assert_eq!(maps("model2-figure"), [((67, 68), (67, 4)), ((77, 75), (5, 75))]);
    assert_eq!(maps("model3"), [((31, 69), (31, 3)), ((31, 47), (31, 2))]);
}

#[test]
fn features_and_parameters_of_the_presets() {
    for (name, features, parameters) in [
        // Filters × (taps + 1), then (features + 1) × 200, then 201 × 10.
        ("model1", 2_790, 30 * 121 + 2_791 * 200 + 2_010),
        ("model2", 7_264, 32 * 211 + 32 * 33 + 7_265 * 200 + 2_010),
        ("model2-figure", 20_576, 32 * 211 + 32 * 33 + 20_577 * 200 + 2_010),
        ("model3", 4_650, 30 * 121 + 30 * 341 + 4_651 * 200 + 2_010),
    ] {
        let a = Architecture::preset(name, 10).unwrap();
        assert_eq!((a.features(), a.parameters()), (features, parameters), "{name}");
        let weights = Weights::glorot(&a, 1).unwrap();
        let count: usize = weights.0.values().map(|t| t.data.len()).sum();
        assert_eq!(count, parameters, "{name}");
    }
    assert_eq!(Architecture::preset("model4", 10), None);
}

#[test]
fn glorot_covers_its_range() {
    let a = Architecture::preset("model2", 10).unwrap();
    let weights = Weights::glorot(&a, 5).unwrap();
    for (name, fans) in [
        ("pipeline0.weight", 14 * 15 * 33),
        ("pipeline1.weight", 4 * 8 * 33),
        ("dense.weight", 7_264 + 200),
        ("output.weight", 200 + 10),
    ] {
        let limit = (6.0 / f64::from(fans)).sqrt();
        let values = weights.get(name);
        let max = values.iter().fold(0.0, |m: f64, x| m.max(f64::from(x.abs())));
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / values.len() as f64;
        assert!(max <= limit && max > 0.99 * limit, "{name}: {max} of {limit}");
        assert!(mean.abs() < 0.05 * limit, "{name}: {mean}");
    }
    assert!(weights.get("dense.bias").iter().all(|&b| b == 0.0));
    assert_eq!(weights, Weights::glorot(&a, 5).unwrap());
    assert_ne!(weights, Weights::glorot(&a, 6).unwrap());
}

#[test]
fn toml_round_trip_and_defaults() {
    let a = Architecture::preset("model3", 7).unwrap();
    assert_eq!(Architecture::from_toml(&a.to_toml().unwrap()).unwrap(), a);
    assert!(!a.to_toml().unwrap().contains("block"));
    let deep = r#"
        bands = 40
        frames = 80
        hidden_units = 0
        [[pipeline]]
        global_pool = { bands = "mean", frames = "mean-max" }
        [[pipeline.block]]
        filters = 16
        kernel = [3, 3]
        padding = "same"
        batch_norm = true
        pool = [2, 2]
        [[pipeline.block]]
        filters = 32
        kernel = [3, 5]
        pool = [2, 2]
    "#;
    let a = Architecture::from_toml(deep).unwrap();
    assert_eq!(a.map_shapes(&a.pipelines[0])[1].pooled, (9, 18));
    assert_eq!(
        (a.features(), a.with_classes(3).parameters()),
        (64, 11 * 16 + 15 * 16 * 32 + 32 + 65 * 3)
    );
    let a = Architecture::from_toml(deep).unwrap();
    assert_eq!(Architecture::from_toml(&a.to_toml().unwrap()).unwrap(), a);
    for (wrong, word) in [
        ("filters = 8\nkernel = [3, 5]", "pool"),
        ("", "block"),
        (
            "filters = 8\nkernel = [3, 5]\npool = [1, 1]\n[[pipeline.block]]\nfilters = 8\nkernel = [3, 5]\npool = [1, 1]",
            "belong",
        ),
    ] {
        let text = format!("bands = 40\nframes = 80\n[[pipeline]]\n{wrong}");
        let message = Architecture::from_toml(&text).unwrap_err().to_string();
        assert!(message.contains(word), "{message}");
    }
    let short =
        "bands = 40\nframes = 80\n[[pipeline]]\nfilters = 8\nkernel = [3, 5]\npool = [2, 4]";
    let a = Architecture::from_toml(short).unwrap();
    assert_eq!((a.negative_slope, a.hidden_units, a.dropout, a.classes), (0.3, 200, 0.2, 0));
    // Keys of earlier versions.
    let earlier = format!("slope = 0.1\ndense = 50\n{short}");
    let a = Architecture::from_toml(&earlier).unwrap();
    assert_eq!((a.negative_slope, a.hidden_units), (0.1, 50));
    assert!(Architecture::from_toml(&format!("hidden_units = 50\n{earlier}")).is_err());
    let Err(Error::Architecture(message)) = Architecture::from_toml("bands = 40\nfrmes = 80")
    else {
        panic!("a misspelt key was accepted");
    };
    assert!(message.contains("frmes"), "{message}");
}

#[test]
fn invalid_architectures_are_refused_with_pipeline_and_sizes() {
    let refused = |change: &dyn Fn(&mut Architecture)| {
        let mut a = Architecture::preset("model2", 4).unwrap();
        change(&mut a);
        assert!(Weights::glorot(&a, 0).is_err());
        a.validate().unwrap_err().to_string()
    };
    for (change, words) in [
        (
            (|a| a.pipelines[1].blocks[0].kernel = (41, 8)) as fn(&mut Architecture),
            vec!["pipeline 2", "41×8", "40 bands × 80 frames"],
        ),
        (|a| a.pipelines[0].blocks[0].kernel = (14, 81), vec!["pipeline 1", "14×81"]),
        (|a| a.pipelines[0].blocks[0].pool = (1, 67), vec!["pipeline 1", "1×67", "27×66"]),
        (|a| a.pipelines[0].blocks[0].pool = (0, 1), vec!["pipeline 1", "0×1"]),
        (|a| a.pipelines[1].blocks[0].kernel = (0, 8), vec!["pipeline 2", "0×8"]),
        (|a| a.pipelines[1].blocks[0].filters = 0, vec!["pipeline 2", "no filters"]),
        (|a| a.pipelines.clear(), vec!["no pipeline"]),
        (|a| a.classes = 1, vec!["1 classes"]),
        (|a| a.pipelines[1].blocks.clear(), vec!["pipeline 2", "no block"]),
        (
            |a| {
                let block = Block { kernel: (3, 3), ..a.pipelines[0].blocks[0] };
                a.pipelines[1].blocks.push(block);
            },
            vec!["pipeline 2, block 2", "3×3", "2 bands × 73 frames"],
        ),
        (|a| a.dropout = 1.0, vec!["dropout 1"]),
        (|a| a.dropout = f32::NAN, vec!["dropout NaN"]),
        (|a| a.negative_slope = -0.1, vec!["slope -0.1"]),
        (|a| a.bands = 0, vec!["0 bands"]),
        (|a| a.hidden_units = usize::MAX, vec!["limit"]),
        (|a| a.frames = usize::MAX, vec!["limit"]),
        (|a| a.pipelines[0].blocks[0].filters = usize::MAX, vec!["pipeline 1", "limit"]),
        (|a| (a.bands, a.frames) = (65_536, 65_536), vec!["limit"]),
    ] {
        let message = refused(&change);
        assert!(words.iter().all(|word| message.contains(word)), "{message:?} lacks {words:?}");
    }
}

#[test]
fn weights_that_do_not_fit_are_refused() {
    let a = Architecture::preset("model1", 4).unwrap();
    let good = Weights::glorot(&a, 0).unwrap();
    good.check(&a).unwrap();
    let mut missing = good.clone();
    missing.0.remove("dense.bias");
    let mut extra = good.clone();
    extra.0.insert("pipeline9.bias".into(), good.0["dense.bias"].clone());
    let mut short = good.clone();
    short.0.get_mut("dense.weight").unwrap().data.pop();
    let mut transposed = good.clone();
    transposed.0.get_mut("dense.weight").unwrap().shape.reverse();
    for (weights, name) in [
        (missing, "dense.bias"),
        (extra, "pipeline9.bias"),
        (short, "dense.weight"),
        (transposed, "dense.weight"),
    ] {
        assert!(weights.check(&a).unwrap_err().to_string().contains(name));
    }
}
