use std::fmt::Write;

use duotone::data::CollectionOptions;
use duotone::path_text;
use duotone::train::{TrainJob, TrainReport};

use super::finish;
use crate::args::TrainArgs;
use crate::exit::{Done, Failure};
use crate::output::{self, count, decimal, percent};
use crate::progress::Console;

pub(super) fn run(args: TrainArgs, console: &Console) -> Result<Done, Failure> {
    output::check_file(&args.output)?;
    let device = args.training.device.open(console)?;
    let training = args.training;
    let recipe = training.learning.recipe(&args.architecture)?;
    let options =
        CollectionOptions { label: training.label.clone(), group: training.group.clone() };
    let collection = super::open(&args.collection, &options, training.min_per_label)?;
    let decides_rare_labels = training.min_per_label.is_some();
    let holds_out = recipe.training.validation > 0.0 || recipe.training.calibrate > 0;
    if training.group.is_some() && !holds_out && !decides_rare_labels {
        console.info(
            "--group only decides which clips are held out together: without --validation, all \
             clips are trained on",
        );
    }
    let mut job = TrainJob::new(&collection, recipe, args.output);
    job.store = training.features;
    job.device = device;
    job.resume = training.resume;
    let report = duotone::train::train(&job, console).map_err(|e| {
        Failure::from(e)
            .when_stopped("the same command with --resume continues from the last epoch")
    })?;
    let done = finish(console);
    if !console.is_quiet() {
        output::print(&summary(&report))?;
    }
    Ok(done)
}

fn summary(report: &TrainReport) -> String {
    let card = &report.card;
    let mut text = String::new();
    let held_out = match report.held_out {
        0 => String::new(),
        count => format!(", {count} held out"),
    };
    let _ = writeln!(
        text,
        "{}: {} trained on {} of {}{held_out}, {}",
        path_text(&report.model),
        card.recipe,
        count(report.clips, "clip"),
        count(card.labels.len(), "label"),
        count(card.history.len(), "epoch")
    );
    if let Some(last) = card.history.last() {
        let _ = writeln!(
            text,
            "last epoch: loss {}, accuracy {} on training segments",
            decimal(last.loss, 4),
            percent(last.accuracy)
        );
    }
    match &card.measured {
        Some(measured) => {
            let _ = writeln!(
                text,
                "not trained on: accuracy {} on {}, {} on their segments ({})",
                percent(measured.file_accuracy),
                count(measured.clips, "clip"),
                percent(measured.segment_accuracy),
                measured.protocol
            );
        }
        None => text.push_str("use `duotone evaluate` to measure how well it does on new music\n"),
    }
    if let Some(confidence) = &card.confidence {
        let _ = writeln!(
            text,
            "calibrated in {}: expected calibration error {}, before {}",
            count(confidence.folds, "inner fold"),
            percent(confidence.after.calibration_error),
            percent(confidence.before.calibration_error)
        );
    }
    text
}
