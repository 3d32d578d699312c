//! Trained models.

use std::collections::BTreeMap;
use std::path::PathBuf;

use duotone::classify::{ClassifyOptions, Excerpts, Vote};
use duotone::features::ClipFeatures;
use duotone::model::ModelSpec;
use duotone::nn::{Network, Tensor};
use duotone::train::{ClipsJob, train_clips};
use duotone::{Classifier, Error};
use numpy::{
    IntoPyArray, PyArray2, PyArrayDyn, PyArrayMethods, PyReadonlyArray3, PyReadonlyArrayDyn,
    PyUntypedArrayMethods,
};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use crate::clips::Clip;
use crate::convert::GivenSettings;
use crate::{convert, errors, watch};

/// A trained network with its card, ready to classify.
#[pyclass(frozen, module = "duotone._duotone")]
pub(crate) struct Model {
    model: duotone::Model,
    classifier: Classifier,
    /// The file it was read from.
    source: Option<PathBuf>,
}

impl Model {
    fn new(py: Python<'_>, model: duotone::Model) -> PyResult<Self> {
        let classifier = Classifier::new(model.clone()).map_err(|e| errors::raise(py, &e))?;
        Ok(Self { model, classifier, source: None })
    }
}

#[pymethods]
impl Model {
    /// Reads a model file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let model = py.detach(|| duotone::Model::load(&path)).map_err(|e| errors::raise(py, &e))?;
        Ok(Self { source: Some(path), ..Self::new(py, model)? })
    }

    /// Makes a model of its card as JSON and its tensors by name.
    #[staticmethod]
    fn from_tensors(
        py: Python<'_>,
        card: &str,
        tensors: BTreeMap<String, PyReadonlyArrayDyn<'_, f32>>,
    ) -> PyResult<Self> {
        let card = convert::parse(py, card, "model card")?;
        let tensor = |array: &PyReadonlyArrayDyn<'_, f32>| -> PyResult<Tensor> {
            Ok(Tensor { shape: array.shape().to_vec(), data: array.as_slice()?.to_vec() })
        };
        let tensors = tensors.iter().map(|(name, array)| Ok((name.clone(), tensor(array)?)));
        let tensors = tensors.collect::<PyResult<BTreeMap<_, _>>>()?;
        let model =
            duotone::Model::from_tensors(card, tensors).map_err(|e| errors::raise(py, &e))?;
        Self::new(py, model)
    }

    /// Writes the model file.
    fn save(&self, py: Python<'_>, path: PathBuf) -> PyResult<()> {
        py.detach(|| self.model.save(&path)).map_err(|e| errors::raise(py, &e))
    }

    /// The description stored in the model file, as JSON.
    #[getter]
    fn card(&self, py: Python<'_>) -> PyResult<String> {
        convert::text(py, &self.model.card)
    }

    /// Names, in the order of the network's outputs.
    #[getter]
    fn labels(&self) -> Vec<String> {
        self.model.card.labels.iter().map(|label| label.name.clone()).collect()
    }

    /// All tensors by name.
    fn tensors<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let dict = PyDict::new(py);
        for (name, Tensor { shape, data }) in self.model.tensors() {
            let array: Bound<'py, PyArrayDyn<f32>> = data.into_pyarray(py).reshape(shape)?;
            dict.set_item(name, array)?;
        }
        Ok(dict)
    }

    /// The model as an ONNX graph, with the front end in it or without.
    fn onnx<'py>(&self, py: Python<'py>, front_end: bool) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = py.detach(|| duotone::model::onnx::onnx(&self.model, front_end));
        Ok(PyBytes::new(py, &bytes.map_err(|e| errors::raise(py, &e))?))
    }

    /// Writes the model as an ONNX graph, with the front end in it or without.
    fn write_onnx(&self, py: Python<'_>, path: PathBuf, front_end: bool) -> PyResult<()> {
        let written = py.detach(|| {
            duotone::io::refuse_inputs(&path, &self.source)?;
            duotone::model::onnx::write_onnx(&self.model, front_end, &path)
        });
        written.map_err(|e| errors::raise(py, &e))
    }

    /// Probabilities (segments, classes) of segments (segments, bands, frames) as the front end
    /// gives them, calibrated if the model is.
    fn segment_probabilities<'py>(
        &self,
        py: Python<'py>,
        segments: PyReadonlyArray3<'py, f32>,
    ) -> PyResult<Bound<'py, PyArray2<f32>>> {
        let architecture = &self.model.card.architecture;
        let (bands, frames) = (architecture.bands, architecture.frames);
        if segments.shape()[1..] != [bands, frames] {
            return Err(errors::settings(
                py,
                format!("segments of {:?}: {bands} × {frames} are needed", segments.shape()),
            ));
        }
        let mut inputs = segments.as_slice()?.to_vec();
        let rows = py.detach(|| {
            inputs.chunks_exact_mut(bands * frames).for_each(|s| self.model.scaler.apply(s));
            Network::new(architecture, &self.model.weights)?.probabilities(&inputs)
        });
        let mut rows = rows.map_err(|e| errors::raise(py, &e.into()))?;
        if let Some(confidence) = &self.model.card.confidence {
            for row in rows.chunks_exact_mut(architecture.classes) {
                let mut exact: Vec<f64> = row.iter().map(|&p| f64::from(p)).collect();
                confidence.calibrate_segment(&mut exact);
                row.iter_mut().zip(exact).for_each(|(p, exact)| *p = exact as f32);
            }
        }
        let count = rows.len() / architecture.classes;
        convert::matrix(py, rows, [count, architecture.classes])
    }

    /// Classifies files, or excerpts of them given as (count, seconds): a dictionary for each file, or a
    /// `SkippedFile`.
    #[pyo3(signature = (paths, vote="mean", segments=false, excerpts=None, min_probability=None,
        unknown_above_risk=None, n_jobs=None, progress=None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn classify<'py>(
        &self,
        py: Python<'py>,
        paths: Vec<PathBuf>,
        vote: &str,
        segments: bool,
        excerpts: Option<(usize, u32)>,
        min_probability: Option<f64>,
        unknown_above_risk: Option<f64>,
        n_jobs: Option<i64>,
        progress: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let excerpts = excerpts.map(|(count, seconds)| Excerpts { count, seconds });
        let options = ClassifyOptions::default()
            .with_vote(parse_vote(py, vote)?)
            .with_segments(segments)
            .with_excerpts(excerpts)
            .with_min_probability(min_probability)
            .with_unknown_above_risk(unknown_above_risk);
        let results = watch::watched(py, n_jobs, progress, |observer| {
            let mut results = Vec::with_capacity(paths.len());
            self.classifier.classify_many(&paths, &options, observer, |one| results.push(one))?;
            Ok(results)
        })?;
        let one = |result| match result {
            Ok(decision) => convert::to_python(py, &decision),
            Err(skipped) => convert::skipped(py, &skipped),
        };
        results.into_iter().map(one).collect()
    }

    /// Classifies clips: a dictionary for each.
    #[pyo3(signature = (clips, vote="mean", segments=false, min_probability=None,
        unknown_above_risk=None, n_jobs=None))]
    #[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
    fn classify_clips<'py>(
        &self,
        py: Python<'py>,
        clips: Vec<PyRef<'py, Clip>>,
        vote: &str,
        segments: bool,
        min_probability: Option<f64>,
        unknown_above_risk: Option<f64>,
        n_jobs: Option<i64>,
    ) -> PyResult<Vec<Bound<'py, PyAny>>> {
        let options = ClassifyOptions::default()
            .with_vote(parse_vote(py, vote)?)
            .with_segments(segments)
            .with_min_probability(min_probability)
            .with_unknown_above_risk(unknown_above_risk);
        let features = features(&clips);
        let decisions = watch::watched(py, n_jobs, None, |observer| {
            let one = |features: &&ClipFeatures| match observer.stop() {
                true => Err(Error::Interrupted),
                false => self.classifier.classify_clip("".as_ref(), features, &options),
            };
            features.iter().map(one).collect::<Result<Vec<_>, _>>()
        })?;
        decisions.iter().map(|decision| convert::to_python(py, decision)).collect()
    }

    /// The inputs of the output layer (segments, units) and the pooled maps (segments, features) of a
    /// clip's consecutive segments.
    #[pyo3(signature = (clip, n_jobs=None))]
    #[allow(clippy::type_complexity, reason = "what Python gets: two arrays")]
    fn embed<'py>(
        &self,
        py: Python<'py>,
        clip: PyRef<'py, Clip>,
        n_jobs: Option<i64>,
    ) -> PyResult<(Bound<'py, PyArray2<f32>>, Bound<'py, PyArray2<f32>>)> {
        let features = &clip.features;
        let embedding = watch::watched(py, n_jobs, None, |_| self.classifier.embed_clip(features))?;
        let architecture = &self.model.card.architecture;
        let segments = embedding.units.len() / architecture.last_inputs();
        let units = convert::matrix(py, embedding.units, [segments, architecture.last_inputs()])?;
        let maps = convert::matrix(py, embedding.maps, [segments, architecture.features()])?;
        Ok((units, maps))
    }
}

/// Trains a model on clips.
#[pyfunction]
#[pyo3(signature = (clips, classes, labels, architecture, front_end, settings, groups=None,
    n_jobs=None, progress=None))]
#[allow(clippy::too_many_arguments, reason = "keyword arguments in Python")]
pub(crate) fn train<'py>(
    py: Python<'py>,
    clips: Vec<PyRef<'py, Clip>>,
    classes: Vec<usize>,
    labels: Vec<String>,
    architecture: &str,
    front_end: &str,
    settings: &str,
    groups: Option<Vec<usize>>,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'py, PyAny>>,
) -> PyResult<Model> {
    let recipe = ModelSpec::load(architecture).map_err(|e| errors::raise(py, &e))?;
    let front_end = convert::front_end(py, front_end)?;
    let given: GivenSettings = convert::parse(py, settings, "settings")?;
    let settings = given.applied_to(py, &recipe.training)?;
    let features = features(&clips);
    let model = watch::watched(py, n_jobs, progress, |observer| {
        let job = ClipsJob {
            clips: &features,
            classes: &classes,
            groups: groups.as_deref(),
            labels: &labels,
            recipe,
            front_end,
            settings,
        };
        train_clips(&job, observer)
    })?;
    Model::new(py, model)
}

fn features<'a>(clips: &'a [PyRef<'_, Clip>]) -> Vec<&'a ClipFeatures> {
    clips.iter().map(|clip| &clip.features).collect()
}

pub(crate) fn parse_vote(py: Python<'_>, name: &str) -> PyResult<Vote> {
    convert::parse(py, &format!("{name:?}"), "vote")
}
