use std::hint::black_box;
use std::path::{Path, PathBuf};

use duotone_audio::{FrontEnd, decode, extract};
use rayon::prelude::*;

use crate::{Outcome, Works};

/// Audio files at 44.1 kHz.
pub(crate) struct Files {
    paths: Vec<PathBuf>,
    front_end: FrontEnd,
}

impl Files {
    pub(crate) fn new(paths: &[&str]) -> Self {
        let paths = paths.iter().map(PathBuf::from).collect();
        Self { paths, front_end: FrontEnd::paper(44_100) }
    }

    fn spectrogram(&self, path: &Path) -> Result<Vec<f32>, String> {
        let extraction = extract(path, &self.front_end);
        let extraction = extraction.map_err(|e| format!("{}: {e}", path.display()))?;
        match extraction.decode_errors {
            Some(decode_errors) => Err(format!("{}: {decode_errors}", path.display())),
            None => Ok(extraction.spectrogram.data().to_vec()),
        }
    }
}

impl Works for Files {
    fn check(&mut self) -> Outcome<Vec<(String, Vec<f32>)>> {
        let each = |path: &PathBuf| Ok((path.display().to_string(), self.spectrogram(path)?));
        self.paths.iter().map(each).collect()
    }

    fn run(&mut self, work: &str) -> Outcome {
        let each = |path: &PathBuf| match work {
            "spectrograms" => self.spectrogram(path).map(|numbers| drop(black_box(numbers))),
            "samples" => decode(path).map(|clip| drop(black_box(clip))).map_err(|e| e.to_string()),
            _ => Err(format!("unknown work for files: {work}")),
        };
        Ok(self.paths.par_iter().with_max_len(1).try_for_each(each)?)
    }
}
