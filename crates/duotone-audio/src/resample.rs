use rubato::audioadapter_buffers::direct::SequentialSlice;
use rubato::{Fft, FixedSync, Resampler as _};

use crate::Error;

/// Least samples that the resampler transforms at a time, on its slower side: its filter is as
/// long, which puts the cutoff at 99 % of the lower Nyquist frequency.
const BLOCK: usize = 1024;

/// Band-limited resampling of a mono stream. Sample 0 out lies at the time of sample 0 in, and
/// `n` samples become `round(n * to / from)`.
pub(crate) struct Resampler {
    from: u32,
    to: u32,
    fft: Fft<f32>,
    input: Vec<f32>,
    output: Vec<f32>,
    /// Samples taken in.
    taken: u64,
    /// Samples given out.
    given: u64,
    /// Samples at the start of the output that are the filter's delay.
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
        .map_err(|e| Error::Spec(format!("no resampling from {from} to {to} Hz: {e}")))?;
        Ok(Self {
            from,
            to,
            input: Vec::with_capacity(steps * step_in),
            output: vec![0.0; steps * step_out],
            taken: 0,
            given: 0,
            delay: fft.output_delay(),
            fft,
        })
    }

    /// Takes samples and hands what is ready to `sink`.
    pub(crate) fn push(
        &mut self,
        mut samples: &[f32],
        sink: &mut impl FnMut(&[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        self.taken += samples.len() as u64;
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

    /// Hands out the rest.
    pub(crate) fn finish(
        mut self,
        sink: &mut impl FnMut(&[f32]) -> Result<(), Error>,
    ) -> Result<(), Error> {
        let (from, to) = (u64::from(self.from), u64::from(self.to));
        let total = (self.taken * to + from / 2) / from;
        while self.given < total {
            self.input.resize(self.fft.input_frames_next(), 0.0);
            self.block(total, sink)?;
        }
        Ok(())
    }

    /// Transforms one full block, so that no more than `total` samples are given out in all.
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
        let wanted = usize::try_from(total - self.given).unwrap_or(usize::MAX);
        let ready = &ready[..ready.len().min(wanted)];
        self.given += ready.len() as u64;
        sink(ready)
    }
}

fn greatest_common_divisor(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { greatest_common_divisor(b, a % b) }
}
