//! duotone's side of the benchmarks: kinds of work that `bench/run.py` checks against those of
//! other programs and times in turn with them.
//!
//! - `candidate THREADS network FILE`: a network's training and inference.
//! - `candidate THREADS published FILE`: inference of a published network.
//! - `candidate THREADS sound FILE`: the log-mel front end, and the bare Fourier transforms.
//! - `candidate THREADS files PATH...`: decoding files to samples, and to spectrograms.
//!
//! Replies to each line on standard input with a line on standard output, and sleeps in between so
//! that others can be measured. `check PATH` writes the results to a safetensors file. `time WORK
//! SECONDS` repeats a kind of work for the given time and prints the seconds of each call as a JSON
//! array.
#![forbid(unsafe_code)]

mod files;
mod network;
mod published;
mod sound;
mod tensors;

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Something that can be checked and timed.
pub(crate) trait Works {
    /// Returns the results of all kinds of work, by name.
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>>;
    /// Does a kind of work once.
    fn run(&mut self, work: &str) -> Outcome;
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [threads, kind, ref rest @ ..] = arguments[..] else {
        return Err("usage: candidate THREADS network|published|sound|files PATH...".into());
    };
    // The caller is one of the threads, as in the other programs' libraries.
    let threads = threads.parse()?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()?;
    let mut works: Box<dyn Works> = match (kind, rest) {
        ("network", [path]) => Box::new(network::Networks::read(Path::new(path))?),
        ("published", [path]) => Box::new(published::Published::read(Path::new(path))?),
        ("sound", [path]) => Box::new(sound::Sound::read(Path::new(path))?),
        ("files", paths @ [_, ..]) => Box::new(files::Files::new(paths)),
        _ => return Err(format!("no such kind of work: {kind}").into()),
    };
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        let reply = match line.split_once(' ') {
            Some(("check", path)) => {
                tensors::write(Path::new(path), works.check()?)?;
                "[]".to_owned()
            }
            Some(("time", order)) => {
                let (work, seconds) = order.split_once(' ').ok_or("time WORK SECONDS")?;
                serde_json::to_string(&time(&mut *works, work, seconds.parse()?)?)?
            }
            _ => return Err(format!("unknown command: {line}").into()),
        };
        println!("{reply}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Returns the seconds of each call, after one that does not count.
fn time(works: &mut dyn Works, work: &str, seconds: f64) -> Outcome<Vec<f64>> {
    // The caller requests no repetition if one call takes seconds; no warm-up is needed then.
    if seconds > 0.0 {
        works.run(work)?;
    }
    let mut calls = Vec::new();
    let start = Instant::now();
    while calls.is_empty() || start.elapsed().as_secs_f64() < seconds {
        let call = Instant::now();
        works.run(work)?;
        calls.push(call.elapsed().as_secs_f64());
    }
    Ok(calls)
}
