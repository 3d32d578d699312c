//! Backbones of any other origin: an ONNX graph, and a description of its input and output.
//!
//! The graph is run by the crate `rten`, which is written in Rust. `docs/backbones.md` describes the file of the
//! description, and what such a graph can and cannot do.

pub(crate) mod check;
pub(crate) mod file;
mod runtime;
mod spec;

pub(crate) use runtime::Graph;
pub use spec::{
    Axis, AxisName, GraphInput, LogScaling, Logarithm, OnnxSpec, PadMode, SpecFrontEnd, is_name,
};

use std::fs;
use std::path::{Path, PathBuf};

use super::store::{self, GRAPH_SUFFIX, Stored};
use crate::error::Error;
use crate::io::outputs::{is_onnx, refuse_other_kind};
use crate::io::write_file;

/// Bytes of a graph at most.
const MAX_GRAPH: u64 = 1 << 29;

/// A graph with its description.
#[derive(Clone, Debug, PartialEq)]
pub struct OnnxBackbone {
    /// The description.
    pub spec: OnnxSpec,
    /// The ONNX file as it was added.
    pub graph: Vec<u8>,
}

impl OnnxBackbone {
    /// Reads a stored backbone's file and validates its description; the file may come from an untrusted source.
    ///
    /// # Errors
    /// [`Error::Io`]; [`Error::File`] if it is not such a file, or is damaged.
    pub fn load_from(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let bytes = read(path)?;
        file::split(&bytes)
            .map_err(|how| refuse(path, format!("{how}; remove it, and add it again")))
    }

    /// Reads the stored backbone of a name from the user's folder; `None` if none has been added.
    ///
    /// # Errors
    /// As [`load_from`](Self::load_from) and [`folder`](super::folder).
    pub(crate) fn find(name: &str) -> Result<Option<Self>, Error> {
        if !is_name(name) {
            return Ok(None);
        }
        let path = path_of(&store::folder()?, name);
        if path.is_file() { Self::load_from(path).map(Some) } else { Ok(None) }
    }
}

/// Adds a graph with the description in a TOML file to a folder, which is created if necessary. A backbone that was
/// added under the same name is replaced. The graph is run once, so that one that cannot be used is refused.
///
/// # Errors
/// [`Error::Io`]; [`Error::File`] if the description is invalid, the graph cannot be run as it says, or a file of
/// another kind is in the way.
pub fn add_onnx(graph: &Path, spec: &Path, folder: &Path) -> Result<Stored, Error> {
    let text = String::from_utf8(read(spec)?).map_err(|_| refuse(spec, "not text".into()))?;
    let parsed = OnnxSpec::from_toml(&text).map_err(|how| refuse(spec, how))?;
    let backbone = OnnxBackbone { spec: parsed, graph: read(graph)? };
    Graph::new(&backbone).map_err(|how| refuse(graph, how.to_string()))?;
    let bytes = file::join(&backbone)?;
    fs::create_dir_all(folder).map_err(Error::io(folder))?;
    let path = path_of(folder, &backbone.spec.name);
    refuse_other_kind(&path, "ONNX file", is_onnx)?;
    write_file(&path, &bytes)?;
    describe(&backbone, path)
}

/// The file of a backbone in a folder.
pub(super) fn path_of(folder: &Path, name: &str) -> PathBuf {
    folder.join(format!("{name}{GRAPH_SUFFIX}"))
}

/// Describes a stored backbone.
pub(super) fn describe(backbone: &OnnxBackbone, path: PathBuf) -> Result<Stored, Error> {
    let bytes = fs::metadata(&path).map_err(Error::io(&path))?.len();
    Ok(Stored {
        name: backbone.spec.name.clone(),
        source: backbone.spec.source.clone(),
        licence: backbone.spec.licence.clone(),
        bytes,
        source_digest: file::digest(&backbone.graph),
        path,
    })
}

fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let about = path.metadata().map_err(Error::io(path))?;
    // A description is longer than nothing, and shorter than a graph.
    if !about.is_file() || about.len() > MAX_GRAPH {
        return Err(refuse(path, "not a file, or larger than 512 MiB".into()));
    }
    fs::read(path).map_err(Error::io(path))
}

fn refuse(path: &Path, reason: String) -> Error {
    Error::File { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests;
