use std::ops::Range;

use super::{Convolution, Geometry, stored};
use crate::kernel::{Kernels, Work};
use crate::random::Philox;

fn noise(count: usize, seed: u64) -> Vec<f32> {
    let random = Philox::new(seed, 3);
    (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect()
}

fn close(got: &[f32], expected: &[f64], what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}");
    let scale = expected.iter().fold(1e-12, |m: f64, x| m.max(x.abs()));
    for (g, e) in got.iter().zip(expected) {
        assert!((f64::from(*g) - e).abs() < 5e-6 * scale, "{what}: {g} {e}");
    }
}

/// Compares one segment's output and gradients with their definitions.
fn check(geometry: Geometry, unit: usize, kernels: Kernels) {
    let g = geometry;
    let what = format!("{}: {g:?}", kernels.name());
    let (in_stored, out_stored) = (g.stored_channels, stored(g.filters));
    let mut input = noise(g.input_len(), 1);
    for cell in input.chunks_exact_mut(in_stored) {
        cell[g.channels..].fill(0.0);
    }
    let output_len = g.output.0 * g.output.1 * out_stored;
    let mut gradient = noise(output_len, 2);
    for cell in gradient.chunks_exact_mut(out_stored) {
        cell[g.filters..].fill(0.0);
    }
    let weight = noise(g.filters * g.channels * g.kernel.0 * g.kernel.1, 3);

    let mut output = vec![0.0; output_len];
    let mut d_input = vec![0.0; g.input_len()];
    let mut d_weight = vec![0.0; weight.len()];
    for band in 0..g.output.0 {
        for frame in 0..g.output.1 {
            for filter in 0..g.filters {
                let out = (band * g.output.1 + frame) * out_stored + filter;
                for channel in 0..g.channels {
                    for i in 0..g.kernel.0 {
                        for j in 0..g.kernel.1 {
                            let y = (band + i).wrapping_sub(g.before.0);
                            let x = (frame + j).wrapping_sub(g.before.1);
                            if y >= g.input.0 || x >= g.input.1 {
                                continue;
                            }
                            let from = (y * g.input.1 + x) * in_stored + channel;
                            let tap =
                                ((filter * g.channels + channel) * g.kernel.0 + i) * g.kernel.1 + j;
                            let d = f64::from(gradient[out]);
                            output[out] += f64::from(input[from]) * f64::from(weight[tap]);
                            d_input[from] += d * f64::from(weight[tap]);
                            d_weight[tap] += d * f64::from(input[from]);
                        }
                    }
                }
            }
        }
    }

    let mut convolution = Convolution::new(kernels, geometry, unit);
    convolution.pack(&weight, |_| 1.0, true);
    let mut work = Work::default();
    let mut got = vec![7.0; output_len];
    let row = convolution.output_len(1);
    for bands in convolution.strips() {
        let got = &mut got[bands.start * row..bands.end * row];
        convolution.forward(&input, bands, got, &mut work);
    }
    close(&got, &output, &what);
    let mut sums = vec![0.0; convolution.gradient_len()];
    let mut back = vec![7.0; g.input_len()];
    let wanted = (in_stored > 1).then_some(&mut back[..]);
    let strip = |bands: Range<usize>, to: &mut [f32]| {
        to.copy_from_slice(&gradient[bands.start * row..bands.end * row]);
    };
    convolution.backward(&input, strip, &mut sums, wanted, &mut work);
    close(&convolution.filter_gradient(&sums), &d_weight, &what);
    if in_stored > 1 {
        close(&back, &d_input, &what);
    }
}

#[test]
fn matches_the_definition() {
    for kernels in Kernels::available() {
        for (input, channels, filters, kernel, same) in [
            ((9, 13), 1, 5, (3, 3), true),
            ((9, 13), 3, 9, (3, 3), true),
            ((8, 8), 8, 8, (3, 3), false),
            ((3, 3), 2, 3, (3, 3), false),
            ((1, 2), 2, 3, (3, 3), true),
            ((25, 30), 9, 17, (3, 3), true),
            ((7, 6), 4, 3, (2, 5), true),
            ((7, 6), 10, 20, (7, 1), false),
            ((5, 40), 2, 3, (4, 30), true),
            ((6, 9), 1, 3, (6, 2), false),
            ((50, 31), 2, 3, (3, 3), true),
            ((33, 70), 2, 3, (5, 4), true),
            ((33, 70), 1, 3, (8, 4), false),
        ] {
            let side = |input: usize, kernel: usize| if same { input } else { input + 1 - kernel };
            let output = (side(input.0, kernel.0), side(input.1, kernel.1));
            let before = if same { ((kernel.0 - 1) / 2, (kernel.1 - 1) / 2) } else { (0, 0) };
            let stored_channels = if channels == 1 { 1 } else { stored(channels) };
            let geometry =
                Geometry { input, channels, stored_channels, output, filters, kernel, before };
            for unit in [1, 3] {
                check(geometry, unit, kernels);
            }
        }
    }
}
