//! What a trained network says of a clip's segments.

use duotone_nn::{Network, reference};

use crate::{ClipFeatures, Error, Scaler};

/// Segments that go through the network together: few megabytes, and work for every thread.
const BATCH: usize = 64;

/// Logits of a clip's segments: one row of classes for each of `starts`.
pub(crate) fn logits(
    network: &Network,
    scaler: &Scaler,
    clip: &ClipFeatures,
    starts: &[usize],
) -> Result<Vec<f64>, Error> {
    let architecture = network.architecture();
    let size = architecture.bands * architecture.frames;
    let mut out = Vec::with_capacity(starts.len() * architecture.classes);
    let mut inputs = Vec::new();
    for batch in starts.chunks(BATCH) {
        inputs.resize(batch.len() * size, 0.0);
        for (segment, &start) in inputs.chunks_exact_mut(size).zip(batch) {
            clip.copy_segment(start, segment);
            scaler.apply(segment);
        }
        out.extend(network.logits(&inputs)?.into_iter().map(f64::from));
    }
    Ok(out)
}

/// Probabilities of a clip's segments: one row of classes for each of `starts`.
pub(crate) fn probabilities(
    network: &Network,
    scaler: &Scaler,
    clip: &ClipFeatures,
    starts: &[usize],
) -> Result<Vec<f64>, Error> {
    let logits = logits(network, scaler, clip, starts)?;
    Ok(reference::softmax(&logits, network.architecture().classes))
}
