//! Applies a deformation to a decoded clip.

use duotone_audio::{Clip, Error, resample};

use super::filter::low_pass;
use super::kind::Deformation;
use super::noise::add_noise;

/// Returns a clip deformed and mixed to mono; `None` if the deformation does not apply to it, or needs
/// ffmpeg. `channels` are as [`decode_channels`](duotone_audio::decode_channels) returns them,
/// `content` is the file's digest.
pub(super) fn apply(
    deformation: Deformation,
    channels: &[Clip],
    content: &str,
) -> Result<Option<Clip>, Error> {
    // Deformations that depend on the level are applied to each channel, as in a file; the others
    // are linear.
    let deformed = match deformation {
        Deformation::Gain(decibels) => {
            let factor = 10.0_f64.powf(f64::from(decibels) / 20.0) as f32;
            mix(channels, |x| (factor * x).clamp(-1.0, 1.0))
        }
        Deformation::Bits(bits) => {
            let steps = 2.0_f32.powi(bits - 1);
            mix(channels, |x| (x * steps).round().clamp(-steps, steps - 1.0) / steps)
        }
        Deformation::LowPass(kilohertz) => {
            let mut mono = mix(channels, |x| x);
            low_pass(&mut mono.samples, mono.rate, 1_000.0 * f64::from(kilohertz));
            mono
        }
        Deformation::Resample(rate) => there_and_back(mix(channels, |x| x), rate)?,
        Deformation::Noise(decibels) => {
            let mut mono = mix(channels, |x| x);
            add_noise(&mut mono.samples, f64::from(decibels), content);
            mono
        }
        Deformation::Left => match channels {
            [left, _] => left.clone(),
            _ => return Ok(None),
        },
        Deformation::Mp3(_) | Deformation::Aac(_) => return Ok(None),
    };
    Ok(Some(deformed))
}

/// Applies a function to every sample, and returns the mean of the channels.
fn mix(channels: &[Clip], change: impl Fn(f32) -> f32) -> Clip {
    match channels {
        [left, right] => {
            let frames = left.samples.iter().zip(&right.samples);
            let samples = frames.map(|(&l, &r)| (change(l) + change(r)) * 0.5).collect();
            Clip { samples, rate: left.rate }
        }
        _ => {
            let mono = channels.first();
            let samples = mono.iter().flat_map(|clip| &clip.samples).map(|&x| change(x)).collect();
            Clip { samples, rate: mono.map_or(0, |clip| clip.rate) }
        }
    }
}

fn there_and_back(clip: Clip, rate: i32) -> Result<Clip, Error> {
    let rate = rate.unsigned_abs();
    if rate >= clip.rate {
        return Ok(clip);
    }
    let mut samples = resample(&resample(&clip.samples, clip.rate, rate)?, rate, clip.rate)?;
    // Rounding to whole samples twice may add or lose one.
    samples.resize(clip.samples.len(), 0.0);
    Ok(Clip { samples, rate: clip.rate })
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use duotone_audio::Clip;

    use super::super::noise::power;
    use super::{Deformation, apply};

    fn clip(samples: &[f32]) -> Clip {
        Clip { samples: samples.to_vec(), rate: 44_100 }
    }

    fn deformed(name: &str, channels: &[Clip]) -> Vec<f32> {
        apply(name.parse().unwrap(), channels, "digest").unwrap().unwrap().samples
    }

    #[test]
    fn gain_is_exact_and_clips() {
        let mono = [clip(&[0.0, 0.25, -0.5, 0.75, -1.0])];
        let half = 10.0_f64.powf(-0.3) as f32;
        let expected = [0.0, 0.25, -0.5, 0.75, -1.0].map(|x: f32| x * half);
        assert_eq!(deformed("gain-6", &mono), expected);
        let twice = 10.0_f64.powf(0.3) as f32;
        assert_eq!(deformed("gain+6", &mono), [0.0, 0.25 * twice, -0.5 * twice, 1.0, -1.0]);
        assert_eq!(deformed("gain-20", &mono)[4], -0.1);
        // Each channel clips before they are mixed.
        let stereo = [clip(&[0.9]), clip(&[-0.1])];
        assert_eq!(deformed("gain+6", &stereo), [(1.0 - 0.1 * twice) * 0.5]);
        assert_eq!(deformed("gain+0", &stereo), [(0.9 - 0.1) * 0.5]);
    }

    #[test]
    fn quantised_samples_are_on_their_steps() {
        let ramp: Vec<f32> = (-1000..=1000).map(|i| i as f32 / 1000.0).collect();
        for (name, steps) in [("bits-8", 128.0), ("bits-16", 32_768.0)] {
            let out = deformed(name, &[clip(&ramp)]);
            for (before, after) in ramp.iter().zip(&out) {
                assert_eq!((after * steps).fract(), 0.0);
                let bound = if *before > 0.99 { 1.0 } else { 0.5 };
                assert!((after - before).abs() * steps <= bound, "{before}: {after}");
            }
            assert_eq!((out[0], out[2000]), (-1.0, 1.0 - 1.0 / steps));
        }
        // 16-bit files stay as they are.
        let sixteen = [clip(&[3.0 / 32_768.0, -1.0, 32_767.0 / 32_768.0])];
        assert_eq!(deformed("bits-16", &sixteen), sixteen[0].samples);
    }

    #[test]
    fn limits_the_band() {
        let tone = |hertz: f64| {
            let sample = |i: usize| (0.5 * (TAU * hertz * i as f64 / 44_100.0).sin()) as f32;
            [clip(&(0..44_100).map(sample).collect::<Vec<f32>>())]
        };
        for (name, nyquist) in
            [("resample-22050", 11_025.0), ("resample-16000", 8_000.0), ("resample-11025", 5_512.5)]
        {
            let (below, above) = (tone(0.8 * nyquist), tone(1.2 * nyquist));
            let inner = 4_410..39_690;
            let out = deformed(name, &below);
            assert_eq!(out.len(), 44_100);
            for i in inner.clone() {
                let difference = (out[i] - below[0].samples[i]).abs();
                assert!(difference < 2e-4, "{name}: {difference}");
            }
            let out = deformed(name, &above);
            let left = power(&out[inner.clone()]) / power(&above[0].samples[inner]);
            assert!(left < 1e-9, "{name}: {left}");
        }
        let high = tone(14_000.0);
        assert!(power(&deformed("lowpass-8", &high)) < 1e-3 * power(&high[0].samples));
        assert_eq!(deformed("resample-44100", &high), high[0].samples);
        assert_eq!(deformed("lowpass-23", &high), high[0].samples);
    }

    #[test]
    fn left_needs_two_channels() {
        let stereo = [clip(&[0.5, 0.25]), clip(&[0.0, 0.75])];
        assert_eq!(deformed("left", &stereo), [0.5, 0.25]);
        assert_eq!(apply(Deformation::Left, &stereo[..1], "digest").unwrap(), None);
    }
}
