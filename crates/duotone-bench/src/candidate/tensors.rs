//! Reads and writes safetensors files, which are exchanged with `bench/run.py`.

use std::collections::HashMap;
use std::path::Path;

use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};

use crate::Outcome;

/// A file's tensors: shape and 32-bit floats by name, and its metadata.
pub(crate) struct Tensors {
    pub(crate) all: HashMap<String, (Vec<usize>, Vec<f32>)>,
    pub(crate) metadata: HashMap<String, String>,
}

pub(crate) fn read(path: &Path) -> Outcome<Tensors> {
    let bytes = std::fs::read(path)?;
    let (_, header) = SafeTensors::read_metadata(&bytes)?;
    let mut all = HashMap::new();
    for (name, tensor) in SafeTensors::deserialize(&bytes)?.iter() {
        if tensor.dtype() != Dtype::F32 {
            return Err(format!("{name} has type {:?}, not F32", tensor.dtype()).into());
        }
        let numbers = tensor.data().as_chunks::<4>().0.iter().map(|b| f32::from_le_bytes(*b));
        all.insert(name.to_owned(), (tensor.shape().to_vec(), numbers.collect()));
    }
    Ok(Tensors { all, metadata: header.metadata().clone().unwrap_or_default() })
}

pub(crate) fn write(path: &Path, results: Vec<(String, Vec<f32>)>) -> Outcome {
    let bytes: Vec<(String, Vec<u8>)> = results
        .into_iter()
        .map(|(name, numbers)| (name, numbers.iter().flat_map(|x| x.to_le_bytes()).collect()))
        .collect();
    let mut views = Vec::new();
    for (name, data) in &bytes {
        views.push((name, TensorView::new(Dtype::F32, vec![data.len() / 4], data)?));
    }
    safetensors::serialize_to_file(views, None, path)?;
    Ok(())
}
