//! Compares the values of one step with the reference, shader by shader.

use duotone_nn::random::Philox;
use duotone_nn::{Architecture, reference};

use super::bench::{SEED, STEP};
use super::{Bench, architecture, device, distance};
use crate::network::Network;

fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|&x| f64::from(x)).collect()
}

/// Checks all results of a step, for a batch that may be smaller than the capacity.
fn check(a: &Architecture, samples: usize, room: usize) {
    let Some(device) = device() else { return };
    let mut bench = Bench::new(device, a, samples, room);
    let outcome = bench.step();

    let weights = reference::widen(&bench.weights);
    let inputs = wide(&bench.inputs);
    let mask = reference::dropout_mask(a, samples, SEED, STEP);
    let forward = reference::forward(a, &weights, &inputs, Some(&mask));
    let labels = &bench.labels;
    let context = format!("{samples} of {room} × {a:?}");
    let close = |what: &str, got: &[f32], expected: &[f64]| {
        let error = distance(got, expected);
        assert!(error < 1e-5, "{what} is {error} off: {context}");
    };

    assert_eq!(bench.written("inputs"), bench.inputs, "gather: {context}");
    close("features", &bench.written("features"), &forward.features);
    let positions: Vec<usize> =
        bench.written("positions").iter().map(|p| p.to_bits() as usize).collect();
    assert_eq!(positions, in_segment(a, &forward.positions), "positions: {context}");

    let units = bench.read(&bench.trainer.network.forward.units);
    let dropped = &units[..samples * a.hidden_units];
    let expected: Vec<f64> =
        forward.hidden.iter().zip(&mask).map(|(h, &m)| h * f64::from(m)).collect();
    close("units after dropout", dropped, &expected);
    for (unit, (got, kept)) in dropped.iter().zip(&mask).enumerate() {
        assert_eq!(*got == 0.0, *kept == 0.0, "mask of unit {unit}: {context}");
    }

    let loss = reference::loss(&forward.logits, labels, a.classes);
    assert!((outcome.loss - loss).abs() < 1e-5 * loss.max(0.1), "{} {loss}", outcome.loss);
    let right = forward.logits.chunks(a.classes).zip(labels).filter(|(row, label)| {
        row.iter().enumerate().all(|(c, x)| c == **label as usize || *x < row[**label as usize])
    });
    assert_eq!(outcome.correct, right.count(), "decisions: {context}");
    let mut by_logits = reference::softmax(&forward.logits, a.classes);
    for (row, &label) in by_logits.chunks_mut(a.classes).zip(labels) {
        row[label as usize] -= 1.0;
        row.iter_mut().for_each(|d| *d /= samples as f64);
    }
    close("gradients of logits", &bench.written("logits"), &by_logits);
    bench.written("gradients");

    let gradients = reference::backward(a, &weights, &inputs, labels, Some(&mask), &forward);
    let got = bench.trainer.network().weights().unwrap();
    for (name, expected) in &gradients {
        close(&format!("gradient of {name}"), got.get(name), expected);
    }

    let network = Network::new(device, a, &bench.weights, room).unwrap();
    let plain = reference::forward(a, &weights, &inputs, None);
    close("logits", &network.logits(&bench.inputs).unwrap(), &plain.logits);
}

/// Converts the reference's positions, which are in the map, to positions in the segment.
fn in_segment(a: &Architecture, positions: &[usize]) -> Vec<usize> {
    let mut widths = Vec::new();
    for (block, shape) in a.first_blocks() {
        let count = block.filters * shape.pooled.0 * shape.pooled.1;
        widths.extend(std::iter::repeat_n(shape.convolved.1, count));
    }
    let place = |(p, width): (&usize, &usize)| p / width * a.frames + p % width;
    positions.iter().zip(widths.iter().cycle()).map(place).collect()
}

#[test]
fn steps_of_presets() {
    // Model 3 includes Model 1's pipeline.
    for name in ["model2", "model3"] {
        check(&Architecture::preset(name, 10).unwrap(), 2, 40);
    }
    check(&Architecture::preset("model2-figure", 4).unwrap(), 1, 1);
}

#[test]
fn batches_around_tile_sizes() {
    let a = architecture((9, 31), &[(5, (3, 4), (2, 5)), (3, (9, 31), (1, 1))], 17, 5);
    for samples in [1, 39, 41] {
        check(&a, samples, samples);
    }
    check(&a, 65, 130);
}

#[test]
fn extreme_sizes() {
    let a = architecture;
    // A kernel as large as the input; one filter; one band; one frame; one unit.
    check(&a((5, 7), &[(3, (5, 7), (1, 1))], 4, 2), 3, 4);
    check(&a((1, 20), &[(1, (1, 3), (1, 4))], 1, 3), 1, 2);
    check(&a((20, 1), &[(2, (4, 1), (3, 1))], 5, 3), 2, 2);
    check(&a((1, 1), &[(1, (1, 1), (1, 1))], 1, 2), 1, 1);
    // Pools larger than a tile's rows, and more filters, units and classes than a tile has columns.
    check(&a((24, 40), &[(2, (3, 3), (10, 19)), (65, (2, 2), (23, 39))], 3, 2), 2, 3);
    check(&a((6, 9), &[(33, (2, 3), (1, 1))], 300, 2), 2, 2);
    check(&a((6, 9), &[(4, (2, 3), (2, 2))], 33, 300), 5, 6);
}

#[test]
fn random_networks() {
    let random = Philox::new(2016, 0);
    let mut index = 0;
    let mut draw = |from: usize, to: usize| {
        index += 1;
        from + random.below(index, to + 1 - from)
    };
    for _ in 0..12 {
        let input = (draw(1, 24), draw(1, 40));
        let pipelines: Vec<_> = (0..draw(1, 3))
            .map(|_| {
                let kernel = (draw(1, input.0), draw(1, input.1));
                let pool = (draw(1, input.0 + 1 - kernel.0), draw(1, input.1 + 1 - kernel.1));
                (draw(1, 40), kernel, pool)
            })
            .collect();
        let samples = draw(1, 12);
        let mut a = architecture(input, &pipelines, draw(1, 40), draw(2, 20));
        a.dropout = draw(0, 9) as f32 / 10.0;
        check(&a, samples, samples + draw(0, 3));
    }
}

/// Sums of small whole numbers are exact, so many are equal, and the first one must win.
#[test]
fn first_of_equal_values_wins() {
    let Some(device) = device() else { return };
    let a = architecture((8, 30), &[(6, (2, 2), (3, 7)), (4, (1, 3), (1, 28))], 5, 3);
    let mut bench = Bench::new(device, &a, 4, 4);
    let round = |x: &mut f32| *x = (*x * 2.0).round();
    bench.inputs.iter_mut().for_each(round);
    for i in 0..2 {
        let name = format!("pipeline{i}.weight");
        bench.weights.0.get_mut(&name).unwrap().data.iter_mut().for_each(round);
        let [weight, _] = bench.trainer.network.forward.tensors.pipeline(i);
        device.write(weight, bench.weights.get(&name));
    }
    bench.step();
    let weights = reference::widen(&bench.weights);
    let forward = reference::forward(&a, &weights, &wide(&bench.inputs), None);
    let positions: Vec<usize> =
        bench.written("positions").iter().map(|p| p.to_bits() as usize).collect();
    assert_eq!(positions, in_segment(&a, &forward.positions));
}

#[test]
fn non_finite_values_propagate() {
    let Some(device) = device() else { return };
    let a = architecture((8, 30), &[(6, (2, 2), (3, 7))], 5, 3);
    for broken in [f32::NAN, f32::INFINITY] {
        let mut bench = Bench::new(device, &a, 2, 2);
        // In the second segment, within the first window.
        bench.inputs[8 * 30 + 31] = broken;
        assert!(!bench.step().loss.is_finite(), "{broken}");
    }
}
