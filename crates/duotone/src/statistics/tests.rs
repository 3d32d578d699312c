use serde::Deserialize;

use super::*;

/// Written by `scripts/statistics_fixtures.py`.
#[derive(Deserialize)]
struct Fixtures {
    friedman: Vec<FriedmanCase>,
    /// k, alpha, critical value.
    ranges: Vec<(usize, f64, f64)>,
    /// k, q, probability of a larger range.
    tails: Vec<(usize, f64, f64)>,
    /// b, c, exact p, corrected statistic, its p.
    mcnemar: Vec<(usize, usize, f64, f64, f64)>,
}

#[derive(Deserialize)]
struct FriedmanCase {
    scores: Vec<Vec<f64>>,
    statistic: f64,
    p_value: f64,
    mean_ranks: Vec<f64>,
}

fn fixtures() -> Fixtures {
    serde_json::from_str(include_str!("../../tests/fixtures/statistics.json")).unwrap()
}

fn assert_near(a: f64, b: f64, tolerance: f64, what: &str) {
    assert!((a - b).abs() <= tolerance * b.abs().max(1.0), "{what}: {a} is not {b}");
}

#[test]
fn friedman_as_scipy() {
    for case in fixtures().friedman {
        let ours = friedman(&case.scores).unwrap();
        assert_near(ours.statistic, case.statistic, 1e-9, "statistic");
        // Relative: a tail of 1e-17 must be right, too.
        assert_near(ours.p_value / case.p_value, 1.0, 1e-9, "p");
        for (a, b) in ours.mean_ranks.iter().zip(&case.mean_ranks) {
            assert_near(*a, *b, 1e-12, "mean rank");
        }
        assert_eq!((ours.blocks, ours.systems), (case.scores.len(), case.mean_ranks.len()));
    }
}

#[test]
fn critical_ranges_as_scipy() {
    let ranges = fixtures().ranges;
    assert!(ranges.len() > 30, "{}", ranges.len());
    for (k, alpha, quantile) in ranges {
        let ours = studentized_range_quantile(1.0 - alpha, k).unwrap();
        assert_near(ours, quantile, 1e-5, &format!("k {k}, alpha {alpha}"));
        let p = studentized_range_cdf(quantile, k).unwrap();
        assert_near(p, 1.0 - alpha, 1e-6, &format!("k {k}, alpha {alpha}"));
    }
}

#[test]
fn tails_of_the_range_as_scipy() {
    for (k, q, tail) in fixtures().tails {
        let ours = 1.0 - studentized_range_cdf(q, k).unwrap();
        assert_near(ours, tail, 1e-9, &format!("k {k}, q {q}"));
    }
}

/// The range of two normal variables is |x − y|, whose quantile is √2 times the normal one.
#[test]
fn the_range_of_two_is_a_difference() {
    let q = studentized_range_quantile(0.95, 2).unwrap();
    assert_near(q, 1.959_963_985 * std::f64::consts::SQRT_2, 1e-7, "two means");
}

#[test]
fn ranges_of_extremes() {
    assert_eq!(studentized_range_cdf(0.0, 5).unwrap(), 0.0);
    assert_eq!(studentized_range_cdf(-3.0, 5).unwrap(), 0.0);
    assert_near(studentized_range_cdf(f64::INFINITY, 5).unwrap(), 1.0, 1e-12, "all");
    assert_near(studentized_range_cdf(1e9, 3).unwrap(), 1.0, 1e-9, "all");
    let many = studentized_range_quantile(0.95, 1000).unwrap();
    assert!((7.0..9.0).contains(&many), "{many}");
    for (p, k) in [(0.0, 3), (1.0, 3), (0.5, 1), (f64::NAN, 3)] {
        assert!(studentized_range_quantile(p, k).is_err(), "{p} {k}");
    }
    assert!(studentized_range_cdf(f64::NAN, 3).is_err());
}

/// Ranks and their variance by hand, the critical value (3.314 for 3 means) from any table.
#[test]
fn tukey_kramer_by_hand() {
    // System 2 is always the best, 0 and 1 take turns.
    let scores: Vec<Vec<f64>> =
        (0..10).map(|b| vec![f64::from(b % 2), f64::from((b + 1) % 2), 2.0]).collect();
    let friedman = friedman(&scores).unwrap();
    assert_eq!(friedman.mean_ranks, [1.5, 1.5, 3.0]);
    assert_near(friedman.rank_variance, 1.0, 1e-12, "3 · 4 / 12");
    assert_near(friedman.statistic, 15.0, 1e-12, "10 (0.25 + 0.25 + 1)");
    let comparison = tukey_kramer(&friedman, 0.05).unwrap();
    assert_near(comparison.critical_difference, 3.314_5 / 10_f64.sqrt(), 1e-4, "critical");
    let pairs: Vec<_> =
        comparison.pairs.iter().map(|p| (p.first, p.second, p.difference, p.significant)).collect();
    assert_eq!(pairs, [(0, 1, 0.0, false), (0, 2, -1.5, true), (1, 2, -1.5, true)]);
    for pair in &comparison.pairs {
        let (low, high) = pair.interval;
        assert_near(high - low, 2.0 * comparison.critical_difference, 1e-12, "width");
        assert_eq!(pair.significant, low > 0.0 || high < 0.0);
        assert_eq!(pair.significant, pair.p_value < 0.05);
    }
    assert!(tukey_kramer(&friedman, 0.0).is_err() && tukey_kramer(&friedman, 1.0).is_err());
}

#[test]
fn systems_that_always_tie_do_not_differ() {
    let friedman = friedman(&vec![vec![0.5; 4]; 6]).unwrap();
    assert_eq!((friedman.statistic, friedman.p_value), (0.0, 1.0));
    let comparison = tukey_kramer(&friedman, 0.05).unwrap();
    assert!(comparison.pairs.iter().all(|p| !p.significant && p.p_value == 1.0));
}

#[test]
fn tables_that_are_none_are_refused() {
    for scores in [
        vec![],
        vec![vec![1.0, 2.0]],
        vec![vec![1.0]; 3],
        vec![vec![]; 3],
        vec![vec![1.0, 2.0], vec![1.0]],
        vec![vec![1.0, f64::NAN], vec![1.0, 2.0]],
    ] {
        assert!(friedman(&scores).is_err(), "{scores:?}");
    }
}

#[test]
fn mcnemar_as_statsmodels() {
    for (b, c, exact, statistic, p) in fixtures().mcnemar {
        // Clips that both classify correctly, or both wrongly, change nothing.
        let first = [vec![true; b], vec![false; c], vec![true; 5], vec![false; 4]].concat();
        let second = [vec![false; b], vec![true; c], vec![true; 5], vec![false; 4]].concat();
        let ours = mcnemar(&first, &second).unwrap();
        assert_eq!((ours.only_first, ours.only_second), (b as u64, c as u64));
        assert_near(ours.exact_p / exact, 1.0, 1e-9, &format!("exact, {b} {c}"));
        assert_near(ours.statistic, statistic, 1e-9, &format!("statistic, {b} {c}"));
        assert_near(ours.p_value / p, 1.0, 1e-9, &format!("p, {b} {c}"));
    }
}

#[test]
fn mcnemar_where_nothing_tells_two_apart() {
    for (first, second) in [(vec![], vec![]), (vec![true, false], vec![false, true])] {
        let same = mcnemar(&first, &second).unwrap();
        assert_eq!((same.statistic, same.p_value, same.exact_p), (0.0, 1.0, 1.0));
    }
    assert!(mcnemar(&[true], &[]).is_err());
}

/// Without groups, the accuracy in a resample is binomial: of 200 with p = 0.8, the 2.5 % and
/// 97.5 % quantiles are 149 and 171 (scipy.stats.binom).
#[test]
fn the_bootstrap_of_single_clips_is_binomial() {
    let right: Vec<bool> = (0..200).map(|i| i % 5 > 0).collect();
    let interval = bootstrap(&right, None, 0.95, 3).unwrap();
    assert_eq!(interval.units, 200);
    assert_near(interval.low, 149.0 / 200.0, 0.0051, "low");
    assert_near(interval.high, 171.0 / 200.0, 0.0051, "high");
    assert_eq!(interval, bootstrap(&right, None, 0.95, 3).unwrap());
    let narrow = bootstrap(&right, None, 0.5, 3).unwrap();
    assert!(interval.low < narrow.low && narrow.high < interval.high);
}

#[test]
fn bootstrap_of_differences_pairs_decisions() {
    let of = |first: &[bool], second: &[bool]| difference(first, second, None, 0.95, 3);
    let first: Vec<bool> = (0..200).map(|i| i % 5 > 0).collect();
    let same = of(&first, &first).unwrap().interval;
    assert_eq!((same.low, same.high), (0.0, 0.0));
    // Only the first is correct on 30 clips of 200: as an accuracy of 15 %.
    let second: Vec<bool> = (0..200).map(|i| i % 5 > 0 && i >= 38).collect();
    assert_eq!(first.iter().zip(&second).filter(|(a, b)| a != b).count(), 30);
    let lost: Vec<bool> = first.iter().zip(&second).map(|(a, b)| a != b).collect();
    let interval = of(&first, &second).unwrap().interval;
    assert_eq!(interval, bootstrap(&lost, None, 0.95, 3).unwrap());
    let other = of(&second, &first).unwrap().interval;
    assert!((other.high + interval.low).abs() < 0.011, "{other:?} {interval:?}");
    assert!(of(&first, &second[1..]).is_err());
}

/// Ten clips of each artist that are correct or wrong together are worth one.
#[test]
fn groups_are_drawn_whole() {
    let of_artist: Vec<bool> = (0..40).map(|i| i % 4 > 0).collect();
    let right: Vec<bool> = of_artist.iter().flat_map(|&right| [right; 10]).collect();
    let artists: Vec<usize> = (0..40).flat_map(|i| [7 * i; 10]).collect();
    let grouped = bootstrap(&right, Some(&artists), 0.95, 0).unwrap();
    let once = bootstrap(&of_artist, None, 0.95, 0).unwrap();
    assert_eq!(grouped, once);
    let single = bootstrap(&right, None, 0.95, 0).unwrap();
    assert!(grouped.high - grouped.low > 2.5 * (single.high - single.low));
}

#[test]
fn bootstraps_of_nothing_are_refused() {
    assert!(bootstrap(&[], None, 0.95, 0).is_err());
    assert!(bootstrap(&[true], Some(&[]), 0.95, 0).is_err());
    assert!(bootstrap(&[true], None, 1.0, 0).is_err());
    let one = bootstrap(&[true], None, 0.95, 0).unwrap();
    assert_eq!((one.low, one.high), (1.0, 1.0));
}
