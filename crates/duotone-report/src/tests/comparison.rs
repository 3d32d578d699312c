use super::{check, results, styles};
use crate::html;

#[test]
fn differences_have_intervals_signs_and_warnings() {
    let mut results = results(&styles(), &[("model1", 0.6), ("model2", 0.9)], 4, 2);
    results.warnings = vec!["only 6 <groups> tested".into()];
    let page = html(&results);
    check(&page);
    let pair = &results.significance.as_ref().unwrap().pairs[0];
    let difference = pair.difference.as_ref().unwrap();
    assert!(difference.accuracy < 0.0 && difference.interval.low < difference.accuracy);
    let shown = format!("<td>−{:.1}</td>", -100.0 * difference.accuracy);
    assert!(page.contains(&shown), "{shown}");
    assert!(page.contains("<b>Warning:</b> only 6 &lt;groups&gt; tested."));
    // Results of an earlier version.
    let pair = &mut results.significance.as_mut().unwrap().pairs[0];
    (pair.difference, pair.holm) = (None, None);
    check(&html(&results));
}

#[test]
fn probabilities_are_scored_and_their_reliability_drawn() {
    let mut results = results(&styles(), &[("model1", 0.6), ("model2", 0.9)], 4, 2);
    let scores = results.systems[0].files.as_ref().unwrap().probabilities.clone().unwrap();
    let page = html(&results);
    check(&page);
    assert!(page.contains(&format!("<td>{:.3}</td>", scores.brier_score)));
    let filled = scores.calibration.iter().filter(|bin| bin.count > 0).count();
    let first = page.split("id=\"system-0-reliability\"").nth(1).unwrap();
    let diagram = first.split("</svg>").next().unwrap();
    assert_eq!(diagram.matches("<rect class=\"cell\"").count(), filled);
    let fullest = scores.calibration.iter().max_by_key(|bin| bin.count).unwrap();
    assert!(diagram.contains(&format!("<title>{} of confidence", fullest.count)));
    // A program has no probabilities.
    for system in &mut results.systems {
        for scores in [&mut system.files, &mut system.segments] {
            scores.as_mut().unwrap().probabilities = None;
        }
    }
    let page = html(&results);
    check(&page);
    assert!(!page.contains("<h2>Probabilities</h2>") && !page.contains("reliability"));
}
