use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::error::Error;

/// Fewest samples transformed at a time, counted at the lower of the two rates. The filter has the
/// same length, which puts the cutoff at 99 % of the lower Nyquist frequency.
const BLOCK: usize = 1024;

/// Band-limited resampling of a mono stream. Output sample 0 has the time of input sample 0, and
/// `n` samples become `round(n * to / from)`.
pub(crate) struct Resampler {
    from: u32,
    to: u32,
    fft: Fft<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples received.
    received: u64,
    /// Samples emitted.
    emitted: u64,
    /// Output samples still to be dropped to make up for the filter's delay.
    delay: usize,
}

impl Resampler {
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, Error> {
        let divisor = greatest_common_divisor(from, to);
        let (step_in, step_out) = ((from / divisor) as usize, (to / divisor) as usize);
        // An even number of steps makes both blocks even: the filter's delay, half a block, is
        // then a whole number of samples.
        let steps = BLOCK.div_ceil(step_in.min(step_out)).next_multiple_of(2);
        let fft = Fft::new_custom(
            from as usize,
            to as usize,
            steps * step_in,
            1,
            1,
            rubato::WindowFunction::BlackmanHarris2,
            FixedSync::Both,
        )
        .map_err(|e| Error::Spec(format!("cannot resample from {from} to {to} Hz: {e}")))?;
        Ok(Self {
            from,
            to,
            input: Vec::with_capacity(steps * step_in),
            output: vec![0.0; steps * step_out],
            received: 0,
            emitted: 0,
            delay: fft.output_delay(),
            fft,
        })
    }

    /// Takes samples and passes those that are ready to `sink`.
    pub(crate) fn push(
        &mut self,
        mut samples: &[f32],
        sink: &mut impl FnMut(&[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.received += samples.len() as u64;
        while !samples.is_empty() {
            let room = self.fft.input_frames_next() - self.input.len();
            let (now, later) = samples.split_at(room.min(samples.len()));
            self.input.extend_from_slice(now);
            samples = later;
            if now.len() == room {
                self.block(u64::MAX, sink)?;
            }
        }
        Ok(())
    }

    /// Passes the remaining samples to `sink`.
    pub(crate) fn finish(
        mut self,
        sink: &mut impl FnMut(&[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        let total = (self.received * to + from / 2) / from;
        while self.emitted < total {
            self.input.resize(self.fft.input_frames_next(), 0.0);
            self.block(total, sink)?;
        }
        Ok(())
    }

    /// Transforms one full block. Emits no more than `total` samples overall.
    fn block(
        &mut self,
        total: u64,
        sink: &mut impl FnMut(&[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let failed = |e: &dyn std::fmt::Display| Error::Spec(format!("resampling failed: {e}"));
        let (frames_in, frames_out) = (self.input.len(), self.output.len());
        let input = SequentialSlice::new(&self.input, 1, frames_in).map_err(|e| failed(&e))?;
        let mut output =
            SequentialSlice::new_mut(&mut self.output, 1, frames_out).map_err(|e| failed(&e))?;
        self.fft.process_into_buffer(&input, &mut output, None).map_err(|e| failed(&e))?;
        self.input.clear();
        let skip = self.delay.min(frames_out);
        self.delay -= skip;
        let ready = &self.output[skip..];
        let wanted = usize::try_from(total - self.emitted).unwrap_or(usize::MAX);
        let ready = &ready[..ready.len().min(wanted)];
        self.emitted += ready.len() as u64;
        sink(ready)
    }
}

/// Resamples mono samples from one rate in hertz to another, as the front end does for a file. Nothing
/// above the lower Nyquist frequency is left.
///
/// # Errors
/// [`Error::Spec`] if a rate is not 1,000 to 384,000 Hz.
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>, Error> {
    for rate in [from, to] {
        if !(1_000..=384_000).contains(&rate) {
            return Err(Error::Spec(format!("a rate of {rate} Hz; it must be 1000 to 384000")));
        }
    }
    if from == to {
        return Ok(samples.to_vec());
    }
    let mut resampled = Vec::new();
    let mut keep = |ready: &[f32]| {
        resampled.extend_from_slice(ready);
        Ok(())
    };
    let mut resampler = Resampler::new(from, to)?;
    resampler.push(samples, &mut keep)?;
    resampler.finish(&mut keep)?;
    Ok(resampled)
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::TAU;

    use super::Resampler;
    use crate::analysis::Analysis;
    use crate::mel::FrontEnd;
    use crate::spectrogram::FLOOR;

    fn tone(rate: u32, hertz: f64, length: usize) -> Vec<f32> {
        (0..length)
            .map(|i| (0.5 * (TAU * hertz * i as f64 / f64::from(rate)).sin()) as f32)
            .collect()
    }

    fn resample(from: u32, to: u32, samples: &[f32], block: usize) -> Vec<f32> {
        let mut out = Vec::new();
        let mut sink = |ready: &[f32]| {
            out.extend_from_slice(ready);
            Ok(())
        };
        let mut resampler = Resampler::new(from, to).unwrap();
        samples.chunks(block).for_each(|block| resampler.push(block, &mut sink).unwrap());
        resampler.finish(&mut sink).unwrap();
        out
    }

    /// The output is the same tone, aligned to a fraction of a sample and of the right length.
    #[test]
    fn resampling_preserves_a_tone() {
        for (from, to) in [
            (48_000, 44_100),
            (44_100, 22_050),
            (44_100, 48_000),
            (8000, 44_100),
            (192_000, 11_025),
            (44_101, 44_100),
            (96_000, 22_050),
        ] {
            for length in [1, 1000, from as usize + 13] {
                let out = resample(from, to, &tone(from, 1000.0, length), 997);
                let expected = (length as f64 * f64::from(to) / f64::from(from)).round() as usize;
                assert_eq!(out.len(), expected, "{length} samples from {from} to {to} Hz");
            }
            let length = from as usize;
            let out = resample(from, to, &tone(from, 1000.0, length), 4096);
            // The tone's sudden start and end ring at both rates.
            let inner = 1000..out.len() - 1000;
            let expected = tone(to, 1000.0, out.len());
            for i in inner {
                let difference = (out[i] - expected[i]).abs();
                assert!(difference < 1e-4, "{from} to {to} Hz, sample {i}: {difference}");
            }
        }
    }

    #[test]
    fn whole_clips_are_resampled_as_streams() {
        let samples = tone(44_100, 1000.0, 10_000);
        let whole = super::resample(&samples, 44_100, 16_000).unwrap();
        assert_eq!(whole, resample(44_100, 16_000, &samples, 777));
        assert_eq!(super::resample(&samples, 44_100, 44_100).unwrap(), samples);
        for bad in [(0, 44_100), (44_100, 0), (44_100, u32::MAX)] {
            assert!(super::resample(&samples, bad.0, bad.1).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn removes_frequencies_above_the_new_nyquist() {
        let out = resample(44_100, 22_050, &tone(44_100, 12_000.0, 44_100), 4096);
        let loudest = out[1000..out.len() - 1000].iter().fold(0.0f32, |a, b| a.max(b.abs()));
        assert!(loudest < 1e-5, "{loudest}");
    }

    #[test]
    fn block_size_does_not_change_the_output() {
        let samples = tone(48_000, 440.0, 20_000);
        let whole = resample(48_000, 44_100, &samples, samples.len());
        for block in [1, 333, 5000] {
            assert_eq!(resample(48_000, 44_100, &samples, block), whole);
        }
    }

    /// A recording's spectrogram does not depend on its sample rate.
    #[test]
    fn log_mel_does_not_depend_on_the_source_rate() {
        for to in [44_100, 22_050, 11_025] {
            let front_end = FrontEnd::paper(to);
            let spectrogram = |rate: u32| {
                let mut analysis = Analysis::new(&front_end, rate).unwrap();
                analysis.push(&tone(rate, 1000.0, 4 * rate as usize)).unwrap();
                analysis.finish().unwrap().spectrogram
            };
            let (a, b) = (spectrogram(44_100), spectrogram(48_000));
            assert_eq!(a.frames(), b.frames());
            let frames = a.frames();
            let mut compared = 0;
            for (i, (&a, &b)) in a.data().iter().zip(b.data()).enumerate() {
                // Values within 10 dB of the floor are rounding errors of 32-bit samples. The
                // clicks at the tone's start and end reach beyond the lower rate's Nyquist
                // frequency.
                let frame = i % frames;
                let edge = frame == 0 || frame == frames - 1;
                if !edge && a.max(b) > FLOOR + 1.0 {
                    assert!((a - b).abs() < 0.01, "value {i}: {a} and {b}");
                    compared += 1;
                }
            }
            assert!(compared > 10 * frames, "{compared}");
        }
    }
}
