//! An external program as a system of the evaluator.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use duotone::evaluate::{Attempt, CommandLine, Program, RunTime};
use duotone::io::program::{self, Ended};
use duotone::{Error, Observer};

use crate::check::check;
use crate::places::Places;
use crate::setup::{Setup, files_list, test_list, train_list};
use crate::task::{Commands, Task};
use crate::template::Template;

/// A program that takes part in a task.
pub(super) struct External<'a> {
    pub(super) task: &'a Task,
    pub(super) setup: &'a Setup,
    pub(super) places: &'a Places,
    pub(super) program: &'a Commands,
}

impl Program for External<'_> {
    fn name(&self) -> &str {
        &self.program.name
    }

    fn commands(&self) -> Vec<CommandLine> {
        let extract = self.program.extract.iter().map(|template| ("extract", template));
        let fold = self.program.fold.iter().map(|(step, template)| (*step, template));
        let line = |(step, template): (&str, &Template)| CommandLine {
            step: step.into(),
            line: template.to_string(),
        };
        extract.chain(fold).map(line).collect()
    }

    fn time_limit(&self) -> Duration {
        self.program.time_limit
    }

    fn extracts(&self) -> bool {
        self.program.extract.is_some()
    }

    fn has_extracted(&self) -> bool {
        self.places.features(self.name()).is_dir()
    }

    fn run(&self, fold: Option<usize>, observer: &dyn Observer) -> Result<Attempt, Error> {
        let mut attempt = Attempt::default();
        attempt.failure = match fold {
            Some(fold) => self.decide(fold, &mut attempt, observer)?,
            None => self.extract(&mut attempt, observer)?,
        };
        Ok(attempt)
    }
}

impl External<'_> {
    /// Runs `extract` for all files of the collection and stores the files that it wrote to its scratch
    /// folder. Returns the reason if it failed.
    fn extract(
        &self,
        attempt: &mut Attempt,
        observer: &dyn Observer,
    ) -> Result<Option<String>, Error> {
        let (scratch, kept) = (self.scratch(), self.places.features(self.name()));
        empty(&scratch)?;
        if let Some(template) = &self.program.extract
            && let Some(why) = self.call("extract", template, None, attempt, observer)?
        {
            return Ok(Some(why));
        }
        empty(&kept)?;
        copy(&scratch, &kept)?;
        Ok(None)
    }

    /// Trains and classifies in a scratch folder that contains the files of `extract` and nothing of
    /// another fold, and checks the output. Returns the reason if it failed.
    fn decide(
        &self,
        fold: usize,
        attempt: &mut Attempt,
        observer: &dyn Observer,
    ) -> Result<Option<String>, Error> {
        let output = self.output(fold);
        empty(&self.scratch())?;
        if self.program.extract.is_some() {
            copy(&self.places.features(self.name()), &self.scratch())?;
        }
        remove(&output)?;
        for (step, template) in &self.program.fold {
            if let Some(why) = self.call(step, template, Some(fold), attempt, observer)? {
                return Ok(Some(why));
            }
        }
        empty(&self.scratch())?;
        let tests: Vec<PathBuf> =
            self.setup.folds[fold].test.iter().map(|&i| self.setup.paths[i].clone()).collect();
        match check(&output, &tests, &self.setup.collection.labels) {
            Ok(checked) => (attempt.classes, attempt.notes) = (checked.classes, checked.notes),
            Err(reason) => return Ok(Some(reason)),
        }
        Ok(None)
    }

    /// Runs one command; returns the reason if it failed.
    fn call(
        &self,
        step: &str,
        template: &Template,
        fold: Option<usize>,
        attempt: &mut Attempt,
        observer: &dyn Observer,
    ) -> Result<Option<String>, Error> {
        let lists = self.places.lists();
        let number = fold.map(|fold| fold + 1);
        let log = match number {
            Some(number) => self.places.log(self.name(), &format!("fold{number}-{step}")),
            None => self.places.log(self.name(), step),
        };
        let value = |place: &str| -> OsString {
            let fold = fold.unwrap_or_default();
            match place {
                "scratch" => self.scratch(),
                "files" => files_list(&lists),
                "train" => train_list(&lists, fold),
                "test" => test_list(&lists, fold),
                _ => self.output(fold),
            }
            .into()
        };
        let words = template.fill(value);
        let limit = self.program.time_limit;
        let Ended { failure, seconds, .. } =
            program::run(&words, &self.task.folder, limit, &log, &|| observer.stop())?;
        attempt.times.push(RunTime {
            system: self.name().into(),
            fold: number,
            step: step.into(),
            seconds: Some(seconds),
        });
        Ok(failure.map(|reason| format!("{step}: {reason}")))
    }

    fn scratch(&self) -> PathBuf {
        self.places.scratch(self.name())
    }

    fn output(&self, fold: usize) -> PathBuf {
        self.places.output(self.name(), fold)
    }
}

/// Removes a file or folder, if it exists.
fn remove(path: &Path) -> Result<(), Error> {
    let removed = match fs::symlink_metadata(path) {
        Err(_) => return Ok(()),
        Ok(about) if about.is_dir() => fs::remove_dir_all(path),
        Ok(_) => fs::remove_file(path),
    };
    removed.map_err(Error::io(path))
}

/// Creates a folder, or empties it.
pub(super) fn empty(folder: &Path) -> Result<(), Error> {
    remove(folder)?;
    fs::create_dir_all(folder).map_err(Error::io(folder))
}

/// Copies the content of a folder. Links stay links; anything but files, folders and links is
/// skipped.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for entry in fs::read_dir(from).map_err(Error::io(from))? {
        let entry = entry.map_err(Error::io(from))?;
        let (path, copy_to) = (entry.path(), to.join(entry.file_name()));
        let kind = entry.file_type().map_err(Error::io(&path))?;
        if kind.is_dir() {
            fs::create_dir(&copy_to).map_err(Error::io(&copy_to))?;
            copy(&path, &copy_to)?;
        } else if kind.is_file() {
            fs::copy(&path, &copy_to).map_err(Error::io(&copy_to))?;
        }
        #[cfg(unix)]
        if kind.is_symlink() {
            let target = fs::read_link(&path).map_err(Error::io(&path))?;
            std::os::unix::fs::symlink(target, &copy_to).map_err(Error::io(&copy_to))?;
        }
    }
    Ok(())
}
