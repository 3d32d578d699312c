mod common;
use duotone_nn::*;
#[test]
#[ignore]
fn speed() {
    let b = |filters, pool| Block {
        filters,
        kernel: (3, 3),
        padding: Padding::Same,
        batch_norm: true,
        pool,
    };
    let a = Architecture {
        bands: 96,
        frames: 128,
        negative_slope: 0.0,
        hidden_units: 0,
        dropout: 0.3,
        classes: 4,
        pipelines: vec![Pipeline {
            blocks: vec![b(16, (2, 2)), b(32, (2, 2)), b(64, (2, 2)), b(64, (3, 2))],
            global_pool: GlobalPool { bands: Summary::Mean, frames: Summary::MeanMax },
        }],
    };
    println!("{} parameters", a.parameters());
    let w = common::weights(&a, 1);
    let n = 64;
    let x = common::noise(n * 96 * 128, 2);
    let cpu = || -> f64 {
        let mut total = 0.0;
        for t in std::fs::read_dir("/proc/self/task").unwrap() {
            let s = std::fs::read_to_string(t.unwrap().path().join("schedstat")).unwrap();
            total += s.split(' ').next().unwrap().parse::<f64>().unwrap() / 1e9;
        }
        total
    };
    let network = Network::new(&a, &w).unwrap();
    network.logits(&x).unwrap();
    let (s, c) = (std::time::Instant::now(), cpu());
    for _ in 0..10 {
        network.logits(&x).unwrap();
    }
    println!(
        "inference {:.0}/s wall, {:.0}/s per cpu second",
        10.0 * n as f64 / s.elapsed().as_secs_f64(),
        10.0 * n as f64 / (cpu() - c)
    );
    let mut t = Trainer::new(&a, &w)
        .unwrap()
        .with_optimizer(Optimizer::AdamW { weight_decay: 0.01 }, OptimizerState::default())
        .unwrap();
    let labels: Vec<u32> = (0..32).map(|i| i % 4).collect();
    t.step(&x[..32 * 96 * 128], &labels, Step { learning_rate: 0.001, seed: 1, index: 0 }).unwrap();
    let (s, c) = (std::time::Instant::now(), cpu());
    for i in 1..11 {
        t.step(&x[..32 * 96 * 128], &labels, Step { learning_rate: 0.001, seed: 1, index: i })
            .unwrap();
    }
    println!(
        "training {:.0}/s wall, {:.0}/s per cpu second",
        320.0 / s.elapsed().as_secs_f64(),
        320.0 / (cpu() - c)
    );
}
