use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::Conditioning;
use crate::io::json::by_name;
use duotone_nn::Tensor;

/// How inputs are standardised. Means and deviations are always fitted on the training clips only.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", try_from = "String")]
pub enum Standardize {
    /// Not at all: inputs stay as computed by the front end.
    None,
    /// One mean and deviation for all values.
    Global,
    /// One mean and deviation per mel band.
    #[default]
    Band,
    /// One mean and deviation per band and frame of a segment.
    Pixel,
}

impl TryFrom<String> for Standardize {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let kinds = [
            ("none", Self::None),
            ("global", Self::Global),
            ("band", Self::Band),
            ("pixel", Self::Pixel),
        ];
        by_name("standardize", &name, &kinds)
    }
}

/// Conditions and standardises inputs: subtracts a mean and divides by a deviation, fitted on the
/// training clips only.
#[derive(Clone, Debug, PartialEq)]
pub struct Scaler {
    /// What happens before.
    pub conditioning: Conditioning,
    /// Which values share a mean and a deviation.
    pub kind: Standardize,
    /// Means: none, one, one per band, or one per band and frame (band-major).
    pub mean: Vec<f32>,
    /// Standard deviations (of the population, like scikit-learn's `StandardScaler`), as many as
    /// means. A fitted deviation is never below [`MIN_STD`].
    pub deviation: Vec<f32>,
}

/// The smallest deviation that inputs are divided by, in decades of power.
///
/// Without this bound, a band in which the training files are almost empty (for example above the
/// low-pass filter of an encoder) would amplify the rounding noise of files from another source. In
/// bands that contain music, the deviation is about one decade. `docs/accuracy.md` reports the
/// effect of other values.
pub const MIN_STD: f32 = 1.0;

impl Scaler {
    /// Number of means (and deviations) that a kind has for segments of bands × frames.
    #[must_use]
    pub fn cells(kind: Standardize, bands: usize, frames: usize) -> usize {
        match kind {
            Standardize::None => 0,
            Standardize::Global => 1,
            Standardize::Band => bands,
            Standardize::Pixel => bands * frames,
        }
    }

    /// Conditions and scales a segment (band-major) in place.
    pub fn apply(&self, segment: &mut [f32]) {
        self.conditioning.apply(segment);
        let Some(run) = segment.len().checked_div(self.mean.len()) else { return };
        let cells = self.mean.iter().zip(&self.deviation);
        for (values, (mean, deviation)) in segment.chunks_exact_mut(run.max(1)).zip(cells) {
            values.iter_mut().for_each(|x| *x = (*x - mean) / deviation);
        }
    }

    /// The tensors `scaler.mean` and `scaler.deviation`; empty for [`Standardize::None`].
    pub(crate) fn to_tensors(&self) -> Vec<(String, Tensor)> {
        let tensor = |data: &Vec<f32>| Tensor { shape: vec![data.len()], data: data.clone() };
        let both = [("scaler.mean", &self.mean), ("scaler.deviation", &self.deviation)];
        both.into_iter()
            .filter(|(_, data)| !data.is_empty())
            .map(|(name, data)| (name.to_owned(), tensor(data)))
            .collect()
    }

    /// Removes the scaler's two tensors from those of a file, leaving the network's.
    ///
    /// # Errors
    /// Fails if a tensor is missing or invalid.
    pub(crate) fn from_tensors(
        (conditioning, kind): (Conditioning, Standardize),
        (bands, frames): (usize, usize),
        tensors: &mut BTreeMap<String, Tensor>,
    ) -> Result<Self, String> {
        let cells = Self::cells(kind, bands, frames);
        let mut take = |name: &str| match tensors.remove(name) {
            None if cells == 0 => Ok(Vec::new()),
            Some(tensor) if tensor.data.len() == cells => Ok(tensor.data),
            Some(tensor) => Err(format!("{name} has {} values, not {cells}", tensor.data.len())),
            None => Err(format!("{name} is missing")),
        };
        let (mean, deviation) = (take("scaler.mean")?, take("scaler.deviation")?);
        let scaler = Self { conditioning, kind, mean, deviation };
        match scaler.deviation.iter().all(|&d| d > 0.0) {
            true => Ok(scaler),
            false => Err("scaler.deviation contains numbers that are not above 0".into()),
        }
    }
}

/// Fits a [`Scaler`] in one pass over segments.
///
/// The moments of each run of values, computed in `f64`, are merged by Chan's formula in the order
/// of the segments, so the result does not depend on the number of threads.
pub(crate) struct Fit {
    conditioning: Conditioning,
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
    pub(crate) fn new(
        (conditioning, kind): (Conditioning, Standardize),
        bands: usize,
        frames: usize,
    ) -> Self {
        Self {
            conditioning,
            kind,
            cells: vec![Moments::default(); Scaler::cells(kind, bands, frames)],
        }
    }

    /// Adds a segment, band-major, after conditioning it in place.
    pub(crate) fn add(&mut self, segment: &mut [f32]) {
        self.conditioning.apply(segment);
        let Some(run) = segment.len().checked_div(self.cells.len()) else { return };
        for (cell, values) in self.cells.iter_mut().zip(segment.chunks_exact(run.max(1))) {
            cell.add(values);
        }
    }

    /// The scaler fitted on all segments added.
    pub(crate) fn finish(self) -> Scaler {
        let deviation = |cell: &Moments| {
            let deviation = (cell.squares / cell.count.max(1.0)).sqrt() as f32;
            deviation.max(MIN_STD)
        };
        Scaler {
            conditioning: self.conditioning,
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
        let difference = mean - self.mean;
        self.squares += squares + difference * difference * self.count * count / total;
        self.mean += difference * count / total;
        self.count = total;
    }
}

#[cfg(test)]
mod tests {
    use super::{Fit, MIN_STD, Scaler};
    use crate::model::{Conditioning, Standardize};
    use duotone_nn::random::Philox;

    const BANDS: usize = 3;
    const FRAMES: usize = 4;

    fn segments() -> Vec<Vec<f32>> {
        let random = Philox::new(5, 0);
        // The deviation of every cell is above MIN_STD.
        let value = |i: usize| random.uniform(i as u64) * (5.0 + (i % 12) as f32) - 7.0;
        (0..50).map(|s| (0..12).map(|i| value(s * 12 + i)).collect()).collect()
    }

    /// Mean and deviation by their definitions, in two passes over all values that share a cell.
    fn two_passes(
        segments: &[Vec<f32>],
        cell_of: impl Fn(usize) -> usize,
        cell: usize,
    ) -> (f64, f64) {
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
        let mut fit = Fit::new((Conditioning::default(), kind), BANDS, FRAMES);
        segments.iter().for_each(|s| fit.add(&mut s.clone()));
        fit.finish()
    }

    #[test]
    fn equals_two_passes() {
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
                let (mean, deviation) = two_passes(&segments, cell_of, cell);
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
                let (mean, deviation) = two_passes(&scaled, cell_of, cell);
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

    /// A band that barely varies is not amplified, whichever values share its deviation.
    #[test]
    fn deviations_are_bounded_below() {
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
    fn tensors_round_trip() {
        for kind in [Standardize::None, Standardize::Global, Standardize::Band, Standardize::Pixel]
        {
            let scaler = fit(kind, &segments());
            let mut tensors = scaler.to_tensors().into_iter().collect();
            let read = Scaler::from_tensors(
                (Conditioning::default(), kind),
                (BANDS, FRAMES),
                &mut tensors,
            );
            assert_eq!(read, Ok(scaler));
            assert!(tensors.is_empty());
        }
    }
}
