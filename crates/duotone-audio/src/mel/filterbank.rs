use crate::mel::{FrontEnd, MelNorm, MelOptions};

/// The `bands + 2` corners of the triangles in hertz, evenly spaced on the mel scale from the lowest to the
/// highest frequency (`librosa.mel_frequencies`). Band `i` rises from corner `i` to `i + 1` and falls to
/// `i + 2`.
fn corners(front_end: &FrontEnd) -> Vec<f64> {
    let MelOptions { scale, fmin, fmax, .. } = front_end.mel;
    let nyquist = f64::from(front_end.sample_rate) / 2.0;
    let low = scale.to_mel(f64::from(fmin));
    let range = scale.to_mel(fmax.map_or(nyquist, f64::from)) - low;
    let steps = (front_end.bands + 1) as f64;
    (0..front_end.bands + 2).map(|i| scale.to_hz(low + range * i as f64 / steps)).collect()
}

/// First band, if any, with no Fourier bin between its corners. It would be at the floor for every
/// recording (librosa warns of an "empty filter").
pub(super) fn empty_band(front_end: &FrontEnd) -> Option<usize> {
    let bin_hz = f64::from(front_end.sample_rate) / front_end.window as f64;
    corners(front_end).windows(3).position(|c| (c[0] / bin_hz).floor() + 1.0 >= c[2] / bin_hz)
}

/// Number of bands above the Nyquist frequency of a recording at a lower sample rate, in hertz.
/// They are always at the floor.
pub(crate) fn bands_above(front_end: &FrontEnd, source_rate: u32) -> usize {
    let highest = f64::from(source_rate) / 2.0;
    corners(front_end)[..front_end.bands].iter().filter(|&&lowest| lowest >= highest).count()
}

/// One triangular filter, restricted to the bins where it is nonzero.
pub(crate) struct Triangle {
    /// Bin of the first weight.
    pub(crate) first: usize,
    /// Weights of the bins from `first` on.
    pub(crate) weights: Vec<f64>,
}

/// The mel filterbank (`librosa.filters.mel`).
pub(crate) fn triangles(front_end: &FrontEnd) -> Vec<Triangle> {
    let bins = front_end.window / 2 + 1;
    let bin_hz = f64::from(front_end.sample_rate) / front_end.window as f64;
    corners(front_end)
        .windows(3)
        .map(|c| {
            let weight = |bin: usize| {
                let hz = bin as f64 * bin_hz;
                let rise = (hz - c[0]) / (c[1] - c[0]);
                let fall = (c[2] - hz) / (c[2] - c[1]);
                let peak_of_one = rise.min(fall).max(0.0);
                match front_end.mel.norm {
                    MelNorm::Slaney => peak_of_one * 2.0 / (c[2] - c[0]),
                    MelNorm::None => peak_of_one,
                }
            };
            let first = ((c[0] / bin_hz).ceil() as usize).min(bins);
            let end = ((c[2] / bin_hz).floor() as usize + 1).clamp(first, bins);
            Triangle { first, weights: (first..end).map(weight).collect() }
        })
        .collect()
}
