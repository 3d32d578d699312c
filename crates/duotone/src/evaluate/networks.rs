//! Network systems, one fold at a time.

use std::path::PathBuf;
use std::time::Instant;

use crate::classify::predictor::Outcome;
use crate::error::Error;
use crate::evaluate::deformations::DeformedTest;
use crate::evaluate::fold::{FoldRun, fold_of};
use crate::evaluate::job::{NetworkSystem, no_architecture};
use crate::evaluate::pool::Fold;
use crate::evaluate::record::{FoldRecord, Spec, Tested, Wanted};
use crate::evaluate::run::Evaluator;
use crate::evaluate::{FoldResult, RunTime};
use crate::features::segments::LabelledClip;
use crate::model::ModelSpec;
use crate::plural::plural;
use crate::progress::{Event, Observer};
use crate::train::run::TrainingRun;

/// The clips that one network is trained on in one fold.
struct Parts<'a> {
    name: String,
    train: Vec<LabelledClip<'a>>,
    held_out: Vec<LabelledClip<'a>>,
    checkpoint: Option<PathBuf>,
}

impl Evaluator<'_> {
    /// Returns the stored record of a network's fold when resuming; otherwise runs the fold and stores
    /// its record.
    pub(super) fn network_fold(
        &self,
        system: &NetworkSystem,
        repeat: usize,
        index: usize,
    ) -> Result<(FoldRecord, bool), Error> {
        let Some(data) = &self.clips.data else {
            return Err(no_architecture());
        };
        let fold = index + 1;
        let readable = |clips: Vec<usize>| self.clips.all_readable(&clips);
        let test = readable(self.split.tested(index));
        let rest = data.sounding(readable(self.split.learnt(index)));
        let (train, held_out) = match data.sounding(readable(self.split.valid())) {
            valid if valid.is_empty() => data.hold_out(&rest, &system.settings)?,
            valid => (rest, valid),
        };
        if train.is_empty() && !self.is_contest() {
            let reason = format!("every file to train on in fold {fold} is silent");
            return Err(Error::Split(reason));
        }
        let front_ends = self.clips.front_ends(system);
        let several = system.candidates.len() > 1;
        let seed = system.settings.seed;
        let stem = |name: &str| match repeat {
            0 => format!("{name}-fold{fold}"),
            _ => format!("{name}-seed{seed}-fold{fold}"),
        };
        let parts = |(recipe, front_end): (&ModelSpec, _)| {
            let name = if several { &recipe.name } else { &system.name };
            let repeat = match self.job.repeats {
                1 => String::new(),
                _ => format!(", seed {seed}"),
            };
            Parts {
                name: format!("{name}{repeat}, {}", fold_of(fold, self.split.folds)),
                train: data.labelled_clips(front_end, &train),
                held_out: data.labelled_clips(front_end, &held_out),
                checkpoint: self.file(&format!("{}.checkpoint", stem(name))),
            }
        };
        let parts: Vec<Parts<'_>> = system.candidates.iter().zip(&front_ends).map(parts).collect();
        let run = |((recipe, front_end), parts)| {
            let Parts { name, train, held_out, checkpoint }: &Parts<'_> = parts;
            TrainingRun {
                name,
                recipe,
                front_end,
                labels: &data.collection.labels,
                settings: &system.settings,
                train,
                held_out,
                device: &self.job.device,
                checkpoint: checkpoint.as_deref(),
                resume: self.job.resume,
                embeddings: &self.embeddings,
            }
        };
        let mut run = FoldRun {
            runs: system.candidates.iter().zip(&front_ends).zip(&parts).map(run).collect(),
            fold,
            tests: front_ends.iter().map(|f| data.labelled_clips(f, &test)).collect(),
            vote: system.vote,
            deformed: DeformedTest {
                tester: &self.tester,
                paths: test.iter().map(|&i| data.collection.items[i].path.as_path()).collect(),
            },
        };
        let wanted = Wanted {
            spec: Spec::Network(Box::new(run.spec())),
            fold,
            clips: test.len(),
            classes: data.collection.labels.len(),
            time_limit: system.time_limit.map(|limit| limit.as_secs()),
        };
        let name = if several { "selected" } else { &system.name };
        let file = self.file(&format!("{}.json", stem(name)));
        if let Some(file) = file.as_deref().filter(|_| self.job.resume)
            && let Some(record) = wanted.kept(file, self.job.rules)?
        {
            // Left by a run that was killed right after it wrote the outcome.
            run.remove_checkpoints()?;
            return Ok((record, true));
        }
        let record = match self.is_contest() {
            true => self.contested(system, &mut run, wanted)?,
            false => wanted.record(run.outcome(self.observer)?, Vec::new()),
        };
        if let Some(file) = file {
            record.write(&file)?;
        }
        // Until now, the checkpoints of finished candidates were needed to resume.
        run.remove_checkpoints()?;
        Ok((record, false))
    }

    /// Runs a fold within its time limit; any error is recorded as a failure of the system.
    fn contested(
        &self,
        system: &NetworkSystem,
        run: &mut FoldRun<'_>,
        wanted: Wanted,
    ) -> Result<FoldRecord, Error> {
        let begun = Instant::now();
        let (train, test) = (run.runs.first().map_or(0, |run| run.train.len()), wanted.clips);
        let failed = |wanted: Wanted, reason: String, times| {
            let result = FoldResult::empty(wanted.fold, train, test);
            let result = FoldResult { failure: Some(reason), ..result };
            wanted.record(Tested::of(result, Vec::new()), times)
        };
        if train == 0 {
            let reason = "none of the files to train on can be read, or all are silent";
            return Ok(failed(wanted, reason.into(), Vec::new()));
        }
        let checkpoints = || run.runs.iter().filter_map(|run| run.checkpoint);
        let resumed = self.job.resume && checkpoints().any(|path| path.exists());
        let end = system.time_limit.and_then(|limit| begun.checked_add(limit));
        let deadline = Deadline { observer: self.observer, end };
        let outcome = match run.outcome(&deadline) {
            // The checkpoint belongs to another run, or is damaged.
            Err(Error::OtherRun { .. } | Error::File { .. }) if resumed => {
                run.runs.iter_mut().for_each(|run| run.resume = false);
                run.outcome(&deadline)
            }
            other => other,
        };
        let seconds = (!resumed).then(|| begun.elapsed().as_secs_f64());
        let (system_name, step) = (system.name.clone(), "train-classify".into());
        let fold = Some(wanted.fold);
        let times = vec![RunTime { system: system_name, fold, step, seconds }];
        match outcome {
            Ok(outcome) => Ok(wanted.record(outcome, times)),
            Err(Error::Interrupted) if !self.observer.stop() => {
                let seconds = system.time_limit.unwrap_or_default().as_secs();
                let reason = format!("stopped at its time limit of {seconds} s");
                Ok(failed(wanted, reason, times))
            }
            Err(error @ (Error::Interrupted | Error::Io { .. })) => Err(error),
            Err(error) => Ok(failed(wanted, error.to_string(), times)),
        }
    }

    /// Returns a network's decisions, with a guess for each test clip that could not be read.
    pub(super) fn complete(
        &self,
        system: &NetworkSystem,
        index: usize,
        mut record: FoldRecord,
    ) -> Fold {
        let seed = (self.job.repeats > 1).then_some(system.settings.seed);
        let test = self.split.tested(index);
        let completed = self.is_contest() && record.result.failure.is_none();
        let Some(data) = self.clips.data.as_ref().filter(|_| completed) else {
            return Fold { test, seed, record };
        };
        let labels = &self.clips.collection.labels;
        let guess = self.clips.most_frequent(&self.split.learnt(index));
        let mut decided = record.clips.into_iter();
        let mut clips = Vec::with_capacity(test.len());
        let mut guessed = 0;
        for &clip in &test {
            let own = self.clips.readable(clip).and_then(|_| decided.next());
            guessed += usize::from(own.is_none());
            clips.push(own.unwrap_or_else(|| Outcome {
                winner: guess,
                probabilities: Vec::new(),
                segments: Vec::new(),
            }));
        }
        if guessed > 0 {
            let files = plural(guessed, "file");
            let note = format!("{files} could not be read and got the label `{}`", labels[guess]);
            record.result.notes.push(note);
        }
        record.result.notes.extend(data.file_notes(self.clips.all_readable(&test)));
        record.result.test_clips = test.len();
        record.clips = clips;
        Fold { test, seed, record }
    }
}

/// Forwards all events, and requests a stop at the deadline.
struct Deadline<'a> {
    observer: &'a dyn Observer,
    end: Option<Instant>,
}

impl Observer for Deadline<'_> {
    fn event(&self, event: Event<'_>) {
        self.observer.event(event);
    }

    fn stop(&self) -> bool {
        self.observer.stop() || self.end.is_some_and(|end| Instant::now() >= end)
    }
}
