use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::io::json::meant;
use duotone_nn::Tensor;

/// How inputs are brought to a common scale; always fitted on the training part alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Standardize {
    /// As the front end gives them.
    None,
    /// One mean and deviation for all.
    Global,
    /// One mean and deviation for each mel band.
    #[default]
    Band,
    /// One mean and deviation for each band and frame of a segment.
    Pixel,
}

impl TryFrom<String> for Standardize {
    type Error = String;

    fn try_from(word: String) -> Result<Self, String> {
        let words = [
            ("none", Self::None),
            ("global", Self::Global),
            ("band", Self::Band),
            ("pixel", Self::Pixel),
        ];
        meant("standardize", &word, &words)
    }
}

/// Brings inputs to zero mean and unit deviation; fitted on the training part alone.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// What shares a mean and a deviation.
    pub kind: Standardize,
    /// Means: none, one, one a band, or one a band and frame (band-major).
    pub mean: Vec<f32>,
    /// Standard deviations (population, as scikit-learn's `StandardScaler`), as many, none of them
    /// below [`MIN_STD`].
    pub deviation: Vec<f32>,
}

/// No input is divided by less, in decades of power: a band in which the training files hold next
/// to nothing, above the low-pass of an encoder say, would blow up the rounding noise of a file of
/// another origin.
///
/// Music varies by about a decade in every band that holds some; `docs/accuracy.md` has what other
/// values do.
pub const MIN_STD: f32 = 1.0;

impl Scaler {
    /// How many means a kind has for segments of bands × frames.
    #[must_use]
    pub fn cells(kind: Standardize, bands: usize, frames: usize) -> usize {
        match kind {
            Standardize::None => 0,
            Standardize::Global => 1,
            Standardize::Band => bands,
            Standardize::Pixel => bands * frames,
        }
    }

    /// Scales a segment (band-major) in place.
    pub fn apply(&self, segment: &mut [f32]) {
        let Some(run) = segment.len().checked_div(self.mean.len()) else { return };
        let cells = self.mean.iter().zip(&self.deviation);
        for (values, (mean, deviation)) in segment.chunks_exact_mut(run.max(1)).zip(cells) {
            values.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
        }
    }

    /// As the tensors `scaler.mean` and `scaler.deviation`; none for [`Standardize::None`].
    pub(crate) fn to_tensors(&self) -> Vec<(String, Tensor)> {
        let tensor = |data: &Vec<f32>| Tensor { shape: vec![data.len()], data: data.clone() };
        let both = [("scaler.mean", &self.mean), ("scaler.deviation", &self.deviation)];
        both.into_iter()
            .filter(|(_, data)| !data.is_empty())
            .map(|(name, data)| (name.to_owned(), tensor(data)))
            .collect()
    }

    /// Takes the two tensors out of a file's, leaving the network's.
    ///
    /// # Errors
    /// What is wrong with them, in words.
    pub(crate) fn from_tensors(
        kind: Standardize,
        (bands, frames): (usize, usize),
        tensors: &mut BTreeMap<String, Tensor>,
    ) -> Result<Self, String> {
        let cells = Self::cells(kind, bands, frames);
        let mut take = |name: &str| match tensors.remove(name) {
            None if cells == 0 => Ok(Vec::new()),
            Some(tensor) if tensor.data.len() == cells => Ok(tensor.data),
            Some(tensor) => Err(format!("{name} holds {} values, not {cells}", tensor.data.len())),
            None => Err(format!("{name} is missing")),
        };
        let scaler =
            Self { kind, mean: take("scaler.mean")?, deviation: take("scaler.deviation")? };
        match scaler.deviation.iter().all(|&d| d > 0.0) {
            true => Ok(scaler),
            false => Err("scaler.deviation holds numbers that are not above 0".into()),
        }
    }
}

/// Fits a [`Scaler`] in one pass over segments.
///
/// Moments of a run of values, exact to f64, are merged by Chan's formula in the order of the
/// segments, so the outcome has nothing to do with threads.
pub(crate) struct Fit {
    kind: Standardize,
    cells: Vec<Moments>,
}

#[derive(Clone, Default)]
struct Moments {
    count: f64,
    mean: f64,
    /// Sum of squared distances from the mean.
    squares: f64,
}

impl Fit {
    /// For segments of bands × frames.
    pub(crate) fn new(kind: Standardize, bands: usize, frames: usize) -> Self {
        Self { kind, cells: vec![Moments::default(); Scaler::cells(kind, bands, frames)] }
    }

    /// Takes in one segment, band-major.
    pub(crate) fn add(&mut self, segment: &[f32]) {
        let Some(run) = segment.len().checked_div(self.cells.len()) else { return };
        for (cell, values) in self.cells.iter_mut().zip(segment.chunks_exact(run.max(1))) {
            cell.add(values);
        }
    }

    /// The scaler of all segments taken in.
    pub(crate) fn finish(self) -> Scaler {
        let deviation = |cell: &Moments| {
            let deviation = (cell.squares / cell.count.max(1.0)).sqrt() as f32;
            deviation.max(MIN_STD)
        };
        Scaler {
            kind: self.kind,
            mean: self.cells.iter().map(|cell| cell.mean as f32).collect(),
            deviation: self.cells.iter().map(deviation).collect(),
        }
    }
}

impl Moments {
    fn add(&mut self, values: &[f32]) {
        let count = values.len() as f64;
        let mean = values.iter().map(|&x| f64::from(x)).sum::<f64>() / count;
        let squares = values.iter().map(|&x| (f64::from(x) - mean).powi(2)).sum::<f64>();
        let total = self.count + count;
        let apart = mean - self.mean;
        self.squares += squares + apart * apart * self.count * count / total;
        self.mean += apart * count / total;
        self.count = total;
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, MIN_STD, Scaler};
    use crate::model::Standardize;
    use duotone_nn::random::Philox;

    const BANDS: usize = 3;
    const FRAMES: usize = 4;

    fn segments() -> Vec<Vec<f32>> {
        let random = Philox::new(5, 0);
        // Every cell varies by more than the smallest deviation.
        let value = |i: usize| random.uniform(i as u64) * (5.0 + (i % 12) as f32) - 7.0;
        (0..50).map(|s| (0..12).map(|i| value(s * 12 + i)).collect()).collect()
    }

    /// The definition, in two passes over all values that share a cell.
    fn plain(segments: &[Vec<f32>], cell_of: impl Fn(usize) -> usize, cell: usize) -> (f64, f64) {
        let values: Vec<f64> = segments
            .iter()
            .flat_map(|s| s.iter().enumerate())
            .filter(|&(i, _)| cell_of(i) == cell)
            .map(|(_, &x)| f64::from(x))
            .collect();
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / values.len() as f64;
        (mean, variance.sqrt())
    }

    fn fit(kind: Standardize, segments: &[Vec<f32>]) -> Scaler {
        let mut fit = Fit::new(kind, BANDS, FRAMES);
        segments.iter().for_each(|s| fit.add(s));
        fit.finish()
    }

    #[test]
    fn equals_two_plain_passes() {
        type CellOf = fn(usize) -> usize;
        let kinds: [(Standardize, usize, CellOf); 3] = [
            (Standardize::Global, 1, |_| 0),
            (Standardize::Band, BANDS, |i| i / FRAMES),
            (Standardize::Pixel, BANDS * FRAMES, |i| i),
        ];
        let segments = segments();
        for (kind, cells, cell_of) in kinds {
            let scaler = fit(kind, &segments);
            assert_eq!((scaler.mean.len(), scaler.deviation.len()), (cells, cells));
            for cell in 0..cells {
                let (mean, deviation) = plain(&segments, cell_of, cell);
                assert!((f64::from(scaler.mean[cell]) - mean).abs() < 1e-6, "{kind:?}");
                assert!((f64::from(scaler.deviation[cell]) - deviation).abs() < 1e-6, "{kind:?}");
            }
            let scaled: Vec<Vec<f32>> = segments
                .iter()
                .map(|s| {
                    let mut s = s.clone();
                    scaler.apply(&mut s);
                    s
                })
                .collect();
            for cell in 0..cells {
                let (mean, deviation) = plain(&scaled, cell_of, cell);
                assert!(mean.abs() < 1e-5 && (deviation - 1.0).abs() < 1e-5, "{kind:?}");
            }
        }
    }

    #[test]
    fn none_changes_nothing() {
        let segments = segments();
        let scaler = fit(Standardize::None, &segments);
        let mut scaled = segments[0].clone();
        scaler.apply(&mut scaled);
        assert_eq!(scaled, segments[0]);
    }

    #[test]
    fn silence_stays_finite() {
        let silence = vec![vec![-10.0; BANDS * FRAMES]; 5];
        for kind in [Standardize::Global, Standardize::Band, Standardize::Pixel] {
            let mut segment = silence[0].clone();
            fit(kind, &silence).apply(&mut segment);
            assert!(segment.iter().all(|&x| x == 0.0), "{kind:?}: {segment:?}");
        }
    }

    /// A band that varies by next to nothing is not blown up, whatever shares its deviation.
    #[test]
    fn no_deviation_is_below_the_smallest() {
        let random = Philox::new(6, 0);
        let value = |i: usize| random.uniform(i as u64) * 1e-3 - 9.9;
        let quiet: Vec<Vec<f32>> =
            (0..50).map(|s| (0..12).map(|i| value(s * 12 + i)).collect()).collect();
        for kind in [Standardize::Global, Standardize::Band, Standardize::Pixel] {
            let scaler = fit(kind, &quiet);
            assert!(scaler.deviation.iter().all(|&d| d == MIN_STD), "{kind:?}");
            let mut noise = vec![-6.5; BANDS * FRAMES];
            scaler.apply(&mut noise);
            assert!(noise.iter().all(|x| x.abs() < 4.0), "{kind:?}: {noise:?}");
        }
    }

    #[test]
    fn survives_a_file() {
        for kind in [Standardize::None, Standardize::Global, Standardize::Band, Standardize::Pixel]
        {
            let scaler = fit(kind, &segments());
            let mut tensors = scaler.to_tensors().into_iter().collect();
            let read = Scaler::from_tensors(kind, (BANDS, FRAMES), &mut tensors);
            assert_eq!(read, Ok(scaler));
            assert!(tensors.is_empty());
        }
    }
}
