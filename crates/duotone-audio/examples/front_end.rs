//! Measures the audio pipeline alone; `bench/` compares it with other programs.
//!
//! - `front_end noise SECONDS RUNS`: the front end alone over noise at 44.1 kHz, on one thread.
//! - `front_end bare SECONDS RUNS`: only the Fourier transforms of its frames, by `realfft`.
//! - `front_end batch CLIPS SECONDS RUNS THREADS`: the front end over CLIPS clips of noise.
//! - `front_end files THREADS PATH...`: from files to spectrograms.
//! - `front_end excerpts COUNT SECONDS PATH...`: COUNT excerpts of SECONDS each, evenly spread over each file, and for comparison the whole file.
//!
//! Prints the seconds of each run, one per line, then the process's peak memory in MiB (0 if it is
//! unknown).

use std::error::Error;
use std::hint::black_box;
use std::path::PathBuf;
use std::time::Instant;

use duotone_audio::{FrontEnd, extract, extract_range, measure};
use rayon::prelude::*;
use realfft::RealFftPlanner;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let result = match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["noise", seconds, runs] => noise(seconds.parse()?, runs.parse()?),
        ["bare", seconds, runs] => bare(seconds.parse()?, runs.parse()?),
        ["batch", clips, seconds, runs, threads] => {
            batch(clips.parse()?, seconds.parse()?, runs.parse()?, threads.parse()?)
        }
        ["files", threads, ref paths @ ..] => files(threads.parse()?, paths),
        ["excerpts", count, seconds, ref paths @ ..] => {
            excerpts(count.parse()?, seconds.parse()?, paths)
        }
        _ => Err("usage: front_end noise SECONDS RUNS | bare SECONDS RUNS | \
                  batch CLIPS SECONDS RUNS THREADS | files THREADS PATH... | \
                  excerpts COUNT SECONDS PATH..."
            .into()),
    };
    println!("{}", peak_memory().unwrap_or(0));
    result
}

/// Peak memory in MiB, from Linux's `/proc`.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<u64>().ok()? / 1024)
}

fn white(seconds: usize) -> Vec<f32> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state as i32 as f32 / 2_147_483_648.0
    };
    (0..seconds * 44_100).map(|_| next()).collect()
}

fn noise(seconds: usize, runs: usize) -> Result<(), Box<dyn Error>> {
    let front_end = FrontEnd::paper(44_100);
    let samples = white(seconds);
    for _ in 0..runs {
        let start = Instant::now();
        black_box(front_end.spectrogram(black_box(&samples))?);
        println!("{:.6}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn bare(seconds: usize, runs: usize) -> Result<(), Box<dyn Error>> {
    let front_end = FrontEnd::paper(44_100);
    let samples = white(seconds);
    let fft = RealFftPlanner::<f32>::new().plan_fft_forward(front_end.window);
    let (mut input, mut output) = (fft.make_input_vec(), fft.make_output_vec());
    let mut scratch = fft.make_scratch_vec();
    for _ in 0..runs {
        let start = Instant::now();
        for frame in samples.windows(front_end.window).step_by(front_end.hop) {
            input.copy_from_slice(frame);
            fft.process_with_scratch(&mut input, &mut output, &mut scratch)?;
            black_box(&output);
        }
        println!("{:.6}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn batch(clips: usize, seconds: usize, runs: usize, threads: usize) -> Result<(), Box<dyn Error>> {
    let front_end = FrontEnd::paper(44_100);
    let samples = white(seconds);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    for _ in 0..runs {
        let start = Instant::now();
        pool.install(|| {
            (0..clips).into_par_iter().try_for_each(|_| {
                front_end.spectrogram(black_box(&samples)).map(|spectrogram| {
                    black_box(spectrogram);
                })
            })
        })?;
        println!("{:.6}", start.elapsed().as_secs_f64());
    }
    Ok(())
}

fn files(threads: usize, paths: &[&str]) -> Result<(), Box<dyn Error>> {
    let paths: Vec<PathBuf> = paths.iter().map(PathBuf::from).collect();
    let front_end = FrontEnd::paper(44_100);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build()?;
    let start = Instant::now();
    pool.install(|| {
        paths.par_iter().try_for_each(|path| match extract(path, &front_end) {
            Ok(extraction) => {
                if let Some(decode_errors) = &extraction.decode_errors {
                    eprintln!("{}: {decode_errors}", path.display());
                }
                black_box(extraction);
                Ok(())
            }
            Err(e) => Err(format!("{}: {e}", path.display())),
        })
    })?;
    println!("{:.6}", start.elapsed().as_secs_f64());
    Ok(())
}

fn excerpts(count: u32, seconds: f64, paths: &[&str]) -> Result<(), Box<dyn Error>> {
    let front_end = FrontEnd::paper(44_100);
    for path in paths.iter().map(PathBuf::from) {
        let start = Instant::now();
        let length = measure(&path)?.seconds.ok_or("its length is unknown")?;
        let measured = start.elapsed().as_secs_f64();
        for i in 0..count {
            let middle = length * (f64::from(i) + 0.5) / f64::from(count);
            let range = middle - seconds / 2.0..middle + seconds / 2.0;
            black_box(extract_range(&path, &front_end, range)?);
        }
        let parts = start.elapsed().as_secs_f64();
        let start = Instant::now();
        black_box(extract(&path, &front_end)?);
        let whole = start.elapsed().as_secs_f64();
        println!("{}: length {measured:.4}, excerpts {parts:.4}, whole {whole:.4}", path.display());
    }
    Ok(())
}
