//! Reports progress on standard error: bars on a terminal, messages everywhere.

use std::collections::BTreeSet;
use std::io::{Write, stderr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use duotone::io::SkippedFile;
use duotone::model::EpochRecord;
use duotone::{Event, Observer};
use indicatif::{ProgressBar, ProgressState, ProgressStyle};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag;

use crate::exit::{Failure, with_flags};
use crate::output::{self, decimal, percent};

/// Messages and progress bars on standard error, and the user's request to stop.
pub(crate) struct Console {
    quiet: bool,
    verbose: bool,
    stop: Arc<AtomicBool>,
    stop_reported: AtomicBool,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    bar: Option<ProgressBar>,
    files: usize,
    run: String,
    epoch: usize,
    epochs: usize,
    /// Paths and reasons. One list may have several bad lines.
    skipped_files: BTreeSet<(PathBuf, String)>,
}

impl Console {
    /// `quiet` suppresses everything but results, errors and skipped files. `verbose` adds every
    /// epoch.
    pub(crate) fn new(quiet: bool, verbose: bool) -> Self {
        Self {
            quiet,
            verbose,
            stop: Arc::default(),
            stop_reported: AtomicBool::new(false),
            state: Mutex::default(),
        }
    }

    /// From now on the first Ctrl-C (or SIGTERM) requests a clean stop, and the second ends the
    /// process.
    pub(crate) fn watch_signals(&self) -> Result<(), Failure> {
        let watch = |signal| {
            flag::register_conditional_shutdown(signal, 130, Arc::clone(&self.stop))?;
            flag::register(signal, Arc::clone(&self.stop))
        };
        for signal in [SIGINT, SIGTERM] {
            watch(signal).map_err(|e| Failure::Work(format!("signals: {e}")))?;
        }
        Ok(())
    }

    /// Whether only results, errors and skipped files are printed.
    pub(crate) fn is_quiet(&self) -> bool {
        self.quiet
    }

    /// Requests a stop without printing a message.
    pub(crate) fn request_stop(&self) {
        self.stop_reported.store(true, Ordering::Relaxed);
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Prints a message unless the console is quiet.
    pub(crate) fn info(&self, message: &str) {
        if !self.quiet {
            self.print(message);
        }
    }

    /// Prints an error.
    pub(crate) fn error(&self, message: &str) {
        self.finish_bar();
        let lines: Vec<String> = message.lines().map(output::shown).collect();
        self.print(&format!("error: {}", lines.join("\n")));
    }

    /// Prints a warning about work that continues.
    pub(crate) fn warn(&self, message: &str) {
        self.print(&format!("warning: {}", output::shown(message)));
    }

    /// Records a file that could not be used, once.
    pub(crate) fn skip(&self, file: SkippedFile) {
        self.state().skipped_files.insert((file.path, file.error));
    }

    /// Lists the files that were skipped, with reasons. Returns their number.
    pub(crate) fn list_skipped_files(&self) -> usize {
        self.finish_bar();
        let files = std::mem::take(&mut self.state().skipped_files);
        if !files.is_empty() {
            let noun = if files.len() == 1 { "file was" } else { "files were" };
            self.print(&format!("{} {noun} skipped:", files.len()));
        }
        for (path, reason) in &files {
            let path = output::shown_path(path);
            self.print(&format!("  {path}: {reason}"));
        }
        files.len()
    }

    /// Removes the progress bar of a finished stage.
    pub(crate) fn finish_bar(&self) {
        if let Some(bar) = self.state().bar.take() {
            bar.finish_and_clear();
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Prints one line. Errors writing to standard error are ignored.
    fn print(&self, line: &str) {
        let bar = self.state().bar.clone();
        let write = || {
            let _ = writeln!(stderr(), "{line}");
        };
        match bar {
            Some(bar) => bar.suspend(write),
            None => write(),
        }
    }

    /// Shows a new bar instead of the previous one. Bars hide themselves if standard error is not a
    /// terminal.
    fn start_bar(&self, template: &str, unit: &'static str, length: usize) {
        self.finish_bar();
        if self.quiet {
            return;
        }
        let style = ProgressStyle::with_template(template)
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .with_key("rate", move |state: &ProgressState, out: &mut dyn std::fmt::Write| {
                let _ = write!(out, "{:.0}{unit}/s", state.per_sec());
            })
            .progress_chars("━╸─");
        self.state().bar = Some(ProgressBar::new(length as u64).with_style(style));
    }

    /// Counts finished files. Several threads report them, possibly out of order.
    fn file_done(&self, template: &str, total: usize) {
        if self.state().files == 0 {
            self.start_bar(template, " files", total);
        }
        let mut state = self.state();
        state.files += 1;
        if let Some(bar) = &state.bar {
            bar.set_position(state.files as u64);
        }
        if state.files >= total {
            state.files = 0;
            drop(state);
            self.finish_bar();
        }
    }

    /// One more piece of the demo is written.
    pub(crate) fn composed(&self, total: usize) {
        self.file_done(COMPOSING, total);
    }

    /// The tags of one more file are written.
    pub(crate) fn tagged(&self, total: usize) {
        self.file_done(TAGGING, total);
    }

    fn run_started(&self, name: &str, done: usize, epochs: usize) {
        self.start_bar(TRAINING, "", 0);
        let mut state = self.state();
        (state.run, state.epoch, state.epochs) = (name.to_owned(), done, epochs);
        if let Some(bar) = &state.bar {
            bar.set_prefix(output::shortened(name, NAME));
        }
    }

    fn step(&self, done: usize, total: usize) {
        let state = self.state();
        let Some(bar) = &state.bar else { return };
        let position = (state.epoch * total + done) as u64;
        if bar.length() == Some(0) {
            // Epochs of an earlier run must not count towards the estimate of this run's speed.
            bar.set_length((state.epochs * total) as u64);
            bar.set_position(position);
            bar.reset_eta();
            bar.set_message(format!("epoch {}/{}", state.epoch + 1, state.epochs));
        }
        bar.set_position(position);
    }

    fn epoch(&self, record: &EpochRecord) {
        let mut state = self.state();
        state.epoch = record.epoch;
        let line = format!("epoch {} of {}: {}", record.epoch, state.epochs, progress(record));
        if let Some(bar) = &state.bar {
            bar.set_message(brief(record, state.epochs));
        }
        let run = state.run.clone();
        drop(state);
        if self.verbose {
            self.info(&format!("{run}, {line}"));
        }
    }
}

const READING: &str = "reading {wide_bar} {pos} of {len} files, {rate}, {eta} left";
const DEFORMING: &str = "deformed {wide_bar} {pos} of {len} files, {rate}, {eta} left";
const COMPOSING: &str = "composing {wide_bar} {pos} of {len} pieces, {eta} left";
const TAGGING: &str = "tagging {wide_bar} {pos} of {len} files, {rate}, {eta} left";
/// If the line does not fit, the message is cut.
const TRAINING: &str = "{prefix} {bar:8} {wide_msg} {rate}, {eta} left";
/// Width of a run's name in front of its bar.
const NAME: usize = 22;

/// Formats an epoch in full.
fn progress(record: &EpochRecord) -> String {
    let accuracy = percent(record.accuracy);
    let mut text = format!("loss {}, accuracy {accuracy}", decimal(record.loss, 4));
    if let (Some(loss), Some(accuracy)) = (record.validation_loss, record.validation_accuracy) {
        text += &format!(" (held out: {}, {})", decimal(loss, 4), percent(accuracy));
    }
    text
}

/// Formats an epoch for the progress bar.
fn brief(record: &EpochRecord, epochs: usize) -> String {
    let (what, share) = match record.validation_accuracy {
        Some(share) => ("held out ", share),
        None => ("", record.accuracy),
    };
    let loss = decimal(record.loss, 2);
    format!("epoch {}/{epochs}, loss {loss}, {what}{}", record.epoch, percent(share))
}

impl Observer for Console {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Extracted { total, .. } => self.file_done(READING, total),
            Event::SkippedFile(file) => self.skip(file.clone()),
            Event::Warning(message) => self.info(&format!("warning: {}", with_flags(message))),
            Event::Info(message) => self.info(message),
            Event::RunStarted { name, done, epochs } => self.run_started(name, done, epochs),
            Event::Step { done, total } => self.step(done, total),
            Event::Epoch(record) => self.epoch(record),
            Event::RunEnded => self.finish_bar(),
            Event::Deformed { total, .. } => self.file_done(DEFORMING, total),
            _ => {}
        }
    }

    fn stop(&self) -> bool {
        let stop = self.stop.load(Ordering::Relaxed);
        if stop && !self.stop_reported.swap(true, Ordering::Relaxed) {
            self.info("stopping cleanly; press Ctrl-C again to stop at once");
        }
        stop
    }
}
