use serde::{Deserialize, Serialize};

/// What happens to a segment's log-mel values before they are standardised.
///
/// Both steps look at one segment only, so that a decision does not depend on the rest of the file, and every
/// exported network can do the same.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conditioning {
    /// The floor in decibels below the segment's maximum; `None` keeps the front end's absolute floor.
    ///
    /// What an encoder adds or removes far below the music then makes no difference.
    #[serde(default)]
    pub floor: Option<f32>,
    /// Whether the mean of the segment's values is subtracted, so that the volume makes no difference.
    #[serde(default)]
    pub level: bool,
    /// The factor c of log₁₀(1 + c x / m), which replaces each power x of a segment with the mean power m.
    ///
    /// This is the input of musicnn, except that it does not depend on the volume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub compression: Option<f32>,
}

/// The smallest mean power of a segment that is brought to the level of others: that of silence is the front end's
/// floor, 1e-10.
pub(crate) const MIN_POWER: f64 = 1e-9;

impl Conditioning {
    /// Returns whether it changes nothing.
    #[must_use]
    pub fn is_none(&self) -> bool {
        *self == Self::default()
    }

    /// Conditions a segment of log₁₀ power in place.
    pub fn apply(&self, segment: &mut [f32]) {
        if let Some(decibels) = self.floor {
            let max = segment.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let floor = max - decibels / 10.0;
            for x in &mut *segment {
                // Not `max`, which would turn NaN into the floor.
                if *x < floor {
                    *x = floor;
                }
            }
        }
        if let Some(factor) = self.compression {
            compress(segment, factor);
        }
        if self.level {
            let sum: f64 = segment.iter().map(|&x| f64::from(x)).sum();
            let mean = (sum / segment.len() as f64) as f32;
            segment.iter_mut().for_each(|x| *x -= mean);
        }
    }
}

/// Replaces log₁₀ power by log₁₀(1 + `factor` times the power as a share of the segment's mean power).
fn compress(segment: &mut [f32], factor: f32) {
    let mut sum = 0.0;
    for x in &mut *segment {
        *x = 10f32.powf(*x);
        sum += f64::from(*x);
    }
    let gain = (f64::from(factor) / (sum / segment.len() as f64).max(MIN_POWER)) as f32;
    segment.iter_mut().for_each(|x| *x = (gain * *x).ln_1p() * std::f32::consts::LOG10_E);
}

#[cfg(test)]
mod tests {
    use super::Conditioning;

    #[test]
    fn compression_is_relative_to_the_mean_power() {
        let conditioning = Conditioning { compression: Some(6.0), ..Conditioning::default() };
        // Powers of 1, 2, 3 and 6 with a mean of 3, at two volumes.
        for volume in [1.0f32, 0.01] {
            let mut segment = [1.0f32, 2.0, 3.0, 6.0].map(|x| (x * volume).log10());
            conditioning.apply(&mut segment);
            for (x, expected) in segment.iter().zip([3.0f32, 5.0, 7.0, 13.0]) {
                assert!((x - expected.log10()).abs() < 1e-6, "{x}");
            }
        }
        let mut silence = [-10.0; 4];
        conditioning.apply(&mut silence);
        assert!(silence.iter().all(|x| (0.0..0.3).contains(x)), "{silence:?}");
    }

    #[test]
    fn floor_and_level() {
        let segment = [1.0, -2.0, -9.0, 0.0];
        let apply = |conditioning: Conditioning| {
            let mut values = segment;
            conditioning.apply(&mut values);
            values
        };
        assert_eq!(apply(Conditioning::default()), segment);
        let floor = Conditioning { floor: Some(80.0), ..Conditioning::default() };
        assert_eq!(apply(floor), [1.0, -2.0, -7.0, 0.0]);
        assert_eq!(apply(Conditioning { level: true, ..floor }), [3.0, 0.0, -5.0, 2.0]);
    }

    /// The same recording at another volume gives the same values.
    #[test]
    fn volume_makes_no_difference() {
        let conditioning =
            Conditioning { floor: Some(80.0), level: true, ..Conditioning::default() };
        let mut segment = [1.0, -2.0, -6.5, 0.25];
        let mut quieter = segment.map(|x| x - 2.0);
        conditioning.apply(&mut segment);
        conditioning.apply(&mut quieter);
        assert_eq!(segment, quieter);
    }

    #[test]
    fn silence_and_nan() {
        let conditioning =
            Conditioning { floor: Some(80.0), level: true, ..Conditioning::default() };
        let mut silence = [-10.0; 4];
        conditioning.apply(&mut silence);
        assert_eq!(silence, [0.0; 4]);
        let mut broken = [f32::NAN, 0.0];
        conditioning.apply(&mut broken);
        assert!(broken.iter().any(|x| x.is_nan()));
    }
}
