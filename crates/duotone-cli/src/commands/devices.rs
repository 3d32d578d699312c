//! Lists the devices that `--device` accepts, and measures their speed.

use std::time::{Duration, Instant};

use duotone::nn::random::Philox;
use duotone::nn::{Architecture, Network, Step, Trainer, Weights};

use crate::args::DevicesArgs;
use crate::exit::{Done, Failure};
use crate::output::{self, table};

/// The paper's networks.
const NETWORKS: [&str; 3] = ["model1", "model2", "model3"];
/// Duration of each measurement.
const TIME: Duration = Duration::from_secs(2);
const BATCH: usize = 40;

pub(super) fn run(args: &DevicesArgs) -> Result<Done, Failure> {
    let threads = rayon::current_num_threads();
    let noun = if threads == 1 { "thread" } else { "threads" };
    output::print(&format!("cpu, {threads} {noun}\n{}", gpu::list()))?;
    if args.benchmark {
        let mut rows = Vec::new();
        for network in NETWORKS {
            let training = on_cpu(network).map_err(duotone::Error::from)?;
            rows.push(row("cpu", network, training, None));
        }
        rows.extend(gpu::rows()?);
        let header = ["device", "network", "trained/s", "classified/s", "Gflop/s", "GB/s"];
        // Only GPUs have the last two.
        let columns = if rows.iter().all(|row| row[4].is_empty()) { 4 } else { header.len() };
        let rows = rows.into_iter().map(|row| row.into_iter().take(columns));
        output::print(&format!("\n{}", table(&header[..columns], rows)))?;
    }
    Ok(Done::Fully)
}

/// One row of the table: segments per second, and the work done by a GPU's shaders.
fn row(
    device: &str,
    network: &str,
    (training, inference): (f64, f64),
    work: Option<(f64, f64)>,
) -> [String; 6] {
    let giga = |x: f64| format!("{:.1}", x / 1e9);
    let (operations, bytes) = work.map_or_else(Default::default, |(o, b)| (giga(o), giga(b)));
    let rates = [training, inference].map(|rate| format!("{rate:.0}"));
    let [training, inference] = rates;
    [device.into(), network.into(), training, inference, operations, bytes]
}

/// Segments that the CPU trains on and classifies per second.
fn on_cpu(network: &str) -> Result<(f64, f64), duotone::nn::Error> {
    let architecture = Architecture::preset(network, 10)
        .ok_or_else(|| duotone::nn::Error::Architecture(network.into()))?;
    let weights = Weights::glorot(&architecture, 0)?;
    let random = Philox::new(0, 0);
    let size = architecture.bands * architecture.frames;
    let inputs: Vec<f32> = (0..(BATCH * size) as u64).map(|i| random.uniform(i)).collect();
    let labels: Vec<u32> = (0..BATCH as u32).map(|i| i % 10).collect();
    let mut trainer = Trainer::new(&architecture, &weights)?;
    let mut step = Step { learning_rate: 0.02, seed: 0, index: 0 };
    let training = rate(|| {
        step.index += 1;
        trainer.step(&inputs, &labels, step).map(drop)
    })?;
    let network = Network::new(&architecture, &weights)?;
    let inference = rate(|| network.logits(&inputs).map(drop))?;
    Ok((training, inference))
}

fn rate<E>(mut work: impl FnMut() -> Result<(), E>) -> Result<f64, E> {
    work()?;
    let start = Instant::now();
    let mut batches = 0;
    while start.elapsed() < TIME {
        work()?;
        batches += 1;
    }
    Ok(f64::from(batches) * BATCH as f64 / start.elapsed().as_secs_f64())
}

#[cfg(feature = "gpu")]
mod gpu {
    use duotone::gpu::{Device, Kind, benchmark, devices};

    use super::{NETWORKS, TIME, row};
    use crate::exit::Failure;

    pub(super) fn list() -> String {
        let mut text = String::new();
        for info in devices() {
            let kind = match info.kind {
                Kind::Discrete => "dedicated memory",
                Kind::Integrated => "shares the processor's memory",
                Kind::Other => "virtual or unknown",
                Kind::Software => "emulated by the processor: slower than cpu",
            };
            let megabytes = info.limits.buffer_bytes >> 20;
            text += &format!("{info}, {kind}, buffers of up to {megabytes} MiB\n");
        }
        if text.is_empty() {
            text += "no GPU with a driver for Vulkan, Metal or DX12\n";
        }
        text
    }

    pub(super) fn rows() -> Result<Vec<[String; 6]>, Failure> {
        let mut rows = Vec::new();
        for info in devices() {
            let device = Device::open(info.number).map_err(duotone::Error::from)?;
            for network in NETWORKS {
                let m = benchmark(&device, network, TIME).map_err(duotone::Error::from)?;
                let name = format!("gpu:{}", info.number);
                let rates = (m.training, m.inference);
                rows.push(row(&name, network, rates, Some((m.operations, m.bytes))));
            }
        }
        Ok(rows)
    }
}

#[cfg(not(feature = "gpu"))]
mod gpu {
    use crate::exit::Failure;

    pub(super) fn list() -> String {
        "GPUs: not supported by this build \
         (to enable: cargo build --release --features gpu)\n"
            .into()
    }

    pub(super) fn rows() -> Result<Vec<[String; 6]>, Failure> {
        Ok(Vec::new())
    }
}
