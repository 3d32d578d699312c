use duotone::confidence::CalibrationScores;
use duotone::evaluate::{ConfidenceResult, MeasuredRisk, RiskAtCoverage, RiskPromise};

use super::{check, results, styles};
use crate::html;

fn measured() -> ConfidenceResult {
    let point = |coverage, risk, low, high| RiskAtCoverage { coverage, risk, low, high };
    let scores = |calibration_error| CalibrationScores {
        calibration_error,
        log_loss: 0.712,
        brier_score: 0.345,
    };
    let kept = MeasuredRisk { risk: 0.083, low: 0.021, high: 0.154 };
    ConfidenceResult {
        temperatures: vec![1.25, 1.5],
        before: scores(0.123),
        after: scores(0.045),
        risk: vec![
            point(0.25, 0.05, 0.0, 0.1),
            point(0.5, 0.1, 0.05, 0.2),
            point(1.0, 0.3, 0.2, 0.4),
        ],
        promises: vec![
            RiskPromise { promised: 0.05, accepted: 0, coverage: 0.0, measured: None },
            RiskPromise { promised: 0.1, accepted: 1234, coverage: 0.4, measured: Some(kept) },
        ],
    }
}

#[test]
fn calibration_and_promises_are_tables_and_the_curve_has_a_band() {
    let mut results = results(&styles(), &[("model1", 0.6), ("model2", 0.9)], 4, 2);
    assert!(!html(&results).contains("<h2>Confidence</h2>"));
    results.systems[0].name = "<b>one</b>".into();
    results.systems[0].confidence = Some(measured());
    let page = html(&results);
    check(&page);
    let section = page.split("<h2>Confidence</h2>").nth(1).unwrap();
    let section = section.split("</section>").next().unwrap();
    for text in [
        "<td>1.25–1.50</td><td>12.3\u{202f}%</td><td>4.5\u{202f}%</td><td>0.712</td>",
        "<td>1,234</td><td>40.0\u{202f}%</td><td>8.3\u{202f}%</td>",
        "<td>2.1\u{202f}% to 15.4\u{202f}%</td>",
        "<td>0</td><td>0.0\u{202f}%</td><td>–</td><td>–</td>",
        "50.0\u{202f}% accepted: 10.0\u{202f}% wrong (5.0\u{202f}% to 20.0\u{202f}%)",
        "coverage: accepted decisions in %",
        "&lt;b&gt;one&lt;/b&gt;",
    ] {
        assert!(section.contains(text), "{text} in {section}");
    }
    // The band runs along the upper ends and back along the lower ones; the axis ends at 40 %.
    let band = section.split("class=\"band\" d=\"").nth(1).unwrap();
    let band = band.split('"').next().unwrap();
    assert_eq!(band.matches('L').count(), 5, "{band}");
    assert!(band.contains("446.0 12.0L446.0 105.0L"), "{band}");
    assert_eq!(section.matches("<svg").count(), 1, "only the first system was measured");
}

#[test]
fn curves_without_points_or_numbers_break_nothing() {
    let mut results = results(&styles(), &[("model1", 0.6), ("model2", 0.9)], 4, 2);
    let mut broken = measured();
    broken.temperatures = vec![f64::NAN];
    broken.after.log_loss = f64::INFINITY;
    broken.risk[1].high = f64::NAN;
    results.systems[0].confidence = Some(broken);
    let empty = ConfidenceResult { risk: Vec::new(), promises: Vec::new(), ..measured() };
    results.systems[1].confidence = Some(ConfidenceResult { temperatures: Vec::new(), ..empty });
    let page = html(&results);
    check(&page);
    assert_eq!(page.matches("Risk by coverage, ").count(), 2);
}
