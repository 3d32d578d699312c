//! Audio and spectrograms.

use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};

use duotone::audio;
use duotone::audio::{Extraction, FrontEnd, SourceInfo, Spectrogram};
use duotone::features::{ClipFeatures, FeatureStore, Notes, RateChoice, extract_each};
use duotone::io::SkippedFile;
use duotone::model::ModelSpec;
use duotone::{Error, Event};
use numpy::{PyArray2, PyReadonlyArray1, PyReadonlyArray2, PyUntypedArrayMethods};
use pyo3::prelude::*;
use pyo3::types::PyList;
use rayon::prelude::*;

use crate::{convert, errors, watch};

/// The features of one clip, ready to learn from or to decide on.
#[pyclass(frozen, module = "duotone._duotone")]
pub(crate) struct Clip {
    pub(crate) features: ClipFeatures,
}

#[pymethods]
impl Clip {
    /// Wraps a log-mel spectrogram (bands, frames) with the notes on the recording, as JSON, if
    /// there are any; one shorter than a segment is repeated.
    #[staticmethod]
    #[pyo3(signature = (values, front_end, notes=None))]
    fn from_spectrogram(
        py: Python<'_>,
        values: PyReadonlyArray2<'_, f32>,
        front_end: &str,
        notes: Option<&str>,
    ) -> PyResult<Self> {
        let front_end = convert::front_end(py, front_end)?;
        let notes: Notes = match notes {
            Some(text) => convert::parse(py, text, "notes")?,
            None => Notes::default(),
        };
        let [bands, frames] = *values.shape() else {
            return Err(errors::settings(py, "a spectrogram has two axes: bands and frames"));
        };
        if bands != front_end.bands || frames == 0 {
            return Err(errors::settings(
                py,
                format!(
                    "a spectrogram of {bands} bands × {frames} frames: {} bands and at least one \
                     frame are needed",
                    front_end.bands
                ),
            ));
        }
        let values = values.as_slice()?;
        if values.iter().any(|x| !x.is_finite()) {
            return Err(errors::settings(py, "a spectrogram holds numbers that are not finite"));
        }
        let digest = digest(values, frames);
        let long = frames.max(front_end.segment_frames);
        let data = match long > frames {
            false => values.to_vec(),
            true => values
                .chunks_exact(frames)
                .flat_map(|band| band.iter().copied().cycle().take(long))
                .collect(),
        };
        let spectrogram =
            Spectrogram::new(bands, long, data).map_err(|e| errors::raise(py, &e.into()))?;
        let extraction = Extraction {
            silent: notes.silent || spectrogram.is_silent(),
            spectrogram,
            source: SourceInfo {
                sample_rate: front_end.sample_rate,
                channels: 1,
                codec: "spectrogram".into(),
                seconds: Some(frames as f64 * front_end.frame_seconds()),
            },
            repeated: notes.repeated || long > frames,
            decode_errors: notes.decode_errors,
            warnings: notes.warnings,
            bandwidth: None,
        };
        Ok(Self { features: ClipFeatures::new(extraction, digest) })
    }

    /// The notes about the recording, as a dictionary.
    #[getter]
    fn notes<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        convert::to_python(py, &self.features.notes)
    }
}

/// Identifies a clip, like the content digest of a file.
fn digest(values: &[f32], frames: usize) -> String {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(frames as u64).to_le_bytes());
    for value in values {
        hasher.update(&value.to_le_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

/// The paper's front end at a sample rate in hertz, as JSON.
#[pyfunction]
pub(crate) fn front_end(py: Python<'_>, sample_rate: u32) -> PyResult<Bound<'_, PyAny>> {
    convert::to_python(py, &FrontEnd::paper(sample_rate))
}

/// A network's front end at a sample rate in hertz, as JSON.
#[pyfunction]
pub(crate) fn recipe_front_end(
    py: Python<'_>,
    architecture: &str,
    sample_rate: u32,
) -> PyResult<String> {
    let recipe = ModelSpec::load(architecture).map_err(|e| errors::raise(py, &e))?;
    convert::text(py, &recipe.front_end(sample_rate))
}

/// A network's own sample rate in hertz, if it has one.
#[pyfunction]
pub(crate) fn recipe_sample_rate(py: Python<'_>, architecture: &str) -> PyResult<Option<u32>> {
    let recipe = ModelSpec::load(architecture).map_err(|e| errors::raise(py, &e))?;
    Ok(recipe.sample_rate)
}

/// The sample rate in hertz that suits these files; a warning is issued if files are resampled.
#[pyfunction]
pub(crate) fn choose_rate(py: Python<'_>, paths: Vec<PathBuf>) -> PyResult<u32> {
    watch::watched(py, None, None, |observer| {
        let RateChoice { rate, warning } = duotone::features::choose_rate(&paths);
        warning.iter().for_each(|warning| observer.event(Event::Warning(warning)));
        Ok(rate)
    })
}

/// The files below a folder that may be audio, and a `SkippedFile` for each entry that cannot be read.
#[pyfunction]
pub(crate) fn audio_files<'py>(
    py: Python<'py>,
    folder: PathBuf,
) -> PyResult<(Vec<PathBuf>, Vec<Bound<'py, PyAny>>)> {
    let found = py.detach(|| duotone::data::audio_files(&folder));
    let found = found.map_err(|e| errors::raise(py, &e))?;
    let skipped = found.skipped_files.iter().map(|file| convert::skipped(py, file));
    Ok((found.files, skipped.collect::<PyResult<_>>()?))
}

/// A spectrogram, and the notes about the recording.
type Made<'py> = (Bound<'py, PyArray2<f32>>, Bound<'py, PyAny>);

fn made(py: Python<'_>, extraction: Extraction) -> PyResult<Made<'_>> {
    let notes = convert::to_python(py, &Notes::of(&extraction))?;
    Ok((convert::array(py, extraction.spectrogram)?, notes))
}

/// The log-mel spectrogram of one file.
#[pyfunction]
pub(crate) fn spectrogram<'py>(
    py: Python<'py>,
    path: PathBuf,
    front_end: &str,
) -> PyResult<Made<'py>> {
    let front_end = convert::front_end(py, front_end)?;
    let extraction = py.detach(|| audio::extract(&path, &front_end));
    let extraction = extraction.map_err(|e| errors::audio(py, &path, &e.to_string()))?;
    made(py, extraction)
}

/// The log-mel spectrogram of mono samples at a rate in hertz.
#[pyfunction]
pub(crate) fn spectrogram_of_samples<'py>(
    py: Python<'py>,
    samples: PyReadonlyArray1<'py, f32>,
    sample_rate: u32,
    front_end: &str,
) -> PyResult<Made<'py>> {
    let front_end = convert::front_end(py, front_end)?;
    let samples = samples.as_slice()?;
    let extraction = py.detach(|| audio::extract_samples(samples, sample_rate, &front_end));
    let extraction = extraction.map_err(|e| errors::raise(py, &e.into()))?;
    made(py, extraction)
}

/// The log-mel spectrograms of many files; with a `SkippedFile` in place of one that
/// cannot be used.
#[pyfunction]
#[pyo3(signature = (paths, front_end, n_jobs=None, progress=None))]
pub(crate) fn spectrograms<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    front_end: &str,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let front_end = convert::front_end(py, front_end)?;
    let results = watch::watched(py, n_jobs, progress, |observer| {
        // Held while the observer is told, so that it sees the count rise.
        let done = Mutex::new(0);
        let one = |path: &PathBuf| {
            if observer.stop() {
                return Err(Error::Interrupted);
            }
            let result = audio::extract(path, &front_end);
            let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
            *done += 1;
            observer.event(Event::Extracted { done: *done, total: paths.len(), path });
            Ok(result.map_err(|e| e.to_string()))
        };
        paths.par_iter().with_max_len(1).map(one).collect::<Result<Vec<_>, _>>()
    })?;
    let list = PyList::empty(py);
    for (result, path) in results.into_iter().zip(paths) {
        match result {
            Ok(extraction) => list.append(made(py, extraction)?)?,
            Err(error) => list.append(convert::skipped(py, &SkippedFile { path, error })?)?,
        }
    }
    Ok(list)
}

/// The clips of many files, read from a feature store if one is given, with a `SkippedFile` in place of
/// one that cannot be used.
#[pyfunction]
#[pyo3(signature = (paths, front_end, store=None, n_jobs=None, progress=None))]
pub(crate) fn extract<'py>(
    py: Python<'py>,
    paths: Vec<PathBuf>,
    front_end: &str,
    store: Option<PathBuf>,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyList>> {
    let front_end = convert::front_end(py, front_end)?;
    let results = watch::watched(py, n_jobs, progress, |observer| {
        let store = store.as_deref().map(FeatureStore::open).transpose()?;
        extract_each(&paths, &front_end, store.as_ref(), observer, |features| Clip { features })
    })?;
    let list = PyList::empty(py);
    for result in results {
        match result {
            Ok(clip) => list.append(Bound::new(py, clip)?)?,
            Err(skipped) => list.append(convert::skipped(py, &skipped)?)?,
        }
    }
    Ok(list)
}
