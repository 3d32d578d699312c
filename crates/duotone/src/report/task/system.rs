use crate::mirex::{FoldCommands, Kind, SystemScores, TaskProtocol};
use crate::report::matrix::heat_map;
use crate::report::text::{count, escape};

/// What a system is and its confusions.
pub(super) fn section(system: &SystemScores, protocol: &TaskProtocol, number: usize) -> String {
    let id = format!("system-{number}");
    let labels: Vec<String> = protocol.labels.iter().map(|label| label.name.clone()).collect();
    let map = |confusion: &[Vec<u64>], what: &str, end: &str| {
        let what = format!("{what}, {}", escape(&system.name));
        heat_map(&labels, confusion, &what, &format!("{id}-{end}"))
    };
    let whole = match &system.scores {
        Some(scores) => format!(
            r#"<figure><h3>Which label is taken for which</h3><div class="scroll">{}</div><figcaption>All folds: count and share of the row. Right decisions are on the diagonal.</figcaption></figure>"#,
            map(&scores.confusion, "all folds", "all")
        ),
        None => "<p>No scores over all folds: it failed in some.</p>".into(),
    };
    let folds: String = system
        .folds
        .iter()
        .filter_map(|fold| {
            let n = fold.fold;
            let confusion = &fold.scores.as_ref()?.confusion;
            let map = map(confusion, &format!("fold {n}"), &format!("fold{n}"));
            Some(format!(r#"<h3>Fold {n}</h3><div class="scroll">{map}</div>"#))
        })
        .collect();
    format!(
        r#"<section aria-labelledby="{id}"><h2 id="{id}">{}</h2>{}<div class="card">{whole}<details><summary>Fold by fold</summary>{folds}</details></div></section>"#,
        escape(&system.name),
        description(&system.kind),
    )
}

fn description(kind: &Kind) -> String {
    match kind {
        Kind::Program(program) => {
            let fold = match &program.fold {
                FoldCommands::Apart { train, classify } => vec![train, classify],
                FoldCommands::Together { train_classify } => vec![train_classify],
            };
            let lines: Vec<String> = program
                .extract
                .iter()
                .chain(fold)
                .map(|template| escape(&template.to_string()))
                .collect();
            format!(r#"<p class="soft">An external program.</p><pre>{}</pre>"#, lines.join("\n"))
        }
        Kind::Network(network) => {
            let s = &network.settings;
            format!(
                r#"<p class="soft">A network of duotone's: {}, {}, learning rate {}, mini-batches of {}, seed {}.</p>"#,
                escape(&network.recipe.name),
                count(s.epochs, "epoch"),
                s.learning_rate,
                s.batch_size,
                s.seed
            )
        }
    }
}
