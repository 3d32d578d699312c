//! Measures how fast this machine trains and runs a network, for comparison with other frameworks.
//!
//! `cargo run --release -p duotone-nn --example speed -- [ARCHITECTURE] [BATCH] [THREADS] [SECONDS]`
//!
//! Prints one line per measurement: settings, instruction set, training or inference, and segments per
//! second (the median over calls).

use std::time::{Duration, Instant};

use duotone_nn::random::Philox;
use duotone_nn::{Architecture, Isa, Kernels, Network, Step, Trainer, Weights};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let name = arguments.next().unwrap_or_else(|| "model2".into());
    let batch: usize = arguments.next().map_or(Ok(40), |x| x.parse())?;
    let threads: usize = arguments.next().map_or(Ok(2), |x| x.parse())?;
    let seconds: f64 = arguments.next().map_or(Ok(2.0), |x| x.parse())?;
    let architecture = Architecture::preset(&name, 10).ok_or("no such preset")?;
    let weights = Weights::glorot(&architecture, 1)?;
    let random = Philox::new(2, 0);
    let count = batch * architecture.bands * architecture.frames;
    let inputs: Vec<f32> = (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0).collect();
    let labels: Vec<u32> = (0..batch as u32).map(|i| i % 10).collect();
    rayon::ThreadPoolBuilder::new().num_threads(threads).build_global()?;
    for isa in Isa::available() {
        let kernels = Kernels { isa, ..Kernels::default() };
        let mut trainer = Trainer::with_kernels(&architecture, &weights, kernels)?;
        let mut index = 0;
        let rate = measure(batch, seconds, || {
            index += 1;
            trainer.step(&inputs, &labels, Step { learning_rate: 0.02, seed: 1, index }).map(drop)
        })?;
        println!("{name} batch {batch} threads {threads} {} training {rate:.0}", isa.name());
        let network = Network::with_kernels(&architecture, &weights, kernels)?;
        let rate = measure(batch, seconds, || network.probabilities(&inputs).map(drop))?;
        println!("{name} batch {batch} threads {threads} {} inference {rate:.0}", isa.name());
    }
    Ok(())
}

/// Returns segments per second, the median over calls after a warm-up.
fn measure<E>(
    batch: usize,
    seconds: f64,
    mut work: impl FnMut() -> Result<(), E>,
) -> Result<f64, E> {
    for _ in 0..3 {
        work()?;
    }
    let mut times: Vec<Duration> = Vec::new();
    let start = Instant::now();
    while start.elapsed().as_secs_f64() < seconds || times.len() < 5 {
        let call = Instant::now();
        work()?;
        times.push(call.elapsed());
    }
    times.sort_unstable();
    Ok(batch as f64 / times[times.len() / 2].as_secs_f64())
}
