//! Long work beside the interpreter: it runs on threads of its own without the interpreter's
//! lock, while the calling thread reports progress, issues warnings and looks for Ctrl-C.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use duotone::{Error, Event, Observer, path_text};
use pyo3::prelude::*;
use serde_json::{Value, json};

use crate::{convert, errors, threads};

/// How long Ctrl-C may wait.
const TICK: Duration = Duration::from_millis(50);

enum Message {
    /// For the progress callback.
    Event(Value),
    /// For a warning.
    Warning(String),
    End,
}

struct Watcher {
    /// Whether there is a progress callback.
    has_callback: bool,
    messages: Sender<Message>,
    stop: AtomicBool,
}

impl Observer for Watcher {
    fn event(&self, event: Event<'_>) {
        let value = match event {
            Event::Extracted { done, total, path } => {
                json!({ "kind": "file", "done": done, "total": total, "path": path_text(path) })
            }
            Event::SkippedFile(skipped) => {
                let path = path_text(&skipped.path);
                json!({ "kind": "skipped_file", "path": path, "error": skipped.error })
            }
            Event::Warning(text) => {
                let _ = self.messages.send(Message::Warning(text.to_owned()));
                json!({ "kind": "warning", "text": text })
            }
            Event::RunStarted { name, done, epochs } => {
                json!({ "kind": "run", "name": name, "done": done, "total": epochs })
            }
            Event::Epoch(record) => json!({ "kind": "epoch", "record": record }),
            Event::RunEnded => json!({ "kind": "run_end" }),
            _ => return,
        };
        if self.has_callback {
            let _ = self.messages.send(Message::Event(value));
        }
    }

    fn stop(&self) -> bool {
        self.stop.load(Ordering::Relaxed)
    }
}

/// Signals the waiting thread that the work is over, however it ended.
struct Ending(Sender<Message>);

impl Drop for Ending {
    fn drop(&mut self) {
        let _ = self.0.send(Message::End);
    }
}

/// Does `work` on `n_jobs` threads; `progress` is called with a dictionary for each event, and
/// warnings are issued as Python warnings. An exception in either, or Ctrl-C, stops the work and is raised.
pub(crate) fn watched<T: Send>(
    py: Python<'_>,
    n_jobs: Option<i64>,
    progress: Option<&Bound<'_, PyAny>>,
    work: impl FnOnce(&dyn Observer) -> Result<T, Error> + Send,
) -> PyResult<T> {
    let pool = threads::pool(n_jobs).map_err(|e| errors::settings(py, e))?;
    let (messages, receiver) = channel();
    let receiver = Mutex::new(receiver);
    let ending = Ending(messages.clone());
    let watcher =
        Watcher { has_callback: progress.is_some(), messages, stop: AtomicBool::new(false) };
    let mut problem = None;
    let outcome = std::thread::scope(|scope| {
        let worker = scope.spawn(|| {
            let _ending = ending;
            pool.install(|| work(&watcher))
        });
        let mut ended = false;
        while !ended {
            let arrived = py.detach(|| receive(&receiver));
            ended = arrived.iter().any(|message| matches!(message, Message::End));
            if problem.is_none() {
                problem = py.check_signals().and_then(|()| report(py, progress, arrived)).err();
                watcher.stop.store(problem.is_some(), Ordering::Relaxed);
            }
        }
        py.detach(|| worker.join())
    });
    match (problem, outcome) {
        (Some(problem), _) => Err(problem),
        (None, Ok(result)) => result.map_err(|e| errors::raise(py, &e)),
        (None, Err(_)) => Err(errors::settings(py, "duotone failed; this is a bug in it")),
    }
}

/// What arrived within a tick.
fn receive(receiver: &Mutex<Receiver<Message>>) -> Vec<Message> {
    let receiver = receiver.lock().unwrap_or_else(PoisonError::into_inner);
    let first = receiver.recv_timeout(TICK).ok();
    first.into_iter().chain(receiver.try_iter()).collect()
}

fn report(
    py: Python<'_>,
    progress: Option<&Bound<'_, PyAny>>,
    messages: Vec<Message>,
) -> PyResult<()> {
    for message in messages {
        match (message, progress) {
            (Message::Warning(text), _) => errors::warn(py, &text)?,
            (Message::Event(value), Some(progress)) => {
                progress.call1((convert::to_python(py, &value)?,))?;
            }
            _ => {}
        }
    }
    Ok(())
}
