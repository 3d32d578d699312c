//! Measures this machine's peak performance, to which each stage is compared: `roofline THREADS
//! SECONDS` prints a JSON object.
//!
//! - `multiply_adds`: 32-bit multiply-adds per second, all in registers.
//! - `read_cache`, `read_memory`: bytes per second read from 4 MiB and from 256 MiB per thread.
//! - `transforms`: real Fourier transforms of 3072 samples per second, from cache.
#![forbid(unsafe_code)]

use std::error::Error;
use std::hint::black_box;
use std::time::Instant;

use pulp::{Arch, Simd, WithSimd};
use realfft::RealFftPlanner;

/// Enough sums to hide the latency of a multiply-add on any current processor, but few enough for
/// its registers.
const SUMS: usize = 12;
const REPEATS: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<f64> =
        std::env::args().skip(1).map(|x| x.parse()).collect::<Result<_, _>>()?;
    let [threads, seconds] = arguments[..] else {
        return Err("usage: roofline THREADS SECONDS".into());
    };
    let all = |work: &(dyn Fn() -> Box<dyn FnMut() -> f64> + Sync)| rate(threads, seconds, work);
    let read = |bytes: usize| {
        move || {
            let numbers = vec![1u64; bytes / 8];
            Box::new(move || {
                black_box(black_box(&numbers[..]).iter().fold(0u64, |sum, x| sum.wrapping_add(*x)));
                bytes as f64
            }) as Box<dyn FnMut() -> f64>
        }
    };
    let transforms = || {
        let transform = RealFftPlanner::<f32>::new().plan_fft_forward(3072);
        let (mut input, mut output) = (transform.make_input_vec(), transform.make_output_vec());
        let mut scratch = transform.make_scratch_vec();
        Box::new(move || {
            // The transform overwrites its input, whose values must not grow from call to call.
            input.fill(0.5);
            // The lengths come from the plan, so this cannot fail.
            let done = transform.process_with_scratch(&mut input, &mut output, &mut scratch);
            black_box(&output);
            f64::from(u8::from(done.is_ok()))
        }) as Box<dyn FnMut() -> f64>
    };
    let multiply_adds =
        || Box::new(|| Arch::new().dispatch(MultiplyAdds)) as Box<dyn FnMut() -> f64>;
    println!(
        "{}",
        serde_json::json!({
            "multiply_adds": all(&multiply_adds),
            "read_cache": all(&read(4 << 20)),
            "read_memory": all(&read(256 << 20)),
            "transforms": all(&transforms),
        })
    );
    Ok(())
}

/// Returns the units of work per second of all threads together. Each thread creates its own work,
/// whose calls return how much they did. The best of five time spans counts, because this is a peak
/// and not an average.
fn rate(threads: f64, seconds: f64, make: &(dyn Fn() -> Box<dyn FnMut() -> f64> + Sync)) -> f64 {
    let one = || {
        let mut work = make();
        let span = |seconds: f64, work: &mut dyn FnMut() -> f64| {
            let (start, mut done) = (Instant::now(), 0.0);
            while start.elapsed().as_secs_f64() < seconds {
                done += work();
            }
            done / start.elapsed().as_secs_f64()
        };
        (0..5).map(|_| span(seconds / 5.0, &mut work)).fold(0.0, f64::max)
    };
    std::thread::scope(|scope| {
        let all: Vec<_> = (0..threads as usize).map(|_| scope.spawn(one)).collect();
        // A panicked thread counts as 0.
        all.into_iter().map(|thread| thread.join().unwrap_or(0.0)).sum()
    })
}

/// Performs multiply-adds and returns their number.
struct MultiplyAdds;

impl WithSimd for MultiplyAdds {
    type Output = f64;

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) -> f64 {
        let (factor, term) = black_box((simd.splat_f32s(0.999), simd.splat_f32s(0.001)));
        let mut sums = [simd.splat_f32s(1.0); SUMS];
        for _ in 0..REPEATS {
            for sum in &mut sums {
                *sum = simd.mul_add_f32s(*sum, factor, term);
            }
        }
        black_box(sums);
        (REPEATS * SUMS * S::F32_LANES) as f64
    }
}
