//! Running a program that is not trusted to end: a time limit, its whole process group, a bounded
//! log.

use std::collections::VecDeque;
use std::ffi::OsString;
use std::fs::File;
use std::io::{self, PipeReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use duotone::{Error, Observer};

/// How often a running program is looked after.
const GLANCE: Duration = Duration::from_millis(20);
/// Bytes of a log's beginning, and of its end, that are kept.
const LOG_PART: usize = 512 << 10;
/// How long to wait for the last words of a program that was killed.
const LAST_WORDS: Duration = Duration::from_secs(5);

/// How a program ended.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Ended {
    /// Why it counts as failed, in words; `None` where it ended by itself with exit code 0.
    pub(super) failure: Option<String>,
    pub(super) seconds: f64,
}

/// Runs a command in a folder. What it says, on standard output and standard error, goes to a log.
/// When it ends, by itself or not, all that it started is ended, too, save what left its process
/// group.
///
/// # Errors
/// [`Error::Interrupted`] when the observer asks to stop; [`Error::Io`] where the log cannot be
/// written.
pub(super) fn run(
    words: &[OsString],
    folder: &Path,
    limit: Duration,
    log: &Path,
    observer: &dyn Observer,
) -> Result<Ended, Error> {
    let begun = Instant::now();
    let ended =
        |failure: Option<String>| Ok(Ended { failure, seconds: begun.elapsed().as_secs_f64() });
    let [program, arguments @ ..] = words else { return ended(Some("no command".into())) };
    let (reader, writer) = io::pipe().map_err(Error::io(log))?;
    let mut command = Command::new(place(program, folder));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    command.stdout(writer.try_clone().map_err(Error::io(log))?).stderr(writer);
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(&mut command, 0);
    let said = listen(reader, File::create(log).map_err(Error::io(log))?);
    let child = command.spawn();
    // It holds the pipe's other end, which would keep the listener waiting.
    drop(command);
    let mut child = match child {
        Ok(child) => child,
        Err(e) => {
            return ended(Some(format!("cannot be started: {}: {e}", program.to_string_lossy())));
        }
    };
    #[cfg(unix)]
    let _watch = watch(&child);
    let mut late = false;
    while !is_over(&mut child).map_err(Error::io(log))? && !observer.stop() && !late {
        std::thread::sleep(GLANCE);
        late = begun.elapsed() >= limit;
    }
    let stopped = !is_over(&mut child).map_err(Error::io(log))?;
    kill(&mut child);
    let status = child.wait().map_err(Error::io(log))?;
    let heard = said.recv_timeout(LAST_WORDS);
    match (stopped, late) {
        (true, false) => Err(Error::Interrupted),
        (true, true) => ended(Some(format!("stopped at its time limit of {} s", limit.as_secs()))),
        _ => {
            heard.unwrap_or(Ok(())).map_err(Error::io(log))?;
            ended(failure(status))
        }
    }
}

/// A path to a program is relative to the folder that it runs in, a mere name is looked for as
/// usual.
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

/// Whether the program has ended. It is not reaped yet, so that its number, which is that of its
/// group, is nobody else's.
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

/// Ends the group if this process is killed: a shell in it waits for the end of a pipe whose other
/// end is only here. Where it cannot be had, the program runs without.
#[cfg(unix)]
fn watch(child: &Child) -> Option<io::PipeWriter> {
    let (reader, writer) = io::pipe().ok()?;
    let mut shell = Command::new("/bin/sh");
    shell.args(["-c", "read -r _; kill -KILL 0"]).stdin(reader);
    shell.stdout(Stdio::null()).stderr(Stdio::null());
    std::os::unix::process::CommandExt::process_group(&mut shell, child.id().cast_signed());
    let mut shell = shell.spawn().ok()?;
    // It ends with the group; somebody has to see it off.
    std::thread::spawn(move || shell.wait());
    Some(writer)
}

/// Ends the program and all of its group.
fn kill(child: &mut Child) {
    #[cfg(unix)]
    {
        use rustix::process::{Pid, Signal, kill_process_group};
        // Fails only where nobody is left.
        let _ = kill_process_group(Pid::from_child(child), Signal::KILL);
    }
    let _ = child.kill();
}

/// Writes what comes through a pipe to a file: the beginning as it comes, then the end.
fn listen(mut pipe: PipeReader, mut log: File) -> Receiver<io::Result<()>> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        let mut room = LOG_PART;
        let mut end: VecDeque<u8> = VecDeque::new();
        let mut left_out = 0_u64;
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
            // A full disk must not stop the reading: the program would wait for ever.
            written = written.and_then(|()| log.write_all(now));
            end.extend(later);
            let over = end.len().saturating_sub(LOG_PART);
            end.drain(..over);
            left_out += over as u64;
        }
        if left_out > 0 {
            let note = format!("\n[… {left_out} bytes are left out here …]\n");
            written = written.and_then(|()| log.write_all(note.as_bytes()));
        }
        written = written.and_then(|()| log.write_all(end.make_contiguous()));
        let _ = sender.send(written);
    });
    receiver
}

#[cfg(all(test, unix))]
mod tests;
