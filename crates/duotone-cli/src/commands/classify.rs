use std::path::{Path, PathBuf};

use duotone::classify::ClassifyOptions;
use duotone::path_text;
use duotone::{Classifier, Error, Model};
use serde_json::{Map, Value, json};

use super::finish;
use crate::args::{ClassifyArgs, Format};
use crate::decisions::{self, Decisions};
use crate::exit::{Done, Failure};
use crate::output::{self, count};
use crate::paths::{self, Files};
use crate::progress::Console;
use crate::resume::{self, Kept};
use crate::sink::{self, Part, Sink};

pub(super) fn run(args: ClassifyArgs, console: &Console) -> Result<Done, Failure> {
    if args.resume && !matches!(args.format(), Format::Csv | Format::Jsonl) {
        let words = "--resume is for `--format csv` and `--format jsonl`, which are written line by \
                     line";
        return Err(Failure::Usage(words.into()));
    }
    let Files { mut files, left_out, side_files } = paths::expand(&args.paths, args.null)?;
    if let Some(output) = &args.output {
        check_inputs(output, args.paths.iter().chain([&args.model]).chain(&files))?;
        check_output(output)?;
    }
    if let Some(output) = args.output.as_ref().filter(|output| args.resume && output.exists())
        && !sink::part(output).exists()
    {
        let name = path_text(output);
        console.say(&format!("{name}: already finished (run without --resume to start over)"));
        return Ok(finish(console));
    }
    let device = args.device.open(console)?;
    let classifier = Classifier::on(&device, Model::load(&args.model)?)?;
    if side_files > 0 {
        let files = count(side_files, "file");
        console.say(&format!("passed over {files} (hidden, texts, pictures and the like)"));
    }
    if files.is_empty() {
        left_out.into_iter().for_each(|file| console.leave_out(file));
        console.list_left_out();
        let name = |path: &PathBuf| match path == Path::new("-") {
            true => "standard input".into(),
            false => path_text(path).into_owned(),
        };
        let named: Vec<String> = args.paths.iter().map(name).collect();
        return Err(Failure::Work(format!("{}: no audio files there", named.join(", "))));
    }
    console.watch_signals()?;
    let options = ClassifyOptions {
        vote: args.vote.into(),
        segments: args.segments,
        excerpts: args.excerpts,
    };
    let labels: Vec<String> =
        classifier.card().labels.iter().map(|label| label.name.clone()).collect();
    let into = |sink| Decisions::new(sink, args.format(), labels.clone(), args.segments, args.top);
    let header = into(Sink::Stdout).header()?;
    let (sink, mut kept) = open(&args, &header, console)?;
    let mut decisions = into(sink);
    let kept_before = kept.count;
    let mut written = decisions.begin(kept.count);
    kept.left_out.drain(..).for_each(|file| console.leave_out(file));
    for file in left_out {
        if written.is_ok() && !kept.has(&file.path) {
            written = decisions.leave_out(&file);
        }
        console.leave_out(file);
    }
    files.retain(|file| !kept.has(file));
    let mut decided = 0;
    let worked = classifier.classify_many(&files, &options, console, |result| {
        if written.is_ok() {
            written = match result {
                Ok(decision) => {
                    decided += 1;
                    decisions.add(decision)
                }
                Err(file) => {
                    let written = decisions.leave_out(&file);
                    console.leave_out(file);
                    written
                }
            };
        }
        if written.is_err() {
            console.request_stop();
        }
    });
    // Nobody reads on, or the disk is full: that is the reason, the stop only follows from it.
    written?;
    match worked {
        // What is decided is shown all the same.
        Err(Error::Interrupted) => {
            console.finish_bar();
            decisions.stop()?;
            return Err(Failure::Stopped(stopped(&args, decided)));
        }
        other => other?,
    }
    console.finish_bar();
    decisions.end()?;
    if let Some(output) = &args.output {
        let files = count(decided + kept_before, "file");
        console.say(&format!("{}: {files} classified", path_text(output)));
    }
    let done = finish(console);
    if decided + kept_before == 0 {
        return Err(Failure::Work("no file could be classified".into()));
    }
    Ok(done)
}

/// Makes sure that the output and what is beside it can be written, and is no other kind of file.
fn check_output(output: &Path) -> Result<(), Failure> {
    output::check_file(output)?;
    for path in [output.to_owned(), sink::part(output)] {
        duotone::io::refuse_other_kind(&path, "file of decisions", decisions::are_decisions)?;
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

/// Where the decisions go, and those that are there already.
fn open(args: &ClassifyArgs, header: &str, console: &Console) -> Result<(Sink, Kept), Failure> {
    let Some(output) = &args.output else { return Ok((Sink::Stdout, Kept::default())) };
    let settings = settings(args)?;
    let there = sink::part(output).exists();
    let mut part = Part::open(output)?;
    let kept = match args.resume && there {
        true => resume::read(output, args.format(), header, &settings)?,
        false => Kept::default(),
    };
    let name = sink::part(output);
    let name = path_text(&name);
    match (args.resume, there) {
        (true, true) => console.say(&format!("{name}: {} kept", count(kept.count, "file"))),
        (true, false) => console.say(&format!("no {name}: starting from the beginning")),
        (false, true) => console
            .say(&format!("{name}: what an earlier run left will be replaced (see --resume)")),
        (false, false) => {}
    }
    let text = output::json(&settings)?;
    duotone::io::write_file(&sink::settings(output), text.as_bytes())?;
    part.cut(if kept.count == 0 { 0 } else { kept.length })?;
    Ok((Sink::File(part), kept))
}

/// All that decides what is written about a file.
fn settings(args: &ClassifyArgs) -> Result<Map<String, Value>, Failure> {
    let mut hasher = blake3::Hasher::new();
    let model = std::fs::File::open(&args.model).map_err(Error::io(&args.model))?;
    hasher.update_reader(model).map_err(Error::io(&args.model))?;
    let excerpts = args.excerpts.map(|e| format!("{}x{}", e.count, e.seconds));
    let settings = [
        ("version", json!(env!("CARGO_PKG_VERSION"))),
        ("format", json!(format!("{:?}", args.format()).to_lowercase())),
        ("model", json!(hasher.finalize().to_hex().as_str())),
        ("vote", json!(format!("{:?}", args.vote).to_lowercase())),
        ("segments", json!(args.segments)),
        ("excerpts", json!(excerpts)),
        ("top", json!(args.top)),
    ];
    Ok(settings.map(|(name, value)| (name.to_owned(), value)).into_iter().collect())
}

/// How far a stopped run came, and how to go on.
fn stopped(args: &ClassifyArgs, decided: usize) -> String {
    let files = format!("stopped after {}", count(decided, "file"));
    let lines = matches!(args.format(), Format::Csv | Format::Jsonl);
    match &args.output {
        Some(_) if lines => format!("{files}; the same command with --resume goes on from here"),
        Some(output) => format!("{files}, which are in {}", path_text(&sink::part(output))),
        None if lines => format!("{files}; with --output FILE, --resume could go on from here"),
        None => files,
    }
}
