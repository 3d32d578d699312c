//! duotone's side of the benchmarks: works that `bench/run.py` checks against other programs' and
//! times in turn with them.
//!
//! - `contestant THREADS network FILE`: a network's training and inference.
//! - `contestant THREADS sound FILE`: the log-mel front end, and the bare Fourier transforms.
//! - `contestant THREADS files PATH...`: from files to samples, and to spectrograms.
//!
//! It answers lines on standard input by a line each on standard output, and sleeps in between so
//! that others can be measured: `check PATH` writes the works' results to a safetensors file,
//! `time WORK SECONDS` repeats a work for as long and prints each call's seconds as a JSON array.
#![forbid(unsafe_code)]

mod files;
mod network;
mod sound;
mod tensors;

use std::error::Error;
use std::io::{BufRead, Write};
use std::path::Path;
use std::time::Instant;

pub(crate) type Outcome<T = ()> = Result<T, Box<dyn Error>>;

/// Something that can be checked and timed.
pub(crate) trait Works {
    /// The results of all works, by name.
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>>;
    /// One call of a work.
    fn run(&mut self, work: &str) -> Outcome;
}

fn main() -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let [threads, kind, ref rest @ ..] = words[..] else {
        return Err("usage: contestant THREADS network|sound|files PATH...".into());
    };
    // The caller is one of the threads, as with the others' libraries.
    let threads = threads.parse()?;
    rayon::ThreadPoolBuilder::new().num_threads(threads).use_current_thread().build_global()?;
    let mut works: Box<dyn Works> = match (kind, rest) {
        ("network", [path]) => Box::new(network::Networks::read(Path::new(path))?),
        ("sound", [path]) => Box::new(sound::Sound::read(Path::new(path))?),
        ("files", paths @ [_, ..]) => Box::new(files::Files::new(paths)),
        _ => return Err(format!("no such works: {kind}").into()),
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
            _ => return Err(format!("not understood: {line}").into()),
        };
        println!("{reply}");
        std::io::stdout().flush()?;
    }
    Ok(())
}

/// Seconds of each call, after one that does not count.
fn time(works: &mut dyn Works, work: &str, seconds: f64) -> Outcome<Vec<f64>> {
    // The caller asks for no repetition where one call takes seconds: nothing is cold then.
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
