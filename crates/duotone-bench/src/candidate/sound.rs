use std::hint::black_box;
use std::path::Path;
use std::sync::Arc;

use duotone_audio::FrontEnd;
use rayon::prelude::*;
use realfft::{RealFftPlanner, RealToComplex};

use crate::{Outcome, Works, tensors};

/// Clips of samples at 44.1 kHz, one per tensor.
pub(crate) struct Sound {
    clips: Vec<(String, Vec<f32>)>,
    front_end: FrontEnd,
    transform: Arc<dyn RealToComplex<f32>>,
}

impl Sound {
    pub(crate) fn read(path: &Path) -> Outcome<Self> {
        let file = tensors::read(path)?;
        let clips = file.all.into_iter().map(|(name, (_, samples))| (name, samples)).collect();
        let front_end = FrontEnd::paper(44_100);
        let transform = RealFftPlanner::new().plan_fft_forward(front_end.window);
        Ok(Self { clips, front_end, transform })
    }

    fn log_mel(&self, samples: &[f32]) -> Result<Vec<f32>, String> {
        let spectrogram = self.front_end.spectrogram(samples).map_err(|e| e.to_string())?;
        Ok(spectrogram.data().to_vec())
    }

    /// Computes only the real Fourier transforms of all frames, which every front end needs.
    fn transforms(&self, samples: &[f32]) -> Result<(), String> {
        let mut frame = self.transform.make_input_vec();
        let mut spectrum = self.transform.make_output_vec();
        let mut scratch = self.transform.make_scratch_vec();
        for start in samples.windows(self.front_end.window).step_by(self.front_end.hop) {
            // The transform overwrites its input.
            frame.copy_from_slice(start);
            self.transform
                .process_with_scratch(&mut frame, &mut spectrum, &mut scratch)
                .map_err(|e| e.to_string())?;
            black_box(&spectrum);
        }
        Ok(())
    }
}

impl Works for Sound {
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>> {
        let log_mel =
            |(name, samples): &(String, Vec<f32>)| Ok((name.clone(), self.log_mel(samples)?));
        self.clips.iter().map(log_mel).collect()
    }

    fn run(&mut self, work: &str) -> Outcome {
        let each = |(_, samples): &(String, Vec<f32>)| match work {
            "log-mel" => {
                black_box(self.front_end.spectrogram(samples).map_err(|e| e.to_string())?);
                Ok(())
            }
            "transforms" => self.transforms(samples),
            _ => Err(format!("unknown work for sound: {work}")),
        };
        Ok(self.clips.par_iter().with_max_len(1).try_for_each(each)?)
    }
}
