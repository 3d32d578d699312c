use std::io::IsTerminal;
use std::path::{Path, PathBuf};

use duotone::classify::ClassifyOptions;
use duotone::path_text;
use duotone::{Classifier, Error};
use serde_json::{Map, Value, json};

use super::{file_digest, finish, load_model, no_audio, report_ignored};
use crate::args::{ClassifyArgs, Format};
use crate::decisions::{self, Decisions};
use crate::exit::{Done, Failure};
use crate::output::{self, count};
use crate::paths::{self, Files};
use crate::progress::Console;
use crate::resume::{self, Kept};
use crate::sink::{self, Part, Sink};

pub(super) fn run(args: ClassifyArgs, console: &Console) -> Result<Done, Failure> {
    if args.resume && !is_line_by_line(&args) {
        let reason = "--resume is for `--format csv` and `--format jsonl`, which are written line \
                      by line";
        return Err(Failure::Usage(reason.into()));
    }
    let device = args.device.open(console)?;
    let classifier = Classifier::on(&device, load_model(&args.model, "classify")?)?;
    let Files { mut files, skipped_files, side_files, repeated } =
        paths::expand(&args.paths, args.null)?;
    if let Some(output) = &args.output {
        check_inputs(output, args.paths.iter().chain([&args.model]).chain(&files))?;
        check_output(output)?;
        if args.resume && output.exists() && !sink::part(output).exists() {
            console.warn(&format!(
                "{}: already finished; if the model or the files have changed, run without \
                 --resume to start over",
                path_text(output)
            ));
            return Ok(finish(console));
        }
    }
    report_ignored(side_files, repeated, "classified", console);
    if files.is_empty() {
        skipped_files.into_iter().for_each(|file| console.skip(file));
        console.list_skipped_files();
        return Err(no_audio(&args.paths));
    }
    console.watch_signals()?;
    let labels: Vec<String> =
        classifier.card().labels.iter().map(|label| label.name.clone()).collect();
    let into = |sink| Decisions::new(sink, args.format(), labels.clone(), args.segments, args.top);
    let header = into(Sink::Stdout).header()?;
    let (sink, mut kept) = open(&args, &header, console)?;
    let mut decisions = into(sink);
    decisions.begin(kept.count)?;
    let mut classified = kept.count - kept.skipped_files.len();
    kept.skipped_files.drain(..).for_each(|file| console.skip(file));
    for file in skipped_files {
        if !kept.take(&file.path) {
            decisions.skip(&file)?;
        }
        console.skip(file);
    }
    files.retain(|file| !kept.take(file));
    let worked =
        classify_into(&mut decisions, &mut classified, &classifier, &files, &args, console)?;
    console.finish_bar();
    // The decisions made so far are written even if an error follows.
    if let Err(Error::Interrupted) = worked {
        decisions.stop()?;
        return Err(Failure::Stopped(stopped(&args, classified)));
    }
    worked?;
    decisions.end()?;
    if let Some(output) = &args.output {
        let files = count(classified, "file");
        console.info(&format!("{}: {files} classified", path_text(output)));
    } else if args.format() == Format::Table && !args.segments && std::io::stdout().is_terminal() {
        console
            .info("to write the labels into the files' tags: `duotone tag MODEL PATH` (a dry run)");
    }
    let done = finish(console);
    if classified == 0 {
        return Err(Failure::Work("no file could be classified".into()));
    }
    Ok(done)
}

/// Classifies files, writes each decision as soon as it is made, and counts them. The outer error
/// comes from writing, which stops the work; the inner one from the work itself.
fn classify_into(
    decisions: &mut Decisions,
    classified: &mut usize,
    classifier: &Classifier,
    files: &[PathBuf],
    args: &ClassifyArgs,
    console: &Console,
) -> Result<Result<(), Error>, Failure> {
    let options = ClassifyOptions::default()
        .with_vote(args.vote.into())
        .with_segments(args.segments)
        .with_excerpts(args.excerpts)
        .with_min_probability(args.min_probability)
        .with_unknown_above_risk(args.unknown_above_risk);
    if classifier.threshold(&options)?.is_infinite() {
        console.warn(
            "no threshold keeps the error of held-out files that low: every decision is `unknown`",
        );
    }
    let mut written = Ok(());
    let worked = classifier.classify_many(files, &options, console, |result| {
        if written.is_ok() {
            written = match result {
                Ok(decision) => {
                    *classified += 1;
                    decisions.add(decision)
                }
                Err(file) => {
                    let written = decisions.skip(&file);
                    console.skip(file);
                    written
                }
            };
        }
        if written.is_err() {
            console.request_stop();
        }
    });
    // A closed pipe or a full disk is the cause of the stop, so it is reported first.
    written?;
    Ok(worked)
}

/// Returns whether the output is complete after each file.
fn is_line_by_line(args: &ClassifyArgs) -> bool {
    matches!(args.format(), Format::Csv | Format::Jsonl)
}

/// Checks that the output and its temporary files can be written and would not replace other kinds
/// of files.
fn check_output(output: &Path) -> Result<(), Failure> {
    output::check_file(output)?;
    for path in [output.to_owned(), sink::part(output)] {
        duotone::io::refuse_other_kind(
            &path,
            "file of decisions",
            decisions::looks_like_decisions,
        )?;
    }
    let settings = sink::settings(output);
    duotone::io::refuse_other_kind(&settings, "file of settings", |start| start.starts_with(b"{"))?;
    Ok(())
}

fn check_inputs<'a>(
    output: &Path,
    inputs: impl IntoIterator<Item = &'a PathBuf> + Clone,
) -> Result<(), Failure> {
    for path in [output.to_owned(), sink::part(output), sink::settings(output)] {
        duotone::io::refuse_inputs(&path, inputs.clone())?;
    }
    Ok(())
}

/// Opens the output, and reads the decisions that an earlier run wrote to it.
fn open(args: &ClassifyArgs, header: &str, console: &Console) -> Result<(Sink, Kept), Failure> {
    let Some(output) = &args.output else { return Ok((Sink::Stdout, Kept::default())) };
    let settings = settings(args)?;
    let exists = sink::part(output).exists();
    let mut part = Part::open(output)?;
    let kept = match args.resume && exists {
        true => resume::read(output, args.format(), header, &settings)?,
        false => Kept::default(),
    };
    let name = sink::part(output);
    let name = path_text(&name);
    match (args.resume, exists) {
        (true, true) => console.info(&format!("{name}: {} kept", count(kept.count, "file"))),
        (true, false) => console.info(&format!("no {name}: starting from the beginning")),
        (false, true) => console
            .info(&format!("{name}: left by an earlier run, will be replaced (see --resume)")),
        (false, false) => {}
    }
    let text = output::json(&settings)?;
    duotone::io::write_file(&sink::settings(output), text.as_bytes())?;
    part.cut(if kept.count == 0 { 0 } else { kept.length })?;
    Ok((Sink::File(part), kept))
}

/// Returns all settings that affect what is written about a file.
fn settings(args: &ClassifyArgs) -> Result<Map<String, Value>, Failure> {
    let excerpts = args.excerpts.map(|e| format!("{}x{}", e.count, e.seconds));
    let settings = [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("format", json!(format!("{:?}", args.format()).to_lowercase())),
        ("model", json!(file_digest(&args.model)?)),
        ("vote", json!(format!("{:?}", args.vote).to_lowercase())),
        ("segments", json!(args.segments)),
        ("excerpts", json!(excerpts)),
        ("min_probability", json!(args.min_probability)),
        ("unknown_above_risk", json!(args.unknown_above_risk)),
        ("top", json!(args.top)),
    ];
    Ok(settings.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}

/// Describes how far a stopped run got, and how to continue it.
fn stopped(args: &ClassifyArgs, classified: usize) -> String {
    let files = format!("stopped after {}", count(classified, "file"));
    let lines = is_line_by_line(args);
    match &args.output {
        Some(_) if lines => {
            format!("{files}; run the same command with --resume to continue from here")
        }
        Some(output) => format!("{files}, which are in {}", path_text(&sink::part(output))),
        None if lines => format!("{files}; rerun with `--output FILE` to make the run resumable"),
        None => files,
    }
}
