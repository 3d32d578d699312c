//! White noise.

use std::f64::consts::TAU;

use duotone_nn::random::Philox;

/// `noise` in ASCII; keeps these random numbers independent of other uses.
const NOISE: u64 = 0x6e6f_6973_6500_0000;

/// Adds Gaussian white noise, with the samples' power `decibels` above that of the noise. The noise
/// depends only on the clip's content digest, so that it is the same at every level.
pub(super) fn add_noise(samples: &mut [f32], decibels: f64, content: &str) {
    let digest = blake3::hash(content.as_bytes());
    let stream = digest.as_bytes().first_chunk().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    let random = Philox::new(NOISE, stream);
    let mut noise: Vec<f32> = Vec::with_capacity(samples.len() + 1);
    for block in 0..samples.len().div_ceil(2) {
        noise.extend(pair(random.block(block as u64)));
    }
    noise.truncate(samples.len());
    let wanted = power(samples) * 10.0_f64.powf(-decibels / 10.0);
    // The power of this very noise, so that the ratio is exact in a short clip, too.
    let scale = (wanted / power(&noise).max(f64::MIN_POSITIVE)).sqrt();
    for (sample, noise) in samples.iter_mut().zip(noise) {
        *sample += (scale * f64::from(noise)) as f32;
    }
}

/// Two normally distributed numbers (Box and Muller, 1958).
fn pair([a, b, ..]: [u32; 4]) -> [f32; 2] {
    // Above 0, because the logarithm of 0 is infinite.
    let uniform = (f64::from(a) + 1.0) / 4_294_967_296.0;
    let radius = (-2.0 * uniform.ln()).sqrt();
    let (sin, cos) = (TAU * f64::from(b) / 4_294_967_296.0).sin_cos();
    [(radius * cos) as f32, (radius * sin) as f32]
}

/// Sum of squares.
pub(super) fn power(samples: &[f32]) -> f64 {
    samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum()
}

#[cfg(test)]
mod tests {
    use super::{add_noise, power};

    fn noise_in(decibels: f64, content: &str, length: usize) -> (Vec<f32>, Vec<f32>) {
        let clean: Vec<f32> = (0..length).map(|i| 0.3 * (0.05 * i as f32).sin()).collect();
        let mut noisy = clean.clone();
        add_noise(&mut noisy, decibels, content);
        let noise = noisy.iter().zip(&clean).map(|(noisy, clean)| noisy - clean).collect();
        (clean, noise)
    }

    #[test]
    fn ratio_is_as_requested() {
        for (decibels, length) in [(40.0, 44_101), (20.0, 44_100), (20.0, 100)] {
            let (clean, noise) = noise_in(decibels, "a", length);
            let ratio = 10.0 * (power(&clean) / power(&noise)).log10();
            assert!((ratio - decibels).abs() < 0.1, "{ratio}");
        }
    }

    #[test]
    fn noise_is_white_normal_and_seeded_by_content() {
        let (_, noise) = noise_in(20.0, "a", 100_000);
        let all = power(&noise);
        for lag in [1, 2, 3, 100] {
            let pairs = noise.iter().zip(&noise[lag..]);
            let correlation: f64 = pairs.map(|(a, b)| f64::from(a * b)).sum::<f64>() / all;
            assert!(correlation.abs() < 0.015, "{lag}: {correlation}");
        }
        let deviation = (all / noise.len() as f64).sqrt() as f32;
        let beyond = noise.iter().filter(|x| x.abs() > 2.0 * deviation).count();
        assert!((4_200..4_900).contains(&beyond), "{beyond} instead of 4,550");
        assert_eq!(noise, noise_in(20.0, "a", 100_000).1);
        assert_ne!(noise, noise_in(20.0, "b", 100_000).1);
    }

    #[test]
    fn silence_stays_silent() {
        let mut silence = [0.0; 10];
        add_noise(&mut silence, 20.0, "a");
        assert_eq!(silence, [0.0; 10]);
        add_noise(&mut [], 20.0, "a");
    }
}
