use crate::mel::FrontEnd;

/// Slaney's mel scale: linear up to 1 kHz at 3 mel per 200 Hz, logarithmic above
/// (`librosa.mel_to_hz`, `htk=False`).
fn mel_to_hz(mel: f64) -> f64 {
    const BREAK_MEL: f64 = 15.0;
    if mel < BREAK_MEL {
        mel * 200.0 / 3.0
    } else {
        1000.0 * (6.4f64.ln() / 27.0 * (mel - BREAK_MEL)).exp()
    }
}

/// Inverse of [`mel_to_hz`] (`librosa.hz_to_mel`).
fn hz_to_mel(hz: f64) -> f64 {
    if hz < 1000.0 { hz * 3.0 / 200.0 } else { 15.0 + 27.0 * (hz / 1000.0).ln() / 6.4f64.ln() }
}

/// The `bands + 2` corners of the triangles in hertz, evenly spaced on the mel scale from 0 to
/// Nyquist (`librosa.mel_frequencies`). Band `i` rises from corner `i` to `i + 1` and falls to `i +
/// 2`.
fn corners(front_end: &FrontEnd) -> Vec<f64> {
    let top = hz_to_mel(f64::from(front_end.sample_rate) / 2.0);
    let steps = (front_end.bands + 1) as f64;
    (0..front_end.bands + 2).map(|i| mel_to_hz(top * i as f64 / steps)).collect()
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

/// The mel filterbank: triangles of unit area over hertz (`librosa.filters.mel`, `norm="slaney"`).
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
                rise.min(fall).max(0.0) * 2.0 / (c[2] - c[0])
            };
            let first = ((c[0] / bin_hz).ceil() as usize).min(bins);
            let end = ((c[2] / bin_hz).floor() as usize + 1).clamp(first, bins);
            Triangle { first, weights: (first..end).map(weight).collect() }
        })
        .collect()
}
