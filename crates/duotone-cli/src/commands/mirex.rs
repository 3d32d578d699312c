//! duotone as a MIREX submission.
//!
//! An unreadable file only causes a warning here. It does not affect the exit code, because a
//! submission with a nonzero exit code counts as failed.

use std::path::Path;

use duotone::io::SkippedFile;
use duotone::model::ModelSpec;
use duotone::path_text;
use duotone::train::TrainReport;
use duotone_mirex as mirex;

use super::mirex_run;
use crate::args::{MirexArgs, MirexCommand, NetworkArgs, VoteArg};
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Console;

pub(super) fn run(args: MirexArgs, console: &Console) -> Result<Done, Failure> {
    match args.command {
        MirexCommand::Extract(args) => {
            let recipe = ModelSpec::load(&args.architecture)?;
            let rate = args.sample_rate.0;
            let (files, skipped_files) =
                mirex::extract(&args.scratch, &args.files, &recipe, rate, console)?;
            console.list_skipped_files();
            let kept = files - skipped_files.len();
            let files = output::count(kept, "file");
            console.info(&format!("features of {files} in {}", path_text(&args.scratch)));
        }
        MirexCommand::Train(args) => train(&args.scratch, &args.train, &args.network, console)?,
        MirexCommand::Classify(args) => {
            classify(&args.scratch, &args.test, &args.output, args.vote, console)?;
        }
        MirexCommand::TrainClassify(args) => {
            output::check_file(&args.output)?;
            duotone::io::refuse_inputs(&args.output, [&args.train, &args.test])?;
            train(&args.scratch, &args.train, &args.network, console)?;
            classify(&args.scratch, &args.test, &args.output, args.vote, console)?;
        }
        MirexCommand::Run(args) => return mirex_run::run(args, console),
    }
    Ok(Done::Fully)
}

fn train(
    scratch: &Path,
    list: &Path,
    network: &NetworkArgs,
    console: &Console,
) -> Result<(), Failure> {
    let recipe = network.learning.recipe(&network.architecture)?;
    let report: TrainReport = mirex::train(scratch, list, recipe, console)?;
    console.list_skipped_files();
    let (model, files) = (path_text(&report.model), output::count(report.clips, "file"));
    console.info(&format!("{model}: {} on {files}", report.card.recipe));
    Ok(())
}

fn classify(
    scratch: &Path,
    list: &Path,
    output: &Path,
    vote: VoteArg,
    console: &Console,
) -> Result<(), Failure> {
    output::check_file(output)?;
    let classified = mirex::classify(scratch, list, output, vote.into(), console)?;
    console.finish_bar();
    for SkippedFile { path, error } in &classified.guessed {
        let path = output::shown_path(path);
        console.warn(&format!("{path}: {error}; its output is the most frequent label"));
    }
    for (path, notes) in &classified.noted {
        console.warn(&format!("{}: {}", output::shown_path(path), notes.words().join("; ")));
    }
    let files = output::count(classified.files, "file");
    console.info(&format!("{}: {files}", path_text(output)));
    Ok(())
}
