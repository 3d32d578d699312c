//! One architecture's part of the page.

use std::fmt::Write;

use super::chart::Curves;
use super::table::Table;
use super::{escape, matrix, percent};
use crate::{EpochRecord, LabelCount, Prediction, SystemResult};

/// Mistakes that are listed.
const MISTAKES: usize = 15;

pub(super) fn section(system: &SystemResult, labels: &[LabelCount], page: &mut String) {
    let names: Vec<&str> = labels.iter().map(|label| label.name.as_str()).collect();
    let _ = write!(
        page,
        "<h2>{}</h2>\n<p class=\"lead\">{}</p>\n<div class=\"panels\">\n<div \
         class=\"panel\"><h3>What the files were heard as</h3>\n{}</div>\n<div \
         class=\"panel\"><h3>Class by class</h3>\n{}</div>\n</div>\n",
        escape(&system.name),
        escape(&describe(system)),
        matrix::svg(&names, &system.files.confusion),
        classes(system)
    );
    curves(system, page);
    let _ = write!(
        page,
        "<div class=\"panels\">\n<div class=\"panel\"><h3>Fold by fold</h3>\n{}</div>\n<div \
         class=\"panel\"><h3>Most confident mistakes</h3>\n{}</div>\n</div>\n",
        folds(system),
        mistakes(&system.predictions)
    );
}

/// The network in a line.
fn describe(system: &SystemResult) -> String {
    let a = &system.architecture;
    let pipelines: Vec<String> = a
        .pipelines
        .iter()
        .map(|p| {
            format!(
                "{} filters of {}×{}, pool {}×{}",
                p.filters, p.kernel.0, p.kernel.1, p.pool.0, p.pool.1
            )
        })
        .collect();
    format!(
        "{} bands × {} frames at {} Hz → {} → dense {}",
        a.bands,
        a.frames,
        system.front_end.sample_rate,
        pipelines.join(" ∥ "),
        a.dense
    )
}

fn classes(system: &SystemResult) -> String {
    let mut table = Table::new(&["label", "#precision", "#recall", "#F1", "#clips"]);
    for class in &system.files.classes {
        table.row(
            false,
            &[
                class.label.clone(),
                format!("{:.3}", class.precision),
                format!("{:.3}", class.recall),
                format!("{:.3}", class.f1),
                class.support.to_string(),
            ],
        );
    }
    table.html()
}

/// Loss and accuracy over the epochs, all folds in one picture each.
fn curves(system: &SystemResult, page: &mut String) {
    let of = |value: &dyn Fn(&EpochRecord) -> Option<f64>| -> Vec<Vec<f64>> {
        let fold = |history: &[EpochRecord]| history.iter().filter_map(value).collect();
        let all = system.folds.iter().map(|f| fold(&f.history));
        all.filter(|curve: &Vec<f64>| !curve.is_empty()).collect()
    };
    let loss = Curves {
        title: "Loss over the epochs",
        trained: of(&|r| Some(r.loss)),
        held_out: of(&|r| r.validation_loss),
        share: false,
    };
    let accuracy = Curves {
        title: "Segments right over the epochs",
        trained: of(&|r| Some(r.accuracy)),
        held_out: of(&|r| r.validation_accuracy),
        share: true,
    };
    let colours = if loss.held_out.is_empty() {
        "on the training segments"
    } else {
        "blue on the training segments, orange on the held-out ones"
    };
    let _ = write!(
        page,
        "<div class=\"panels\">\n<div class=\"panel\"><h3>Loss over the epochs, \
         {colours}</h3>\n{}</div>\n<div class=\"panel\"><h3>Segments right over the epochs, \
         {colours}</h3>\n{}</div>\n</div>\n",
        loss.svg(),
        accuracy.svg()
    );
}

fn folds(system: &SystemResult) -> String {
    let mut table =
        Table::new(&["fold", "#trained on", "#tested", "#files right", "#segments right"]);
    for fold in &system.folds {
        table.row(
            false,
            &[
                (fold.fold + 1).to_string(),
                fold.train_clips.to_string(),
                fold.test_clips.to_string(),
                percent(fold.file_accuracy),
                percent(fold.segment_accuracy),
            ],
        );
    }
    table.html()
}

/// The wrong decisions that the network was surest of.
fn mistakes(predictions: &[Prediction]) -> String {
    let sureness = |p: &Prediction| p.probabilities.iter().copied().fold(0.0, f64::max);
    let mut wrong: Vec<&Prediction> =
        predictions.iter().filter(|p| p.predicted != p.label).collect();
    if wrong.is_empty() {
        return "<p class=\"note\">None: every file was decided right.</p>".into();
    }
    wrong.sort_by(|a, b| sureness(b).total_cmp(&sureness(a)));
    let mut table = Table::new(&["/file", "is", "heard as", "#sure"]);
    for p in wrong.iter().take(MISTAKES) {
        table.row(
            false,
            &[
                p.path.display().to_string(),
                p.label.clone(),
                p.predicted.clone(),
                percent(sureness(p)),
            ],
        );
    }
    table.html()
}
