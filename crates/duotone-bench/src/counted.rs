//! Does a fixed amount of work, whose instructions are counted by `scripts/count_work`: `counted
//! WORK REPETITIONS`, or `counted list` to list the kinds of work.
//!
//! Everything runs on one thread, and the setup is the same for any number of repetitions,
//! including 0, so the difference between two runs is the work alone.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;

use duotone_audio::FrontEnd;
use duotone_nn::random::Philox;
use duotone_nn::{
    Architecture, Isa, Kernels, Network, Optimizer, OptimizerState, Step, Trainer, Weights,
};

/// Segments per training step.
const TRAINED: usize = 40;
/// Segments for which inference is counted, and a step of the deep network: fewer, because counting is slow.
const FEW: usize = 8;
/// The preset `deep`, without its number of classes.
const DEEP: &str = include_str!("../../../examples/networks/deep.toml");

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["list"] => {
            for isa in Isa::available() {
                let name = isa.name();
                println!("training {name}\ninference {name}");
                println!("deep-training {name}\ndeep-inference {name}");
            }
            println!("log-mel");
            Ok(())
        }
        [work, repetitions] => run(work, repetitions.parse()?),
        _ => Err("usage: counted WORK REPETITIONS | counted list".into()),
    }
}

fn run(work: &str, repetitions: u64) -> Result<(), Box<dyn Error>> {
    rayon::ThreadPoolBuilder::new().num_threads(1).use_current_thread().build_global()?;
    let random = Philox::new(1, 0);
    let noise = |count: usize| (0..count as u64).map(|i| random.uniform(i) * 2.0 - 1.0);
    if work == "log-mel" {
        let front_end = FrontEnd::paper(44_100);
        let samples: Vec<f32> = noise(10 * 44_100).collect();
        for _ in 0..repetitions {
            black_box(front_end.spectrogram(black_box(&samples))?);
        }
        return Ok(());
    }
    let (what, name) = work.split_once(' ').ok_or("no such work")?;
    let isa = Isa::available()
        .into_iter()
        .find(|isa| isa.name() == name)
        .ok_or("no such instruction set")?;
    let kernels = Kernels { isa, ..Kernels::default() };
    let (what, deep) = match what.strip_prefix("deep-") {
        Some(what) => (what, true),
        None => (what, false),
    };
    let architecture = match deep {
        true => self::deep()?,
        false => Architecture::preset("model2", 10).ok_or("no such preset")?,
    };
    let weights = Weights::glorot(&architecture, 1)?;
    let size = architecture.bands * architecture.frames;
    match what {
        "training" => {
            let samples = if deep { FEW } else { TRAINED };
            let inputs: Vec<f32> = noise(samples * size).collect();
            let labels: Vec<u32> = (0..samples as u32).map(|i| i % 10).collect();
            let mut trainer = Trainer::with_kernels(&architecture, &weights, kernels)?;
            if deep {
                let optimizer = Optimizer::AdamW { weight_decay: 0.01 };
                trainer = trainer.with_optimizer(optimizer, OptimizerState::default())?;
            }
            for index in 0..repetitions {
                trainer.step(&inputs, &labels, Step { learning_rate: 0.02, seed: 1, index })?;
            }
        }
        "inference" => {
            let inputs: Vec<f32> = noise(FEW * size).collect();
            let network = Network::with_kernels(&architecture, &weights, kernels)?;
            for _ in 0..repetitions {
                black_box(network.probabilities(black_box(&inputs))?);
            }
        }
        _ => return Err("no such work".into()),
    }
    Ok(())
}

/// Returns the preset `deep` with 10 classes.
fn deep() -> Result<Architecture, Box<dyn Error>> {
    let (architecture, _) = DEEP.split_once("[front_end]").ok_or("no front end")?;
    Ok(Architecture::from_toml(&format!("classes = 10\n{architecture}"))?)
}
