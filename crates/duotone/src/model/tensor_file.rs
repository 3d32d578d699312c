//! The format shared by models, checkpoints and backbones: a safetensors file whose metadata contains one JSON
//! document. See `docs/model-file.md`.

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

/// Version of the layout; files of any other version are refused.
const FORMAT: u32 = 1;
/// The metadata key of the document.
const KEY: &str = "duotone";
/// Bytes of a header at most, far more than any model needs.
const MAX_HEADER: u64 = 16 << 20;
/// Bytes of a file at most: the largest network (2²⁸ numbers) and a header.
const MAX_FILE: u64 = (1 << 30) + 2 * MAX_HEADER;
/// Bytes of tensor data that are read at a time.
const BLOCK: usize = 1 << 16;

/// The kind of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Kind {
    /// A trained model.
    Model,
    /// An unfinished training run.
    Checkpoint,
    /// A network that others have trained.
    Backbone,
}

impl Kind {
    fn noun(self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::Checkpoint => "checkpoint",
            Self::Backbone => "backbone",
        }
    }
}

/// The fields of the document that decide whether the rest can be parsed.
#[derive(Deserialize)]
struct Preamble {
    kind: Kind,
    format: u32,
}

#[derive(Serialize, Deserialize)]
struct Document<C> {
    kind: Kind,
    format: u32,
    /// BLAKE3 of everything after the header. Absent if another program wrote the file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    digest: Option<String>,
    card: C,
}

/// The parts of the safetensors header that must be validated before the `safetensors` crate
/// computes with them.
#[derive(Deserialize)]
struct Header {
    #[serde(rename = "__metadata__", default)]
    metadata: BTreeMap<String, String>,
    #[serde(flatten)]
    tensors: BTreeMap<String, TensorHeader>,
}

#[derive(Deserialize)]
struct TensorHeader {
    data_offsets: (u64, u64),
}

/// Writes tensors and a card. Equal content gives equal bytes.
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
    // The header contains the text as a JSON string, in which each quote takes two bytes. Only
    // labels can make the text this long.
    if text.len() as u64 > MAX_HEADER / 2 {
        return Err(failed("too many labels, or too long ones, for one file".into()));
    }
    let views = tensors
        .iter()
        .zip(&bytes)
        .map(|((name, t), b)| Ok((name, TensorView::new(Dtype::F32, t.shape.clone(), b)?)))
        .collect::<Result<Vec<_>, SafeTensorError>>()
        .map_err(|e| failed(e.to_string()))?;
    // A single key, because the crate stores metadata in a hash map, whose order is random.
    let metadata = HashMap::from([(KEY.to_owned(), text)]);
    let file = safetensors::serialize(views, Some(metadata)).map_err(|e| failed(e.to_string()))?;
    write_file(path, &file)
}

/// Reads a file written by [`write`]. Checks every length before it is used, and all tensor data
/// against the digest. The caller must validate the card and the names and shapes of the tensors.
pub(crate) fn read<C: DeserializeOwned>(
    path: &Path,
    kind: Kind,
) -> Result<(C, BTreeMap<String, Tensor>), Error> {
    let refuse = |reason: String| Error::File { path: path.into(), reason };
    // Checked before opening: opening a pipe blocks until it has a writer.
    if !path.metadata().map_err(Error::io(path))?.is_file() {
        return Err(refuse(format!("not a file, so not a duotone {}", kind.noun())));
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
        return Err(refuse(damaged(kind, "its first bytes are invalid")));
    }
    buffer.clear();
    more(&mut file, &mut buffer, header_length)?;
    let header: Header = serde_json::from_slice(&buffer)
        .map_err(|_| refuse(damaged(kind, "its header is invalid")))?;
    let document = header.metadata.get(KEY).ok_or_else(|| {
        refuse(format!(
            "a safetensors file, but not a duotone {}: its metadata has no key `{KEY}`",
            kind.noun()
        ))
    })?;
    let bad_card = |e: serde_json::Error| refuse(damaged(kind, &format!("its metadata: {e}")));
    let preamble: Preamble = serde_json::from_str(document).map_err(bad_card)?;
    if preamble.format != FORMAT {
        return Err(refuse(format!(
            "written in format {}, but this version of duotone reads only format {FORMAT}: use \
             the version that wrote the file",
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
    let layout: Metadata =
        serde_json::from_slice(&buffer).map_err(|e| bad_tensors(e.to_string()))?;
    if layout.data_len() as u64 != data_length {
        return Err(bad_tensors(SafeTensorError::MetadataIncompleteBuffer.to_string()));
    }
    let mut hasher = blake3::Hasher::new();
    let (mut out, mut not_finite) = (BTreeMap::new(), None);
    // In the order of the data, which has no gaps.
    for name in layout.offset_keys() {
        let Some(info) = layout.info(&name) else { continue };
        if info.dtype != Dtype::F32 {
            return Err(refuse(format!(
                "{name} has the type {:?}; only 32-bit floats are supported",
                info.dtype
            )));
        }
        let count = info.shape.iter().product();
        let (data, finite) = numbers(&mut file, count, &mut hasher).map_err(Error::io(path))?;
        if !finite {
            not_finite.get_or_insert_with(|| name.clone());
        }
        out.insert(name, Tensor { shape: info.shape.clone(), data });
    }
    let matches = |digest: String| digest == hasher.finalize().to_hex().as_str();
    // A fuzzer cannot guess a digest, and the checks that follow must not rely on it.
    if !cfg!(fuzzing) && !document.digest.is_none_or(matches) {
        return Err(refuse(damaged(kind, "its tensors do not match its digest")));
    }
    if let Some(name) = not_finite {
        return Err(refuse(damaged(kind, &format!("{name} contains numbers that are not finite"))));
    }
    Ok((document.card, out))
}

/// Reads `count` numbers from a file, feeding their bytes to the hasher, and returns them with
/// whether all are finite. Works block by block: touching fresh memory for the whole tensor would
/// cost more than the hashing.
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

/// The message for a file that is invalid in the way `how` describes, with a remedy.
pub(crate) fn damaged(kind: Kind, how: &str) -> String {
    let remedy = match kind {
        Kind::Model => "copy it again, or train it again",
        Kind::Checkpoint => "delete it, or train without resuming, to start from the beginning",
        Kind::Backbone => "remove it, and add it again",
    };
    format!("not a duotone {}, or damaged: {how}; {remedy}", kind.noun())
}
