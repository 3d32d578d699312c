//! Errors of the toolkit as the exceptions of `duotone.errors`.

use std::path::Path;

use duotone::Error;
use pyo3::exceptions::{PyKeyboardInterrupt, PyOSError};
use pyo3::prelude::*;

/// The exception for an error of the toolkit.
pub(crate) fn raise(py: Python<'_>, error: &Error) -> PyErr {
    let name = match error {
        Error::Interrupted => return PyKeyboardInterrupt::new_err("stopped on request"),
        Error::Io { path, source } => {
            return match system_error(source) {
                Some((number, reason)) => {
                    PyOSError::new_err((number, reason, path.as_os_str().to_owned()))
                }
                None => PyOSError::new_err(error.to_string()),
            };
        }
        Error::Collection { .. } => "CollectionError",
        Error::File { .. } => "ModelFileError",
        Error::Diverged { .. } => "DivergedError",
        Error::Audio(_) | Error::AudioFile { .. } => "AudioError",
        _ => "SettingsError",
    };
    exception(py, name, error.to_string())
}

/// The system's number, by which Python chooses the exception, and its reason without that number,
/// which Python puts in front itself. An error that wraps the system's has both in its words only.
fn system_error(error: &std::io::Error) -> Option<(i32, String)> {
    let text = error.to_string();
    let (reason, rest) = text.split_once(" (os error ")?;
    let number = rest.split(')').next()?.parse().ok()?;
    Some((number, reason.to_owned()))
}

/// A file that cannot be used, and why.
pub(crate) fn audio(py: Python<'_>, path: &Path, reason: &str) -> PyErr {
    let made = py
        .import("duotone.errors")
        .and_then(|module| module.getattr("AudioError"))
        .and_then(|class| class.call_method1("of_file", (path, reason)));
    made.map_or_else(|e| e, PyErr::from_value)
}

/// The exception for invalid settings.
pub(crate) fn settings(py: Python<'_>, message: impl Into<String>) -> PyErr {
    exception(py, "SettingsError", message.into())
}

/// Issues a `DuotoneWarning`, which the user's filters may turn into an exception.
pub(crate) fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    py.import("duotone.errors")?.call_method1("warn", (message,)).map(drop)
}

fn exception(py: Python<'_>, name: &str, message: String) -> PyErr {
    make(py, name, &message).unwrap_or_else(|e| e)
}

fn make(py: Python<'_>, name: &str, message: &str) -> PyResult<PyErr> {
    let module = py.import("duotone.errors")?;
    let message = module.call_method1("in_python", (message,))?;
    Ok(PyErr::from_value(module.call_method1(name, (message,))?))
}
