//! duotone for Python: what must be fast or shared with the program is here, in a form that the
//! package `duotone` around it makes comfortable. Settings, cards and results cross as JSON.
#![forbid(unsafe_code)]

mod backbone;
mod clips;
mod collection;
mod convert;
mod embed;
mod errors;
mod model;
mod outputs;
mod state;
mod threads;
mod watch;

use pyo3::prelude::*;

/// The native part of the package `duotone`; use that instead.
#[pymodule]
mod _duotone {
    #[pymodule_export]
    use super::backbone::{add_backbones, list_backbones, remove_backbone};
    #[pymodule_export]
    use super::clips::{
        Clip, audio_files, choose_rate, extract, front_end, recipe_front_end, recipe_sample_rate,
        spectrogram, spectrogram_of_samples, spectrograms,
    };
    #[pymodule_export]
    use super::collection::{Collection, check, compare, evaluate, fill_store};
    #[pymodule_export]
    use super::convert::{on_disk, path_text};
    #[pymodule_export]
    use super::embed::embed;
    #[pymodule_export]
    use super::model::{Model, train};
    #[pymodule_export]
    use super::outputs::refuse_other_kind;
    use super::*;

    #[pymodule_init]
    fn init(module: &Bound<'_, PyModule>) -> PyResult<()> {
        // Each becomes an exception that names the file.
        duotone::audio::hide_decoder_panics();
        module.add("__version__", env!("CARGO_PKG_VERSION"))?;
        module.add("PRESETS", duotone::model::ModelSpec::PRESETS)
    }
}
