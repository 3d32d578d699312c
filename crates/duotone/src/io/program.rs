//! Runs an untrusted program, with a time limit, in its own process group, with a bounded log.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use crate::error::Error;

/// Longest interval between checks of a running program. The first ones are shorter, for programs that take
/// only milliseconds.
const POLL_INTERVAL: Duration = Duration::from_millis(20);
/// Bytes kept of a log's start, and of its end.
const LOG_PART: usize = 512 << 10;
/// How long to wait for the remaining output of a killed program.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(5);

/// How a program ended.
#[derive(Clone, Debug, PartialEq)]
pub struct Ended {
    /// Why it counts as failed; `None` if it exited with code 0.
    pub failure: Option<String>,
    /// Whether there is no such program.
    pub missing: bool,
    /// How long it ran.
    pub seconds: f64,
}

/// Runs a command in a folder, with standard output and standard error going to a log, until it ends, the
/// time limit is reached or `stop` returns true. When it ends, or this process does, all processes of its
/// process group are killed.
///
/// # Errors
/// [`Error::Interrupted`] if `stop` returned true; [`Error::Io`] if the log cannot be
/// written.
pub fn run(
    words: &[OsString],
    folder: &Path,
    limit: Duration,
    log: &Path,
    stop: &dyn Fn() -> bool,
) -> Result<Ended, Error> {
    let begun = Instant::now();
    let ended = |failure: Option<String>| {
        Ok(Ended { failure, missing: false, seconds: begun.elapsed().as_secs_f64() })
    };
    let [program, arguments @ ..] = words else { return ended(Some("no command".into())) };
    let (reader, writer) = io::pipe().map_err(Error::io(log))?;
    let mut command = Command::new(place(program, folder));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.stdout(writer.try_clone().map_err(Error::io(log))?).stderr(writer);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let said = listen(reader, File::create(log).map_err(Error::io(log))?);
    let child = command.spawn();
    // It holds the pipe's other end, for which the listener would wait.
    drop(command);
    let mut child = match child {
        Ok(child) => child,
        Err(e) => {
            let failure = format!("cannot be started: {}: {e}", program.to_string_lossy());
            let missing = e.kind() == io::ErrorKind::NotFound;
            return Ok(Ended { missing, ..ended(Some(failure))? });
        }
    };
    #[cfg(unix)]
    let _watch = watch(&child);
    let mut late = false;
    let mut interval = Duration::from_millis(1);
    while !is_over(&mut child).map_err(Error::io(log))? && !stop() && !late {
        std::thread::sleep(interval);
        interval = POLL_INTERVAL.min(2 * interval);
        late = begun.elapsed() >= limit;
    }
    let stopped = !is_over(&mut child).map_err(Error::io(log))?;
    kill(&mut child);
    let status = child.wait().map_err(Error::io(log))?;
    let heard = said.recv_timeout(DRAIN_TIMEOUT);
    match (stopped, late) {
        (true, false) => Err(Error::Interrupted),
        (true, true) => ended(Some(format!("stopped at its time limit of {} s", limit.as_secs()))),
        _ => {
            heard.unwrap_or(Ok(())).map_err(Error::io(log))?;
            ended(failure(status))
        }
    }
}

/// Resolves a program: a path is relative to the folder that it runs in; a plain name is searched in
/// `PATH`.
fn place(program: &OsString, folder: &Path) -> PathBuf {
    let path = Path::new(program);
    if path.components().count() > 1 { folder.join(path) } else { path.into() }
}

fn failure(status: ExitStatus) -> Option<String> {
    #[cfg(unix)]
    if let Some(signal) = std::os::unix::process::ExitStatusExt::signal(&status) {
        return Some(format!("killed by signal {signal}"));
    }
    match status.code() {
        Some(0) => None,
        Some(code) => Some(format!("ended with exit code {code}")),
        None => Some("ended without an exit code".into()),
    }
}

/// Returns whether the program has ended, without reaping it, so that its process id, which is also
/// its group's, is not reused.
#[cfg(unix)]
fn is_over(child: &mut Child) -> io::Result<bool> {
    use rustix::process::{Pid, WaitId, WaitIdOptions, waitid};
    let options = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT | WaitIdOptions::NOHANG;
    match waitid(WaitId::Pid(Pid::from_child(child)), options) {
        Ok(status) => Ok(status.is_some()),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(e) => Err(e.into()),
    }
}

#[cfg(not(unix))]
fn is_over(child: &mut Child) -> io::Result<bool> {
    Ok(child.try_wait()?.is_some())
}

/// Kills the group if this process is killed: a shell in the group waits until a pipe is closed whose
/// other end only this process holds. Without a shell, the program runs unguarded.
#[cfg(unix)]
fn watch(child: &Child) -> Option<io::PipeWriter> {
    let (reader, writer) = io::pipe().ok()?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "read -r _; kill -KILL 0"]).stdin(reader);
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut shell, child.id().cast_signed());
    let mut shell = shell.spawn().ok()?;
    // It ends with the group, and must be reaped.
    std::thread::spawn(move || shell.wait());
    Some(writer)
}

/// Kills the program and its group.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        // Fails only if no process is left.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
}

/// Copies a pipe to a file: the start immediately, the end when the pipe is closed.
fn listen(mut pipe: PipeReader, mut log: File) -> Receiver<io::Result<()>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut room = LOG_PART;
        let mut end: VecDeque<u8> = VecDeque::new();
        let mut omitted = 0_u64;
        let mut buffer = vec![0; 64 << 10];
        let mut written = Ok(());
        loop {
            let bytes = match pipe.read(&mut buffer) {
                Ok(0) => break,
                Ok(n) => &buffer[..n],
                Err(e) if e.kind() == io::ErrorKind::Interrupted => continue,
                Err(_) => break,
            };
            let (now, later) = bytes.split_at(bytes.len().min(room));
            room -= now.len();
            // Keep reading even if the disk is full, or the program would block.
            written = written.and_then(|()| log.write_all(now));
            end.extend(later);
            let over = end.len().saturating_sub(LOG_PART);
            end.drain(..over);
            omitted += over as u64;
        }
        if omitted > 0 {
            let note = format!("\n[… {omitted} bytes omitted …]\n");
            written = written.and_then(|()| log.write_all(note.as_bytes()));
        }
        written = written.and_then(|()| log.write_all(end.make_contiguous()));
        let _ = sender.send(written);
    });
    receiver
}

#[cfg(test)]
#[cfg(unix)]
mod tests;
