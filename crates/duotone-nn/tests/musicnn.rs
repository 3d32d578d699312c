//! Compares musicnn with the plain reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{distance, noise, wide};
use duotone_nn::{Error, Kernels, Musicnn, MusicnnFeatures, Tensor, Weights, reference};

const SIZE: usize = Musicnn::BANDS * Musicnn::FRAMES;

/// Returns random weights of a layer's usual size. Some scales of batch normalisation are negative.
fn weights(seed: u64) -> Weights {
    let mut weights = Weights::default();
    for (stream, (name, shape)) in Musicnn::shapes().into_iter().enumerate() {
        let count = shape.iter().product();
        let fan_in: usize = shape[1..].iter().product();
        let values = noise(count, 1000 * seed + stream as u64);
        let scale = |x: f32| match name.rsplit_once("norm.").map(|(_, which)| which) {
            Some("weight") if x < -0.6 => -1.0,
            Some("weight" | "variance") => 1.1 + x,
            None if name.ends_with(".weight") => x * (3.0 / fan_in as f32).sqrt(),
            _ => 0.2 * x,
        };
        let data = values.into_iter().map(scale).collect();
        weights.0.insert(name, Tensor { shape, data });
    }
    weights
}

fn features(network: &Musicnn, inputs: &[f32], threads: usize) -> MusicnnFeatures {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| network.features(inputs).unwrap())
}

#[test]
fn matches_the_reference() {
    let weights = weights(1);
    let inputs = noise(2 * SIZE, 2);
    let expected = reference::musicnn(&reference::widen(&weights), &wide(&inputs));
    for kernels in Kernels::available() {
        let network = Musicnn::with_kernels(&weights, kernels).unwrap();
        let got = network.features(&inputs).unwrap();
        for (what, got, expected) in [
            ("pooled", &got.pooled, &expected.pooled),
            ("penultimate", &got.penultimate, &expected.penultimate),
            ("tags", &got.tags, &expected.tags),
        ] {
            let error = distance(got, expected);
            assert!(error < 1e-5, "{what} is off by {error}: {}", kernels.name());
        }
    }
}

#[test]
fn same_bits_for_any_number_of_threads_and_any_batch() {
    let inputs = noise(3 * SIZE, 3);
    for kernels in Kernels::available() {
        let network = Musicnn::with_kernels(&weights(2), kernels).unwrap();
        let all = features(&network, &inputs, 1);
        assert!(all == features(&network, &inputs, 2), "{}", kernels.name());
        let last = features(&network, &inputs[2 * SIZE..], 2);
        assert!(all.pooled.ends_with(&last.pooled), "{}", kernels.name());
        assert!(all.penultimate.ends_with(&last.penultimate), "{}", kernels.name());
        assert!(all.tags.ends_with(&last.tags), "{}", kernels.name());
    }
}

#[test]
fn nan_stays_in_its_segment() {
    for kernels in Kernels::available() {
        let network = Musicnn::with_kernels(&weights(3), kernels).unwrap();
        let mut inputs = noise(2 * SIZE, 4);
        inputs[SIZE / 2] = f32::NAN;
        let got = network.features(&inputs).unwrap();
        let (first, second) = got.tags.split_at(Musicnn::TAGS);
        assert!(first.iter().all(|x| x.is_nan()), "{}: {first:?}", kernels.name());
        assert!(second.iter().all(|x| x.is_finite()), "{}: {second:?}", kernels.name());
    }
}

#[test]
fn bad_weights_and_batches_are_refused() {
    let refused = |change: &dyn Fn(&mut Weights)| {
        let mut weights = weights(4);
        change(&mut weights);
        match Musicnn::new(&weights) {
            Err(Error::Weights(message)) => message,
            other => panic!("{other:?}"),
        }
    };
    let message = refused(&|w| drop(w.0.remove("middle1.bias")));
    assert_eq!(message, "middle1.bias is missing");
    let message = refused(&|w| drop(w.0.insert("extra".into(), Tensor::default())));
    assert_eq!(message, "extra is not part of it");
    let message = refused(&|w| w.0.get_mut("tags.weight").unwrap().shape = vec![200, 50]);
    assert_eq!(message, "tags.weight is [200, 50] with 10000 values, not [50, 200]");
    for bad in [-1.0, f32::NAN, f32::INFINITY] {
        let message = refused(&|w| w.0.get_mut("timbral1.norm.variance").unwrap().data[7] = bad);
        assert_eq!(message, format!("value 7 of timbral1.norm.variance is {bad}"));
    }
    let network = Musicnn::new(&weights(4)).unwrap();
    assert!(matches!(network.features(&[0.0; SIZE + 1]), Err(Error::Batch(_))));
    assert_eq!(network.features(&[]).unwrap(), MusicnnFeatures::default());
}
