//! Networks with several blocks, batch normalisation or global pooling.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test fails by panicking"
)]

mod common;

use common::{Size, bits, check, check_reference, noise, weights};
use duotone_nn::random::Philox;
use duotone_nn::{
    Architecture, Block, GlobalPool, Kernels, Network, Optimizer, Padding, Pipeline, Summary,
};

/// A network that only the language's newer parts describe.
fn deep(input: Size, hidden_units: usize, pipelines: &[(&[Block], GlobalPool)]) -> Architecture {
    Architecture {
        bands: input.0,
        frames: input.1,
        negative_slope: 0.0,
        hidden_units,
        dropout: 0.3,
        classes: 3,
        pipelines: pipelines
            .iter()
            .map(|&(blocks, global_pool)| Pipeline { blocks: blocks.to_vec(), global_pool })
            .collect(),
    }
}

fn block(filters: usize, kernel: Size, pool: Size, padding: Padding, batch_norm: bool) -> Block {
    Block { filters, kernel, padding, batch_norm, fixed: None, pool }
}

#[test]
fn several_blocks() {
    use Padding::{Same, Valid};
    let keep = GlobalPool::default();
    let mean = GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax };
    let max = GlobalPool { bands: Summary::Max, frames: Summary::None };
    let small = [
        block(5, (3, 3), (2, 2), Same, true),
        block(9, (3, 3), (2, 3), Same, true),
        block(17, (3, 3), (1, 1), Same, false),
    ];
    check(&deep((12, 20), 0, &[(&small, mean)]), 5, 1);
    let tall = [block(4, (9, 2), (2, 1), Valid, true), block(3, (1, 4), (1, 3), Valid, true)];
    let wide = [block(6, (2, 9), (3, 2), Same, false)];
    check(&deep((12, 20), 7, &[(&tall, keep), (&wide, max)]), 3, 2);
    // Next to a pipeline of the paper's kind, whose weights have no axis for the channels.
    let single = [block(6, (2, 9), (3, 2), Valid, false)];
    check(&deep((12, 20), 0, &[(&small, max), (&single, keep)]), 1, 3);
    check(&deep((12, 20), 0, &[(&single, keep)]), 9, 4);
    let std = GlobalPool { bands: Summary::MeanStd, frames: Summary::MeanStd };
    check(&deep((12, 20), 0, &[(&wide, std)]), 4, 5);
}

#[test]
fn random_blocks() {
    for seed in 0..40 {
        let random = Philox::new(seed, 2);
        let draw = |i: u64, from: usize, to: usize| from + random.below(i, to + 1 - from);
        let input = (draw(0, 4, 14), draw(1, 4, 30));
        let summaries =
            [Summary::None, Summary::Mean, Summary::Max, Summary::MeanMax, Summary::MeanStd];
        let mut pipelines = Vec::new();
        for p in 0..draw(2, 1, 2) as u64 {
            let (mut blocks, mut size) = (Vec::new(), input);
            for b in 0..draw(20 + p, 1, 3) as u64 {
                let at = 100 * (p + 1) + 10 * b;
                let three = draw(at + 6, 0, 1) == 1 && size.0 >= 3 && size.1 >= 3;
                let kernel = match three {
                    true => (3, 3),
                    false => (draw(at, 1, size.0), draw(at + 1, 1, size.1)),
                };
                let padding = if draw(at + 2, 0, 1) == 1 { Padding::Same } else { Padding::Valid };
                let map = match padding {
                    Padding::Same => size,
                    Padding::Valid => (size.0 + 1 - kernel.0, size.1 + 1 - kernel.1),
                };
                let pool = (draw(at + 3, 1, map.0.min(3)), draw(at + 4, 1, map.1.min(3)));
                let batch_norm = draw(at + 5, 0, 2) > 0;
                blocks.push(block(draw(at + 7, 1, 18), kernel, pool, padding, batch_norm));
                size = (map.0 / pool.0, map.1 / pool.1);
            }
            let summary = |i: u64, last: usize| summaries[draw(30 + 2 * p + i, 0, last)];
            // A deviation over few bands can be so small that its derivative is lost in rounding errors.
            let global_pool = GlobalPool { bands: summary(0, 3), frames: summary(1, 4) };
            pipelines.push((blocks, global_pool));
        }
        let pipelines: Vec<_> = pipelines.iter().map(|(b, pool)| (&b[..], *pool)).collect();
        check(&deep(input, 4 * draw(3, 0, 1), &pipelines), draw(5, 4, 9), 2000 + seed);
    }
}

#[test]
fn reference_gradients_are_the_slopes_of_the_loss() {
    let tower = [
        block(3, (3, 3), (2, 2), Padding::Same, true),
        block(2, (2, 3), (1, 1), Padding::Valid, true),
    ];
    let pool = GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax };
    check_reference(&deep((6, 11), 0, &[(&tower, pool)]));
    check_reference(&deep((6, 11), 4, &[(&tower[..1], GlobalPool::default())]));
    let pool = GlobalPool { bands: Summary::MeanStd, frames: Summary::MeanStd };
    check_reference(&deep((6, 11), 0, &[(&tower[..1], pool)]));
}

/// Blocks of the shapes that small networks usually have.
fn tower() -> Architecture {
    let tower = [
        block(5, (3, 3), (2, 2), Padding::Same, true),
        block(9, (3, 3), (2, 3), Padding::Same, true),
        block(4, (2, 5), (1, 1), Padding::Same, false),
    ];
    let pool = GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax };
    deep((12, 30), 0, &[(&tower, pool), (&tower[..1], pool)])
}

#[test]
fn same_bits_for_any_number_of_threads() {
    let a = tower();
    for kernels in Kernels::available() {
        for optimizer in [
            Optimizer::Sgd { momentum: 0.9, weight_decay: 0.01 },
            Optimizer::AdamW { weight_decay: 0.01 },
        ] {
            let bits = |threads: usize| bits(&a, optimizer, threads, kernels);
            let one = bits(1);
            assert!(one == bits(2) && one == bits(7), "{}", kernels.name());
        }
    }
}

#[test]
fn nan_reaches_the_logits() {
    let a = tower();
    let mut inputs = noise(2 * a.bands * a.frames, 5);
    inputs[70] = f32::NAN;
    for kernels in Kernels::available() {
        let network = Network::with_kernels(&a, &weights(&a, 3), kernels).unwrap();
        let logits = network.logits(&inputs).unwrap();
        assert!(logits[..3].iter().all(|x| x.is_nan()), "{}: {logits:?}", kernels.name());
        assert!(logits[3..].iter().all(|x| x.is_finite()), "{}: {logits:?}", kernels.name());
    }
}
