//! The logarithm of many values at once, without calls or branches, so that the compiler can
//! vectorise it.

use crate::spectrogram::{AMIN, FLOOR};

/// Replaces each power by `log10(max(x, AMIN))`, within 3e-7 of its magnitude and never below
/// [`FLOOR`]; silence gives the floor itself.
///
/// `x = 2^e · m` with `m` from √½ to √2. `ln(m)` is the series of `2·atanh((m - 1) / (m + 1))`,
/// whose first omitted term is below 2e-9.
pub(super) fn log10_floored(values: &mut [f32]) {
    const SQRT_HALF: u32 = 0x3f35_04f3;
    const MANTISSA: u32 = 0x007f_ffff;
    for value in values {
        let x = value.max(AMIN);
        let shifted = x.to_bits().wrapping_sub(SQRT_HALF);
        let exponent = (shifted as i32) >> 23;
        let m = f32::from_bits((shifted & MANTISSA) + SQRT_HALF);
        let s = (m - 1.0) / (m + 1.0);
        let t = s * s;
        let series = 1.0 / 9.0;
        let series = series * t + 1.0 / 7.0;
        let series = series * t + 1.0 / 5.0;
        let series = series * t + 1.0 / 3.0;
        let ln = 2.0 * s + 2.0 * s * t * series;
        let e = exponent as f32;
        // log10(2) in two parts, the first with so few bits that its product with `e` is exact.
        const LOG10_2: f32 = 0.301_025_4;
        const LOG10_2_REST: f32 = 4.605_039e-6;
        let log = e * LOG10_2 + (e * LOG10_2_REST + ln * std::f32::consts::LOG10_E);
        *value = if x <= AMIN { FLOOR } else { log.max(FLOOR) };
    }
}

#[cfg(test)]
mod tests {
    use super::log10_floored;

    #[track_caller]
    fn check(bits: impl Iterator<Item = u32>) {
        let powers: Vec<f32> = bits.map(f32::from_bits).collect();
        let mut logs = powers.clone();
        log10_floored(&mut logs);
        for (power, log) in powers.into_iter().zip(logs) {
            let expected = f64::from(power).log10();
            let error = (f64::from(log) - expected).abs();
            assert!(
                error <= 3e-7 * expected.abs().max(1.0),
                "{power}: {log} instead of {expected}"
            );
        }
    }

    /// Every number from ½ to 2, and a thousand in each power of two.
    #[test]
    fn matches_the_exact_logarithm() {
        check(0.5f32.to_bits()..2.0f32.to_bits());
        check((1e-10f32.to_bits()..f32::MAX.to_bits()).step_by((1 << 23) / 1000));
    }

    #[test]
    fn silence_gives_exactly_the_floor() {
        let mut values = [0.0, 1e-30, 1e-10, f32::MIN_POSITIVE, 1.000_000_1e-10];
        log10_floored(&mut values);
        assert_eq!(values[..4], [-10.0; 4]);
        assert!((-10.0..-9.999_999).contains(&values[4]));
    }
}
