//! Safetensors files with one JSON document of our own in their metadata: what models and
//! checkpoints have in common. See `docs/model-file.md`.

use std::collections::{BTreeMap, HashMap};
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use duotone_nn::Tensor;
use safetensors::tensor::{Metadata, TensorView};
use safetensors::{Dtype, SafeTensorError};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::Error;
use crate::io::write_file;

/// Version of the layout; older programs refuse a newer one.
const FORMAT: u32 = 1;
/// The metadata key of our document.
const KEY: &str = "duotone";
/// No header of ours comes near this many bytes.
const MAX_HEADER: u64 = 16 << 20;
/// The largest network (2²⁸ numbers) and a header.
const MAX_FILE: u64 = (1 << 30) + 2 * MAX_HEADER;
/// Bytes of numbers that are read at a time.
const BLOCK: usize = 1 << 16;

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A trained model.
    Model,
    /// A training run on its way.
    Checkpoint,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
        }
    }
}

/// The start of our document: enough to know whether the rest can be understood.
#[derive(Deserialize)]
struct Preamble {
    kind: Kind,
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Document<C> {
    kind: Kind,
    format: u32,
    /// BLAKE3 of everything after the header. Absent where another program wrote the tensors.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    card: C,
}

/// The parts of the safetensors header that must be looked at before the library does arithmetic
/// with them.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: BTreeMap<String, Place>,
}

#[derive(Deserialize)]
struct Place {
    data_offsets: (u64, u64),
}

/// Writes tensors and a card. The same content gives the same bytes.
pub(crate) fn write<C: Serialize>(
    path: &Path,
    kind: Kind,
    card: C,
    tensors: &BTreeMap<String, Tensor>,
) -> Result<(), Error> {
    let failed = |e: String| Error::File { path: path.into(), reason: e };
    let bytes: Vec<Vec<u8>> = tensors
        .values()
        .map(|tensor| tensor.data.iter().flat_map(|x| x.to_le_bytes()).collect())
        .collect();
    let mut hasher = blake3::Hasher::new();
    bytes.iter().for_each(|b| {
        hasher.update(b);
    });
    let digest = Some(hasher.finalize().to_hex().to_string());
    let document = Document { kind, format: FORMAT, digest, card };
    let text = serde_json::to_string(&document).map_err(|e| failed(e.to_string()))?;
    // Quoted in the header, a quote takes two bytes; no other file of ours has so much to say.
    if text.len() as u64 > MAX_HEADER / 2 {
        return Err(failed("too many labels, or too long ones, to be kept in a file".into()));
    }
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, t), b)| Ok((name, TensorView::new(Dtype::F32, t.shape.clone(), b)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(|e| failed(e.to_string()))?;
    // One key only: the library keeps metadata in a hash map, whose order changes from run to run.
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    let file = safetensors::serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))?;
    write_file(path, &file)
}

/// Reads what [`write`] wrote. Checks every length before it is used and every byte against the
/// digest; what the tensors and the card must hold is the caller's to check.
pub(crate) fn read<C: DeserializeOwned>(
    path: &Path,
    kind: Kind,
) -> Result<(C, BTreeMap<String, Tensor>), Error> {
    let refuse = |reason: String| Error::File { path: path.into(), reason };
    // Asked by name first: opening a pipe would wait for its other end.
    if !path.metadata().map_err(Error::io(path))?.is_file() {
        return Err(refuse(format!("not a file; a duotone {} is one", kind.noun())));
    }
    let mut file = File::open(path).map_err(Error::io(path))?;
    let length = file.metadata().map_err(Error::io(path))?.len();
    let mut buffer = Vec::new();
    let more = |file: &mut File, buffer: &mut Vec<u8>, count: u64| {
        file.take(count).read_to_end(buffer).map_err(Error::io(path))
    };

    more(&mut file, &mut buffer, 8)?;
    let header_length = <[u8; 8]>::try_from(&buffer[..]).map(u64::from_le_bytes).unwrap_or(0);
    if length > MAX_FILE || header_length > MAX_HEADER || header_length + 8 > length {
        return Err(refuse(damaged(kind, "it does not begin as such a file does")));
    }
    buffer.clear();
    more(&mut file, &mut buffer, header_length)?;
    let header: Header = serde_json::from_slice(&buffer)
        .map_err(|_| refuse(damaged(kind, "its header cannot be read")))?;
    let document = header.metadata.get(KEY).ok_or_else(|| {
        refuse(format!(
            "a safetensors file, but not a duotone {}: its metadata lacks the key `{KEY}`",
            kind.noun()
        ))
    })?;
    let bad_card = |e: serde_json::Error| refuse(damaged(kind, &format!("its metadata: {e}")));
    let preamble: Preamble = serde_json::from_str(document).map_err(bad_card)?;
    if preamble.format != FORMAT {
        return Err(refuse(format!(
            "format {}, but this duotone reads format {FORMAT}: use a version of duotone that \
             writes it",
            preamble.format
        )));
    }
    if preamble.kind != kind {
        return Err(refuse(format!("a {}, not a {}", preamble.kind.noun(), kind.noun())));
    }
    let document: Document<C> = serde_json::from_str(document).map_err(bad_card)?;
    let data_length = length - 8 - header_length;
    if header.tensors.values().any(|t| t.data_offsets.1 > data_length) {
        return Err(refuse(damaged(kind, "it is shorter than its header says")));
    }

    let bad_tensors = |e: String| refuse(damaged(kind, &format!("its tensors: {e}")));
    let places: Metadata =
        serde_json::from_slice(&buffer).map_err(|e| bad_tensors(e.to_string()))?;
    if places.data_len() as u64 != data_length {
        return Err(bad_tensors(SafeTensorError::MetadataIncompleteBuffer.to_string()));
    }
    let mut hasher = blake3::Hasher::new();
    let (mut out, mut not_finite) = (BTreeMap::new(), None);
    // In the order of the data, without holes.
    for name in places.offset_keys() {
        let Some(place) = places.info(&name) else { continue };
        if place.dtype != Dtype::F32 {
            return Err(refuse(format!(
                "{name} is {:?}; only 32-bit floats are read",
                place.dtype
            )));
        }
        let count = place.shape.iter().product();
        let (data, finite) = numbers(&mut file, count, &mut hasher).map_err(Error::io(path))?;
        if !finite {
            not_finite.get_or_insert_with(|| name.clone());
        }
        out.insert(name, Tensor { shape: place.shape.clone(), data });
    }
    let right = |d: String| d == hasher.finalize().to_hex().as_str();
    // No fuzzer finds a digest, and what lies behind one must hold by itself.
    if !cfg!(fuzzing) && !document.digest.is_none_or(right) {
        return Err(refuse(damaged(kind, "its numbers do not match their digest")));
    }
    if let Some(name) = not_finite {
        return Err(refuse(damaged(kind, &format!("{name} holds numbers that are not finite"))));
    }
    Ok((document.card, out))
}

/// The next numbers of a file, which the hasher sees as well, and whether all are finite. A block
/// at a time: memory that is touched for the first time costs more than what is done with it.
fn numbers(
    file: &mut File,
    count: usize,
    hasher: &mut blake3::Hasher,
) -> io::Result<(Vec<f32>, bool)> {
    let mut block = vec![0; BLOCK.min(4 * count)];
    let (mut numbers, mut finite) = (Vec::with_capacity(count), true);
    while numbers.len() < count {
        let done = numbers.len();
        let bytes = &mut block[..BLOCK.min(4 * (count - done))];
        file.read_exact(bytes)?;
        hasher.update(bytes);
        numbers.extend(bytes.as_chunks::<4>().0.iter().map(|&bytes| f32::from_le_bytes(bytes)));
        finite = numbers[done..].iter().fold(finite, |all, x| all & x.is_finite());
    }
    Ok((numbers, finite))
}

/// The words for a file that contradicts itself, with the cure.
pub(crate) fn damaged(kind: Kind, how: &str) -> String {
    let cure = match kind {
        Kind::Model => "copy it again, or train it again",
        Kind::Checkpoint => "delete it, or train without resuming, to start from the beginning",
    };
    format!("not a duotone {}, or damaged: {how}; {cure}", kind.noun())
}
