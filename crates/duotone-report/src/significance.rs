//! Significance of the differences between systems.

use super::ranks::ranks;
use super::table;
use super::text::{decimal, escape, percent};
use duotone::evaluate::{Ranking, Results, Significance};
use duotone::plural;
use duotone::statistics::Pair;

/// Formats the section; empty if there is only one system.
pub(super) fn section(results: &Results) -> String {
    let Some(significance) = &results.significance else { return String::new() };
    let names: Vec<String> = results.compared().map(|s| s.name.clone()).collect();
    let pictures = [
        ("Accuracy, fold by fold", "folds", &significance.by_fold),
        ("Recall, label by label", "labels", &significance.by_label),
    ];
    let pictures: String = pictures
        .into_iter()
        .filter_map(|(title, blocks, ranking)| {
            Some(picture(title, blocks, ranking.as_ref()?, &names))
        })
        .collect();
    format!(
        r#"<section><h2>More than luck?</h2><div class="card"><h3>Pair by pair, on the same files</h3>{}</div><div class="pair">{pictures}</div></section>"#,
        pairs(significance, &names),
    )
}

fn pairs(significance: &Significance, names: &[String]) -> String {
    let name = |i: usize| names.get(i).map(|name| escape(name)).unwrap_or_default();
    let rows: Vec<String> = significance
        .pairs
        .iter()
        .map(|pair| {
            let test = &pair.mcnemar;
            let difference = pair.difference.as_ref().map_or("–".to_owned(), |d| signed(d.accuracy));
            let interval = pair.difference.as_ref().map_or("–".to_owned(), |difference| {
                let interval = &difference.interval;
                format!("{} to {}", signed(interval.low), signed(interval.high))
            });
            let known = |p: Option<f64>| p.map_or("–".to_owned(), p_value);
            format!(
                r#"<th scope="row" class="text">{}</th><td class="text">{}</td><td>{difference}</td><td>{interval}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"#,
                name(pair.first),
                name(pair.second),
                known(pair.difference.as_ref().map(|difference| difference.p_value)),
                known(pair.holm.as_ref().map(|holm| holm.sign_flip)),
                test.only_first,
                test.only_second,
                p_value(test.exact_p),
                known(pair.holm.as_ref().map(|holm| holm.mcnemar)),
                p_value(test.p_value),
            )
        })
        .collect();
    let heads = [
        "<First",
        "<Second",
        "Difference",
        "95 % interval",
        "Sign-flip p",
        "after Holm",
        "Only first correct",
        "Only second correct",
        "McNemar’s exact p",
        "after Holm",
        "χ² p",
    ];
    let caption = "Difference: the first system's accuracy minus the second's, in percentage points. \
                   Its interval is a paired percentile bootstrap, and its p-value an exact sign-flip \
                   test: both of whole groups where clips are grouped, otherwise of files. McNemar's \
                   test, exact and by χ² with continuity correction, takes files as independent even \
                   where they are grouped. “After Holm”: corrected for the number of pairs.";
    table("Pairs of systems", &heads, &rows, caption)
}

/// Formats a difference of shares in percentage points, with its sign.
fn signed(share: f64) -> String {
    match decimal(100.0 * share, 1).as_str() {
        "0.0" | "-0.0" => "0.0".into(),
        text if text.starts_with('-') => text.replace('-', "−"),
        text => format!("+{text}"),
    }
}

fn picture(title: &str, blocks: &str, ranking: &Ranking, names: &[String]) -> String {
    let test = &ranking.friedman;
    format!(
        r#"<div class="card"><figure><h3>{title}</h3><div class="scroll">{}</div><figcaption>Mean ranks over {} {blocks}, with intervals: systems differ significantly (Tukey-Kramer, {} in all) where these do not overlap. Friedman's χ² = {}, {} of freedom, p = {}.</figcaption></figure>{}</div>"#,
        ranks(names, test, &ranking.tukey_kramer, &format!("ranks-{blocks}")),
        test.blocks,
        percent(ranking.tukey_kramer.alpha),
        decimal(test.statistic, 2),
        plural(test.systems.saturating_sub(1), "degree"),
        p_value(test.p_value),
        differences(blocks, ranking, names),
    )
}

/// Formats the pairs of Tukey and Kramer's test, collapsed.
fn differences(blocks: &str, ranking: &Ranking, names: &[String]) -> String {
    let test = &ranking.tukey_kramer;
    let name = |i: usize| names.get(i).map(|name| escape(name)).unwrap_or_default();
    let row = |pair: &Pair| {
        format!(
            r#"<th scope="row" class="text">{}</th><td class="text">{}</td><td>{}</td><td>{} to {}</td><td>{}</td><td>{}</td>"#,
            name(pair.first),
            name(pair.second),
            decimal(pair.difference, 2),
            decimal(pair.interval.0, 2),
            decimal(pair.interval.1, 2),
            p_value(pair.p_value),
            if pair.significant { "yes" } else { "no" },
        )
    };
    let rows: Vec<String> = test.pairs.iter().map(row).collect();
    let heads = ["<First", "<Second", "Difference", "Interval", "p", "Significant"];
    let caption = format!(
        "Mean rank of the first minus that of the second; the intervals hold together with \
         {} confidence. Ranks further apart than {} differ significantly.",
        percent(1.0 - test.alpha),
        decimal(test.critical_difference, 2)
    );
    format!(
        "<details><summary>Pair by pair</summary>{}</details>",
        table(&format!("Pairs, over {blocks}"), &heads, &rows, &caption)
    )
}

pub(super) fn p_value(p: f64) -> String {
    if p < 1e-4 { "&lt;\u{202f}0.0001".into() } else { decimal(p, 4) }
}
