//! Compares the engine, on every instruction set of this machine, with the plain reference.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{architecture, bits, check, check_reference, distance, noise, weights, wide};
use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Kernels, Network, Optimizer, Step, Trainer, reference};

#[test]
fn presets() {
    for name in Architecture::PRESETS {
        check(&Architecture::preset(name, 4).unwrap(), 2, 11);
    }
}

#[test]
fn sizes_at_the_edges() {
    let a = architecture;
    // A kernel as large as the input; one filter; one band; one frame; one unit.
    check(&a((5, 7), &[(3, (5, 7), (1, 1))], 4, 2), 3, 1);
    check(&a((1, 20), &[(1, (1, 3), (1, 4))], 1, 3), 1, 2);
    check(&a((20, 1), &[(2, (4, 1), (3, 1))], 5, 3), 2, 3);
    // Pools that leave a remainder, numbers of filters around the registers' size.
    for filters in [7, 8, 9, 15, 16, 17, 33] {
        check(&a((9, 31), &[(filters, (3, 4), (2, 5))], 6, 4), 2, filters as u64);
    }
    // Batches around the sizes of the tiles.
    for samples in [1, 2, 3, 4, 5, 6, 7, 39, 41, 49] {
        let two = [(4, (3, 9), (1, 3)), (5, (2, 2), (4, 1))];
        check(&a((8, 16), &two, 7, 3), samples, samples as u64);
    }
}

#[test]
fn random_architectures() {
    for seed in 0..60 {
        let random = Philox::new(seed, 1);
        let draw = |i: u64, from: usize, to: usize| from + random.below(i, to + 1 - from);
        let input = (draw(0, 1, 14), draw(1, 1, 40));
        let pipelines: Vec<_> = (0..draw(2, 1, 3) as u64)
            .map(|p| {
                let at = 10 + 8 * p;
                let kernel = (draw(at, 1, input.0), draw(at + 1, 1, input.1));
                let map = (input.0 + 1 - kernel.0, input.1 + 1 - kernel.1);
                (draw(at + 2, 1, 20), kernel, (draw(at + 3, 1, map.0), draw(at + 4, 1, map.1)))
            })
            .collect();
        let a = architecture(input, &pipelines, draw(3, 1, 11), draw(4, 2, 5));
        check(&a, draw(5, 1, 9), 1000 + seed);
    }
}

/// The reference itself: its gradients against central differences, in f64.
#[test]
fn reference_gradients_are_the_slopes_of_the_loss() {
    let two = [(3, (3, 4), (2, 2)), (2, (2, 5), (1, 3))];
    check_reference(&architecture((6, 11), &two, 5, 3));
}

#[test]
fn a_step_follows_the_gradient() {
    let a = architecture((6, 11), &[(3, (3, 4), (2, 2))], 5, 3);
    let weights = weights(&a, 2);
    let inputs = noise(4 * a.bands * a.frames, 8);
    let labels = [0, 1, 2, 1];
    for kernels in Kernels::available() {
        let mut trainer = Trainer::with_kernels(&a, &weights, kernels).unwrap();
        let step = Step { learning_rate: 0.5, seed: 4, index: 0 };
        let (_, gradients) = trainer.gradients(&inputs, &labels, step).unwrap();
        assert_eq!(trainer.weights(), weights);
        trainer.step(&inputs, &labels, step).unwrap();
        let after = trainer.weights();
        for (name, tensor) in &after.0 {
            let expected: Vec<f64> = weights
                .get(name)
                .iter()
                .zip(gradients.get(name))
                .map(|(w, g)| f64::from(*w) - 0.5 * f64::from(*g))
                .collect();
            assert!(distance(&tensor.data, &expected) < 1e-6, "{name}");
            assert_ne!(tensor.data, weights.get(name), "{name} did not move");
        }
    }
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let a = Architecture::preset("model2", 5).unwrap();
    for kernels in Kernels::available() {
        let bits = |threads: usize| bits(&a, Optimizer::default(), threads, kernels);
        let one = bits(1);
        assert!(one == bits(2) && one == bits(7), "{}", kernels.name());
    }
}

#[test]
fn logits_do_not_depend_on_the_batch() {
    let a = Architecture::preset("model3", 3).unwrap();
    let inputs = noise(101 * a.bands * a.frames, 5);
    for kernels in Kernels::available() {
        let network = Network::with_kernels(&a, &weights(&a, 3), kernels).unwrap();
        let all = network.logits(&inputs).unwrap();
        for sample in [0, 47, 48, 50, 100] {
            let size = a.bands * a.frames;
            let one = network.logits(&inputs[sample * size..][..size]).unwrap();
            assert_eq!(one, all[sample * 3..][..3], "{} sample {sample}", kernels.name());
        }
    }
}

#[test]
fn nan_reaches_the_logits() {
    let a = architecture((6, 30), &[(3, (3, 4), (1, 9)), (3, (2, 3), (5, 1))], 5, 3);
    let mut inputs = noise(2 * a.bands * a.frames, 5);
    // Pooling windows extend past it.
    inputs[70] = f32::NAN;
    for kernels in Kernels::available() {
        let network = Network::with_kernels(&a, &weights(&a, 3), kernels).unwrap();
        let logits = network.logits(&inputs).unwrap();
        assert!(logits[..3].iter().all(|x| x.is_nan()), "{}: {logits:?}", kernels.name());
        assert!(logits[3..].iter().all(|x| x.is_finite()), "{}: {logits:?}", kernels.name());
    }
}

/// The rows of the window before and after it are finite.
#[test]
fn nan_in_a_row_of_a_tall_window_reaches_the_logits() {
    for pool in [(8, 1), (8, 3), (5, 1), (4, 4)] {
        let a = architecture((8, 30), &[(3, (1, 4), pool)], 5, 3);
        let mut inputs = noise(2 * a.bands * a.frames, 5);
        inputs[a.frames + 15] = f32::NAN;
        for kernels in Kernels::available() {
            let context = format!("{} {pool:?}", kernels.name());
            let network = Network::with_kernels(&a, &weights(&a, 3), kernels).unwrap();
            let logits = network.logits(&inputs).unwrap();
            assert!(logits[..3].iter().all(|x| x.is_nan()), "{context}: {logits:?}");
            assert!(logits[3..].iter().all(|x| x.is_finite()), "{context}: {logits:?}");
            let mut trainer = Trainer::with_kernels(&a, &weights(&a, 3), kernels).unwrap();
            let step = Step { learning_rate: 0.1, seed: 9, index: 0 };
            let outcome = trainer.step(&inputs, &[0, 1], step).unwrap();
            assert!(outcome.loss.is_nan(), "{context}: {outcome:?}");
        }
    }
}

/// After a training run that diverged, all of a filter's sums are NaN. There is one window per filter, since
/// several windows that are −∞ by mistake would also make the logits NaN.
#[test]
fn nan_in_the_weights_reaches_the_logits() {
    let a = architecture((6, 30), &[(3, (3, 4), (4, 27)), (3, (2, 3), (5, 28))], 5, 3);
    let inputs = noise(a.bands * a.frames, 5);
    for pipeline in 0..2 {
        let mut weights = weights(&a, 3);
        let name = format!("pipeline{pipeline}.weight");
        weights.0.get_mut(&name).unwrap().data[7] = f32::NAN;
        for kernels in Kernels::available() {
            let network = Network::with_kernels(&a, &weights, kernels).unwrap();
            let logits = network.logits(&inputs).unwrap();
            assert!(logits.iter().all(|x| x.is_nan()), "{} {name}: {logits:?}", kernels.name());
        }
    }
}

/// The last frames that a window covers: the transforms of Model 2's first pipeline hold all but one of 80
/// frames, and all but two of 82.
#[test]
fn nan_in_the_last_frames_reaches_the_logits() {
    for (frames, frame) in [(80, 50), (80, 63), (80, 64), (82, 79), (82, 80), (82, 81)] {
        let a = architecture((40, frames), &[(2, (14, 15), (1, 17))], 5, 3);
        let mut inputs = noise(a.bands * a.frames, 5);
        inputs[20 * a.frames + frame] = f32::NAN;
        for kernels in Kernels::available() {
            let network = Network::with_kernels(&a, &weights(&a, 3), kernels).unwrap();
            let logits = network.logits(&inputs).unwrap();
            let context = format!("{} frame {frame}", kernels.name());
            assert!(logits.iter().all(|x| x.is_nan()), "{context}: {logits:?}");
        }
    }
}

/// If all sums of a window are equal, the kernels and the reference choose the same patch.
#[test]
fn ties_keep_the_first() {
    let a = architecture((6, 30), &[(3, (3, 4), (1, 9)), (3, (2, 3), (5, 1))], 5, 3);
    let weights = weights(&a, 3);
    // Equal along time in the first half of the bands, then along frequency.
    let ramp = |band: usize, frame: usize| if band < 3 { band as f32 } else { frame as f32 * 0.1 };
    let mut inputs: Vec<f32> = (0..6 * 30).map(|i| ramp(i / 30, i % 30)).collect();
    inputs.extend(vec![0.0; 6 * 30]);
    let step = Step { learning_rate: 0.0, seed: 1, index: 0 };
    let mask = reference::dropout_mask(&a, 2, 1, 0);
    let (w, x) = (reference::widen(&weights), wide(&inputs));
    let forward = reference::forward(&a, &w, &x, Some(&mask));
    let expected = reference::backward(&a, &w, &x, &[1, 2], Some(&mask), &forward);
    for kernels in Kernels::available() {
        let trainer = Trainer::with_kernels(&a, &weights, kernels).unwrap();
        let (_, got) = trainer.gradients(&inputs, &[1, 2], step).unwrap();
        for (name, expected) in &expected {
            assert!(distance(got.get(name), expected) < 1e-5, "{} {name}", kernels.name());
        }
    }
}

#[test]
fn bad_batches_are_refused() {
    let a = architecture((6, 11), &[(3, (3, 4), (2, 2))], 5, 3);
    let mut trainer = Trainer::new(&a, &weights(&a, 2)).unwrap();
    let step = Step { learning_rate: 0.5, seed: 4, index: 0 };
    let one = vec![0.0; 66];
    for (inputs, labels) in [(&one[..65], &[0][..]), (&one, &[0, 1]), (&one, &[3]), (&[][..], &[])]
    {
        assert!(trainer.step(inputs, labels, step).is_err());
    }
    assert!(trainer.network().logits(&one[1..]).is_err());
    assert_eq!(trainer.network().logits(&[]).unwrap(), Vec::<f32>::new());
}
