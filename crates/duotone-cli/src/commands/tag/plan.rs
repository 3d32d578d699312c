use std::path::{Path, PathBuf};

use duotone::classify::ClassifyOptions;
use duotone::io::SkippedFile;
use duotone::{Classifier, Error, path_text};
use duotone_tags::{Decision, Field, Header, Line, Plan, PlannedFile, Rules, TagError};

use super::{show, skipped};
use crate::args::{ClassifyingArgs, PlanArgs, RulesArgs, TagArgs};
use crate::commands::{file_digest, finish, load_model, no_audio, report_ignored};
use crate::exit::{Done, Failure};
use crate::output::{self, count};
use crate::paths::{self, Files};
use crate::progress::Console;
use crate::sink::{self, Part, Sink};

pub(super) fn run(args: &PlanArgs, console: &Console) -> Result<Done, Failure> {
    output::check_file(&args.output)?;
    let planner = Planner::new(&args.model, &args.paths, &args.rules, &args.classifying, console)?;
    for path in [args.output.clone(), sink::part(&args.output)] {
        let inputs = args.paths.iter().chain([&args.model]).chain(&args.rules.map);
        duotone::io::refuse_inputs(&path, inputs.chain(&planner.files))?;
        duotone::io::refuse_other_kind(&path, "plan", duotone_tags::looks_like_a_plan)?;
    }
    let mut part = Part::open(&args.output)?;
    part.cut(0)?;
    let mut sink = Sink::File(part);
    let name = path_text(&args.output);
    let mut planned = Counts::default();
    let worked = planner.each(console, &mut |line| {
        planned.add(&line);
        let text = line.text().map_err(|error| Failure::of_tags(&args.output, &error))?;
        sink.put(&text)
    });
    if let Err(Failure::Stopped(_)) = worked {
        let part = sink::part(&args.output);
        let files = count(planned.files, "file");
        let text = format!("stopped after {files}, which are in {}", path_text(&part));
        return Err(Failure::Stopped(text));
    }
    worked?;
    sink.finish()?;
    let done = finish(console);
    if planned.files == 0 {
        return Err(Failure::Work("no file could be planned".into()));
    }
    console.info(&format!("{name}: {}", planned.text()));
    Ok(done)
}

/// Plans and shows, without a file.
pub(super) fn dry_run(args: &TagArgs, console: &Console) -> Result<Done, Failure> {
    let Some(model) = args.model.as_ref().filter(|_| !args.paths.is_empty()) else {
        let reason = "name a model and audio files, as in `duotone tag MODEL PATH`, or a step: plan, \
                      show, apply, undo, history";
        return Err(Failure::Usage(reason.into()));
    };
    let planner = Planner::new(model, &args.paths, &args.rules, &args.classifying, console)?;
    let header = planner.header.clone();
    let mut plan = Plan { header, files: Vec::new(), skipped: Vec::new(), digest: String::new() };
    let mut planned = Counts::default();
    planner.each(console, &mut |line| {
        planned.add(&line);
        if let Line::File(file) = line {
            plan.files.push(file);
        }
        Ok(())
    })?;
    output::print(&show::table(&plan))?;
    let done = finish(console);
    if planned.files == 0 {
        return Err(Failure::Work("no file could be planned".into()));
    }
    let text = planned.text();
    console.info(&format!("{text}; nothing was written (see `duotone tag plan --help`)"));
    Ok(done)
}

#[derive(Default)]
struct Counts {
    files: usize,
    changed: usize,
}

impl Counts {
    fn add(&mut self, line: &Line) {
        if let Line::File(file) = line {
            self.files += 1;
            self.changed += usize::from(!file.changes.is_empty());
        }
    }

    fn text(&self) -> String {
        format!("{} of {} would change", self.changed, count(self.files, "file"))
    }
}

struct Planner {
    header: Header,
    classifier: Classifier,
    options: ClassifyOptions,
    files: Vec<PathBuf>,
    skipped_files: Vec<SkippedFile>,
}

impl Planner {
    fn new(
        model: &Path,
        paths: &[PathBuf],
        rules: &RulesArgs,
        classifying: &ClassifyingArgs,
        console: &Console,
    ) -> Result<Self, Failure> {
        let device = classifying.device.open(console)?;
        let classifier = Classifier::on(&device, load_model(model, "tag")?)?;
        let labels = classifier.card().labels.iter().map(|label| &*label.name).collect::<Vec<_>>();
        let rules = read_rules(rules, &labels)?;
        let header = Header::new(path_text(model).into_owned(), file_digest(model)?, rules);
        let Files { files, skipped_files, side_files, repeated } = paths::expand(paths, false)?;
        report_ignored(side_files, repeated, "classified", console);
        if files.is_empty() {
            skipped_files.into_iter().for_each(|file| console.skip(file));
            console.list_skipped_files();
            return Err(no_audio(paths));
        }
        console.watch_signals()?;
        let options = ClassifyOptions::default()
            .with_excerpts(classifying.excerpts)
            .with_unknown_above_risk(classifying.unknown_above_risk);
        Ok(Self { header, classifier, options, files, skipped_files })
    }

    /// Plans each file, and passes the lines of the plan on.
    fn each(
        self,
        console: &Console,
        put: &mut (dyn FnMut(Line) -> Result<(), Failure> + Send),
    ) -> Result<(), Failure> {
        put(Line::Plan(self.header.clone()))?;
        for file in self.skipped_files {
            put(skipped_line(&file))?;
            console.skip(file);
        }
        let header = &self.header;
        let mut written = Ok(());
        let worked = self.classifier.classify_many(&self.files, &self.options, console, |result| {
            if written.is_ok() {
                let planned = result.and_then(|decision| {
                    let path = decision.path.clone();
                    planned(header, decision).map_err(|error| skipped(&path, &error))
                });
                written = put(match planned {
                    Ok(file) => Line::File(file),
                    Err(file) => {
                        let line = skipped_line(&file);
                        console.skip(file);
                        line
                    }
                });
            }
            if written.is_err() {
                console.request_stop();
            }
        });
        console.finish_bar();
        // A full disk is the cause of the stop, so it is reported first.
        written?;
        match worked {
            Err(Error::Interrupted) => Err(Failure::Stopped("stopped".into())),
            other => Ok(other?),
        }
    }
}

fn skipped_line(file: &SkippedFile) -> Line {
    let (path, error) = (file.path.clone(), file.error.clone());
    Line::Skipped(duotone_tags::SkippedFile { path, error })
}

fn planned(
    header: &Header,
    decision: duotone::classify::Decision,
) -> Result<PlannedFile, TagError> {
    let path = std::path::absolute(&decision.path)
        .map_err(|source| TagError::Io { action: "finding its path", source })?;
    let fields = header.rules.fields();
    let fields: Vec<&Field> = fields.iter().collect();
    let (stamp, present) = duotone_tags::inspect(&path, &fields)?;
    let duotone::classify::Decision { label, best_guess, probabilities, .. } = decision;
    let unknown = best_guess.is_some();
    let decision = Decision { label: best_guess.unwrap_or(label), probabilities, unknown };
    let probability = decision.probability();
    let proposal = header.rules.propose(&decision, &header.model_digest, &present);
    let (changes, reason) = (proposal.changes, proposal.reason);
    Ok(PlannedFile { path, stamp, label: decision.label, probability, changes, reason })
}

fn read_rules(args: &RulesArgs, labels: &[&str]) -> Result<Rules, Failure> {
    let map = match &args.map {
        None => Default::default(),
        Some(path) => {
            let text = std::fs::read_to_string(path).map_err(Error::io(path))?;
            duotone_tags::read_map(&text, &args.field)
                .map_err(|error| Failure::of_tags(path, &error))?
        }
    };
    if let (Some(path), Some(label)) =
        (&args.map, map.keys().find(|label| !labels.contains(&&***label)))
    {
        let path = path_text(path);
        let known = labels.join(", ");
        let reason = format!("{path}: the model has no label `{label}`; it has {known}");
        return Err(Failure::Work(reason));
    }
    Ok(Rules {
        field: args.field.clone(),
        when: args.when.into(),
        min_probability: args.min_probability,
        top: args.top,
        keep: args.keep.clone(),
        map,
        evidence: args.evidence,
    })
}
