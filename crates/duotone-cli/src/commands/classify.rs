use std::path::PathBuf;

use duotone::{Classifier, ClassifyOptions, Error, Model};

use super::finish;
use crate::args::ClassifyArgs;
use crate::decisions::Decisions;
use crate::exit::{Done, Failure};
use crate::paths;
use crate::progress::Console;

pub(super) fn run(args: ClassifyArgs, console: &Console) -> Result<Done, Failure> {
    let device = args.device.open(console)?;
    let classifier = Classifier::on(&device, Model::load(&args.model)?)?;
    let files: Vec<PathBuf> = paths::expand(&args.paths, console)?;
    if files.is_empty() {
        let named: Vec<String> = args.paths.iter().map(|p| p.display().to_string()).collect();
        return Err(Failure::Work(format!("{}: no audio files there", named.join(", "))));
    }
    console.watch_signals()?;
    let options = ClassifyOptions {
        vote: args.vote.into(),
        segments: args.segments,
        excerpts: args.excerpts,
    };
    let labels = classifier.card().labels.iter().map(|label| label.name.clone()).collect();
    let mut decisions = Decisions::new(args.format, labels, args.segments, args.top);
    let mut decided = 0;
    let mut written = decisions.begin();
    let worked = classifier.classify_many(&files, &options, console, |result| match result {
        Ok(decision) => {
            decided += 1;
            if written.is_ok() {
                written = decisions.add(decision);
            }
            if written.is_err() {
                console.request_stop();
            }
        }
        Err(file) => console.leave_out(file),
    });
    // Nobody reads on, or the disk is full: that is the reason, the stop only follows from it.
    written?;
    match worked {
        // What is decided is shown all the same.
        Err(Error::Interrupted) => {
            console.finish_bar();
            decisions.end()?;
            return Err(Failure::Stopped(format!("stopped after {decided} files")));
        }
        other => other?,
    }
    console.finish_bar();
    decisions.end()?;
    let done = finish(console);
    if decided == 0 {
        return Err(Failure::Work("no file could be classified".into()));
    }
    Ok(done)
}
