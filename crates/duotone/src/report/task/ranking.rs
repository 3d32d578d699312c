use crate::evaluate::statistics::Pair;
use crate::mirex::{Blocks, RankTest, TaskResults};
use crate::report::text::{decimal, escape};
use crate::report::{ranks, table};

/// Friedman's tests, with the picture and the pairs of each.
pub(super) fn comparisons(results: &TaskResults) -> String {
    if results.comparisons.is_empty() {
        return r#"<section><h2>Which systems differ</h2><p class="soft">Two systems that finished every fold are needed to compare.</p></section>"#.into();
    }
    let cards: String = results.comparisons.iter().map(comparison).collect();
    format!("<section><h2>Which systems differ</h2><div class=\"stack\">{cards}</div></section>")
}

fn comparison(test: &RankTest) -> String {
    let (over, score, id) = match test.blocks {
        Blocks::Labels => ("labels", "the share of a label's files decided right", "ranks-labels"),
        Blocks::Folds => ("folds", "the share of a fold's files decided right", "ranks-folds"),
    };
    let (friedman, level) = (&test.friedman, 100.0 * (1.0 - test.comparison.alpha));
    let verdict = match friedman.p_value < test.comparison.alpha {
        true => "they are not all alike",
        false => "that they are all alike is not ruled out",
    };
    let name = |system: usize| test.systems.get(system).map(|n| escape(n)).unwrap_or_default();
    let row = |pair: &Pair| {
        format!(
            r#"<th scope="row" class="text">{}</th><td class="text">{}</td><td>{}</td><td>{} to {}</td><td>{}</td><td>{}</td>"#,
            name(pair.first),
            name(pair.second),
            decimal(pair.difference, 2),
            decimal(pair.interval.0, 2),
            decimal(pair.interval.1, 2),
            decimal(pair.p_value, 3),
            if pair.significant { "yes" } else { "no" },
        )
    };
    let rows: Vec<String> = test.comparison.pairs.iter().map(row).collect();
    let heads = ["<One", "<Other", "Difference", "Interval", "p", "Significant"];
    let caption = format!(
        "Mean rank of the one minus that of the other; the intervals hold together with \
         {level:.0}\u{202f}% confidence (Tukey-Kramer). Ranks further apart than {} differ \
         significantly.",
        decimal(test.comparison.critical_difference, 2)
    );
    format!(
        r#"<div class="card"><h3>Over {over}</h3><p>Friedman's test on {score}: χ² = {}, {} degrees of freedom, p = {}; {verdict}.</p><figure><div class="scroll">{}</div></figure>{}</div>"#,
        decimal(friedman.statistic, 2),
        friedman.systems - 1,
        decimal(friedman.p_value, 4),
        ranks(&test.systems, friedman, &test.comparison, id),
        table(&format!("Pairs, over {over}"), &heads, &rows, &caption),
    )
}
