//! How far a recording lies from the training files, in the inputs of a network's output layer.
//!
//! Two numbers describe a recording: how far the mean of its segments lies from that of the training files, and
//! how much its segments differ from each other. A sound can be strange in the first (speech), or by being
//! unusually uniform (noise, a tone). Both are compared with files that the network was not trained on.
//! `docs/confidence.md` has what this and other methods gave.

use duotone_nn::Tensor;
use serde::{Deserialize, Serialize};

/// The mean and the standard deviation of each unit over the training segments.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitScale {
    /// Mean of each unit.
    pub mean: Vec<f32>,
    /// Standard deviation of each unit; 0 for units that never vary, which are ignored.
    pub deviation: Vec<f32>,
}

/// Sums over the segments of a recording, or of many.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct UnitSums {
    segments: usize,
    sum: Vec<f64>,
    squares: Vec<f64>,
}

/// The two numbers that describe a recording, as logarithms.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Strangeness {
    distance: f64,
    /// `None` for a recording of one segment.
    variation: Option<f64>,
}

/// What the two numbers are for held-out training files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Familiarity {
    /// Of the distances.
    pub distance: Spread,
    /// Of the variations; `None` if no file has two segments.
    pub variation: Option<Spread>,
    /// The scores of the files, in ascending order.
    pub scores: Vec<f64>,
}

/// The centre and the spread of a number.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Spread {
    /// The median.
    pub median: f64,
    /// The median absolute deviation, scaled to the standard deviation of a normal distribution.
    pub deviation: f64,
}

/// Deviations below this share of the median one are taken as this large, so that a unit that hardly varies in
/// training does not outweigh all others.
const SMALLEST_SHARE: f32 = 0.1;
/// Below this, a unit does not vary: rounding.
const CONSTANT: f32 = 1e-6;
/// Bounds the size of a model file.
const MAX_SCORES: usize = 1000;
/// The deviation of a normal variable divided by its median absolute deviation.
const NORMAL: f64 = 1.4826;
/// One file in this many belongs to the tail of the scores.
const TAIL: usize = 10;
/// The mean excess in the tail, in deviations, is taken as at least this.
const SMALLEST_EXCESS: f64 = 0.1;
/// Keeps logarithms finite, and deviations above 0.
const TINY: f64 = 1e-9;

impl UnitSums {
    /// Adds segments, (segment, unit).
    pub(crate) fn add(&mut self, units: &[f32], per_segment: usize) {
        self.sum.resize(per_segment, 0.0);
        self.squares.resize(per_segment, 0.0);
        for row in units.chunks_exact(per_segment) {
            self.segments += 1;
            for ((&x, sum), square) in row.iter().zip(&mut self.sum).zip(&mut self.squares) {
                *sum += f64::from(x);
                *square += f64::from(x) * f64::from(x);
            }
        }
    }

    /// The mean and the variance of each unit.
    fn moments(&self) -> impl Iterator<Item = (f64, f64)> {
        let count = self.segments.max(1) as f64;
        self.sum.iter().zip(&self.squares).map(move |(sum, square)| {
            let mean = sum / count;
            (mean, (square / count - mean * mean).max(0.0))
        })
    }

    /// The scale of the units, if these are the training segments.
    pub(crate) fn scale(&self) -> UnitScale {
        let mean = self.moments().map(|(mean, _)| mean as f32).collect();
        let mut deviation: Vec<f32> = self.moments().map(|(_, v)| v.sqrt() as f32).collect();
        let mut varying: Vec<f32> = deviation.iter().copied().filter(|&d| d > CONSTANT).collect();
        varying.sort_by(f32::total_cmp);
        let smallest = varying.get(varying.len() / 2).map_or(0.0, |median| SMALLEST_SHARE * median);
        for d in &mut deviation {
            *d = if *d > CONSTANT { d.max(smallest) } else { 0.0 };
        }
        UnitScale { mean, deviation }
    }

    /// Describes a recording whose segments these are; `None` if it has none, or no unit varies.
    pub(crate) fn strangeness(&self, scale: &UnitScale) -> Option<Strangeness> {
        let (mut distance, mut variation, mut units) = (0.0, 0.0, 0);
        for ((mean, variance), (center, deviation)) in
            self.moments().zip(scale.mean.iter().zip(&scale.deviation))
        {
            if *deviation > 0.0 {
                let deviation = f64::from(*deviation);
                distance += ((mean - f64::from(*center)) / deviation).powi(2);
                variation += variance / (deviation * deviation);
                units += 1;
            }
        }
        let log = |sum: f64| (sum / f64::from(units) + TINY).ln();
        (units > 0 && self.segments > 0).then(|| Strangeness {
            distance: log(distance),
            variation: (self.segments > 1).then(|| log(variation)),
        })
    }
}

impl Familiarity {
    /// Summarises held-out files. `None` if there are none.
    pub(crate) fn new(files: &[Strangeness]) -> Option<Self> {
        let distance = Spread::of(files.iter().map(|file| file.distance).collect())?;
        let variation = Spread::of(files.iter().filter_map(|file| file.variation).collect());
        let mut familiarity = Self { distance, variation, scores: Vec::new() };
        let mut scores: Vec<f64> = files.iter().map(|file| familiarity.score(file)).collect();
        scores.sort_by(f64::total_cmp);
        let count = scores.len();
        if count > MAX_SCORES {
            scores = (1..=MAX_SCORES).map(|i| scores[i * count / MAX_SCORES - 1]).collect();
        }
        familiarity.scores = scores;
        Some(familiarity)
    }

    /// How strange a recording is: the larger of the distance, and of the difference of its variation from
    /// the usual one, in deviations.
    fn score(&self, recording: &Strangeness) -> f64 {
        let distance = self.distance.deviations(recording.distance);
        let variation = self.variation.zip(recording.variation);
        variation.map_or(distance, |(spread, x)| distance.max(spread.deviations(x).abs()))
    }

    /// Returns the percentage of files like the held-out ones that are less strange than a recording: 50 is
    /// usual. Among the strangest tenth, whose scores are few, it follows an exponential tail, so that it still
    /// orders recordings that are stranger than every held-out file.
    pub(crate) fn percentile(&self, recording: &Strangeness) -> f64 {
        let score = self.score(recording);
        let count = self.scores.len();
        let first = count - count.div_ceil(TAIL);
        let tail = &self.scores[first..];
        let Some(&start) = tail.first() else { return 100.0 };
        if score <= start {
            let below = self.scores.partition_point(|&other| other < score);
            return 100.0 * below as f64 / count as f64;
        }
        let excess = tail.iter().map(|x| x - start).sum::<f64>() / tail.len() as f64;
        let above = tail.len() as f64 / count as f64;
        100.0 * (1.0 - above * (-(score - start) / excess.max(SMALLEST_EXCESS)).exp())
    }

    pub(super) fn check(&self) -> Result<(), String> {
        let valid = |spread: &Spread| {
            spread.median.is_finite() && spread.deviation.is_finite() && spread.deviation > 0.0
        };
        let sorted = self.scores.windows(2).all(|pair| pair[0] <= pair[1]);
        let finite = self.scores.iter().all(|score| score.is_finite());
        match valid(&self.distance) && self.variation.iter().all(valid) && sorted && finite {
            true => Ok(()),
            false => Err("its familiarity is impossible".into()),
        }
    }
}

impl Spread {
    fn of(mut values: Vec<f64>) -> Option<Self> {
        let median = median(&mut values)?;
        let mut distances: Vec<f64> = values.iter().map(|x| (x - median).abs()).collect();
        let deviation = (NORMAL * self::median(&mut distances)?).max(TINY);
        Some(Self { median, deviation })
    }

    fn deviations(self, value: f64) -> f64 {
        (value - self.median) / self.deviation
    }
}

fn median(values: &mut [f64]) -> Option<f64> {
    values.sort_by(f64::total_cmp);
    let (high, low) = (values.get(values.len() / 2)?, values.get((values.len() - 1) / 2)?);
    Some(0.5 * (high + low))
}

/// The names of a scale's tensors in a model file.
const MEAN: &str = "familiarity.mean";
const DEVIATION: &str = "familiarity.deviation";

impl UnitScale {
    pub(crate) fn to_tensors(&self) -> [(String, Tensor); 2] {
        let tensor = |data: &Vec<f32>| Tensor { shape: vec![data.len()], data: data.clone() };
        [(MEAN.into(), tensor(&self.mean)), (DEVIATION.into(), tensor(&self.deviation))]
    }

    /// Takes the tensors of a scale of `units` units out of those of a model file.
    pub(crate) fn from_tensors(
        units: usize,
        tensors: &mut std::collections::BTreeMap<String, Tensor>,
    ) -> Result<Self, String> {
        let mut take = |name: &str| match tensors.remove(name) {
            Some(tensor) if tensor.shape == [units] => Ok(tensor.data),
            Some(tensor) => Err(format!("{name} has the shape {:?}, not [{units}]", tensor.shape)),
            None => Err(format!("{name} is missing")),
        };
        let (mean, deviation) = (take(MEAN)?, take(DEVIATION)?);
        match deviation.iter().all(|&d| d >= 0.0) {
            true => Ok(Self { mean, deviation }),
            false => Err(format!("{DEVIATION} has negative numbers")),
        }
    }
}

#[cfg(test)]
mod tests {
    use duotone_nn::random::Philox;

    use super::{Familiarity, UnitScale, UnitSums};

    const UNITS: usize = 5;

    /// A recording of 8 segments whose units vary around `center`; the last unit never does.
    fn recording(number: u64, center: f32, spread: f32) -> UnitSums {
        let random = Philox::new(number, 0);
        let unit = |i: usize| match i % UNITS {
            4 => 3.0,
            _ => center + spread * (random.uniform(i as u64) - 0.5),
        };
        let mut sums = UnitSums::default();
        sums.add(&(0..8 * UNITS).map(unit).collect::<Vec<f32>>(), UNITS);
        sums
    }

    fn center(number: u64) -> f32 {
        Philox::new(99, 1).uniform(number)
    }

    fn trained() -> (UnitScale, Familiarity) {
        let mut all = UnitSums::default();
        for number in 0..40 {
            let one = recording(number, center(number), 1.0);
            all.add(&one.sum.iter().map(|s| (s / 8.0) as f32).collect::<Vec<_>>(), UNITS);
        }
        let scale = all.scale();
        let files: Vec<_> =
            (40..140).map(|n| recording(n, center(n), 1.0).strangeness(&scale).unwrap()).collect();
        (scale, Familiarity::new(&files).unwrap())
    }

    #[test]
    fn recordings_that_are_far_away_or_too_uniform_are_unfamiliar() {
        let (scale, familiarity) = trained();
        assert_eq!(scale.deviation[4], 0.0);
        let percentile =
            |sums: &UnitSums| familiarity.percentile(&sums.strangeness(&scale).unwrap());
        let usual: Vec<f64> =
            (200..300).map(|n| percentile(&recording(n, center(n), 1.0))).collect();
        let mean = usual.iter().sum::<f64>() / 100.0;
        assert!((40.0..60.0).contains(&mean), "{mean}");
        for strange in [recording(1, 30.0, 1.0), recording(1, 0.5, 0.001), recording(1, 0.5, 100.0)]
        {
            assert!(percentile(&strange) > 99.9, "{}", percentile(&strange));
        }
        assert!(percentile(&recording(1, 8.0, 1.0)) < percentile(&recording(1, 9.0, 1.0)));
        assert!(familiarity.check().is_ok());
    }

    #[test]
    fn one_segment_is_judged_by_its_distance_alone() {
        let (scale, familiarity) = trained();
        let mut one = UnitSums::default();
        one.add(&[0.5, 0.5, 0.5, 0.5, 3.0], UNITS);
        assert!(familiarity.percentile(&one.strangeness(&scale).unwrap()) < 60.0);
        assert_eq!(UnitSums::default().strangeness(&scale), None);
        assert!(Familiarity::new(&[]).is_none());
    }

    #[test]
    fn tensors_are_checked() {
        let (scale, _) = trained();
        let tensors = || scale.to_tensors().into_iter().collect();
        assert_eq!(UnitScale::from_tensors(UNITS, &mut tensors()).unwrap(), scale);
        assert!(UnitScale::from_tensors(4, &mut tensors()).unwrap_err().contains("[5]"));
        let mut negative: std::collections::BTreeMap<_, _> = tensors();
        negative.get_mut("familiarity.deviation").unwrap().data[0] = -1.0;
        assert!(UnitScale::from_tensors(UNITS, &mut negative).unwrap_err().contains("negative"));
    }
}
