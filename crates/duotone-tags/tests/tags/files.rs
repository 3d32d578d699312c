//! Files on the disk: what is replaced, what is kept, what is left alone.

use std::fs::{self, Permissions};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use duotone_tags::{Done, Field, Journal, Plan, Record, apply, undo};
use tempfile::TempDir;

use crate::fixtures::{audio, changes, one, plan, values};

type Results = Vec<(PathBuf, Result<Done, String>)>;

fn run(plan: &Plan, journal: &Path, keep_times: bool) -> Results {
    let mut results = Vec::new();
    apply(plan, "plan.jsonl", journal, keep_times, &|| false, |path, done| {
        results.push((path.to_owned(), done.map_err(|e| e.to_string())));
    })
    .unwrap();
    results
}

fn run_undo(journal: &Path) -> Results {
    let mut results = Vec::new();
    undo(journal, &|| false, |path, done| {
        results.push((path.to_owned(), done.map_err(|e| e.to_string())));
    })
    .unwrap();
    results
}

/// A folder of files of every format, with an old time of modification.
fn folder() -> (TempDir, Vec<PathBuf>) {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = Vec::new();
    for (name, bytes) in audio() {
        let path = folder.path().join(name);
        fs::write(&path, bytes).unwrap();
        let time = SystemTime::UNIX_EPOCH + Duration::from_millis(1_234_567_890_123);
        fs::File::options().write(true).open(&path).unwrap().set_modified(time).unwrap();
        paths.push(path);
    }
    (folder, paths)
}

/// Names that neither a music library nor a journal has.
fn leftovers(folder: &Path) -> usize {
    let names = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name());
    names.filter(|name| name.to_string_lossy().contains("partial")).count()
}

#[test]
fn undo_restores_every_byte_and_time() {
    let (folder, paths) = folder();
    let before: Vec<_> = paths.iter().map(|path| fs::read(path).unwrap()).collect();
    let journal = folder.path().join("journal.jsonl");
    let plan = plan(&paths, &changes());
    assert!(plan.files.len() > 60);
    let results = run(&plan, &journal, false);
    assert!(results.iter().all(|(_, done)| *done == Ok(Done::Now)), "{results:?}");
    for file in &plan.files {
        let bytes = fs::read(&file.path).unwrap();
        assert_eq!(values(&bytes, &Field::Genre), ["Electronic", "Techno"]);
        assert_ne!(fs::metadata(&file.path).unwrap().mtime(), 1_234_567_890);
    }
    // Applying it again changes nothing.
    let again = run(&plan, &journal, false);
    assert!(again.iter().all(|(_, done)| *done == Ok(Done::Before)), "{again:?}");
    let summary = Journal::open(&journal).unwrap().summary().unwrap();
    assert_eq!((summary.written, summary.pending), (plan.files.len(), plan.files.len()));

    let results = run_undo(&journal);
    assert!(results.iter().all(|(_, done)| *done == Ok(Done::Now)), "{results:?}");
    for (path, before) in paths.iter().zip(&before) {
        assert!(fs::read(path).unwrap() == *before, "{}", path.display());
        let about = fs::metadata(path).unwrap();
        assert_eq!((about.mtime(), about.mtime_nsec()), (1_234_567_890, 123_000_000));
    }
    assert!(run_undo(&journal).iter().all(|(_, done)| *done == Ok(Done::Before)));
    assert_eq!(Journal::open(&journal).unwrap().summary().unwrap().pending, 0);
    // And applied once more, with the same plan.
    assert!(run(&plan, &journal, true).iter().all(|(_, done)| *done == Ok(Done::Now)));
    assert_eq!(fs::metadata(&plan.files[0].path).unwrap().mtime(), 1_234_567_890);
    assert!(run_undo(&journal).iter().all(|(_, done)| *done == Ok(Done::Now)));
    assert_eq!(leftovers(folder.path()), 0);
}

#[test]
fn two_plans_in_one_journal_are_both_undone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.flac");
    fs::write(&path, one("flac_s16.flac")).unwrap();
    let journal = folder.path().join("journal.jsonl");
    for genre in ["A", "B"] {
        let change = crate::fixtures::change(&Field::Genre, &[genre]);
        let plan = plan(std::slice::from_ref(&path), &[change]);
        assert_eq!(run(&plan, &journal, false)[0].1, Ok(Done::Now));
    }
    assert_eq!(run_undo(&journal)[0].1, Ok(Done::Now));
    assert!(fs::read(&path).unwrap() == one("flac_s16.flac"));
}

#[test]
fn files_that_must_not_be_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let dir = folder.path();
    let named = |name: &str| {
        let path = dir.join(name);
        fs::write(&path, one("mp3_44k.mp3")).unwrap();
        path
    };
    let all: Vec<PathBuf> = [
        "soft.mp3",
        "hard.mp3",
        "read-only.mp3",
        "changed.mp3",
        "touched.mp3",
        "gone.mp3",
        "good.mp3",
    ]
    .map(named)
    .to_vec();
    let [soft, hard, read_only, changed, touched, gone, good] = &all[..] else { panic!("{all:?}") };
    let plan = plan(&all, &changes());
    assert_eq!(plan.files.len(), 7);
    fs::rename(soft, dir.join("real.mp3")).unwrap();
    std::os::unix::fs::symlink("real.mp3", soft).unwrap();
    fs::hard_link(hard, dir.join("other name.mp3")).unwrap();
    fs::set_permissions(read_only, Permissions::from_mode(0o444)).unwrap();
    fs::write(changed, [&one("mp3_44k.mp3")[..], b"TAG"].concat()).unwrap();
    let file = fs::File::options().write(true).open(touched).unwrap();
    file.set_modified(SystemTime::UNIX_EPOCH).unwrap();
    fs::remove_file(gone).unwrap();
    let journal = dir.join("journal.jsonl");
    let results = run(&plan, &journal, false);
    for (path, reason) in [
        (soft, "symbolic link"),
        (hard, "hard links"),
        (read_only, "read-only"),
        (changed, "changed since it was planned"),
        (touched, "changed since it was planned"),
        (gone, "reading it"),
    ] {
        let found = results.iter().find(|(found, _)| found == path).unwrap();
        assert!(found.1.as_ref().unwrap_err().contains(reason), "{found:?}");
    }
    assert!(results.contains(&(good.clone(), Ok(Done::Now))));
    assert!(fs::read(dir.join("real.mp3")).unwrap() == one("mp3_44k.mp3"));
    assert!(fs::read(read_only).unwrap() == one("mp3_44k.mp3"));

    // Undo refuses a file that has changed since.
    fs::write(good, one("flac_s16.flac")).unwrap();
    let results = run_undo(&journal);
    assert!(results[0].1.as_ref().unwrap_err().contains("changed since its tags were written"));
    assert!(fs::read(good).unwrap() == one("flac_s16.flac"));
    assert_eq!(leftovers(dir), 0);
}

#[test]
fn locked_files_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp3");
    fs::write(&path, one("mp3_44k.mp3")).unwrap();
    let plan = plan(std::slice::from_ref(&path), &changes());
    let lock = fs::File::open(&path).unwrap();
    lock.lock().unwrap();
    let journal = folder.path().join("journal.jsonl");
    assert!(run(&plan, &journal, false)[0].1.as_ref().unwrap_err().contains("locked"));
    drop(lock);
    assert_eq!(run(&plan, &journal, false)[0].1, Ok(Done::Now));
}

#[test]
fn permissions_and_attributes_are_kept() {
    use rustix::fs::{XattrFlags, getxattr, setxattr};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.mp3");
    fs::write(&path, one("mp3_44k.mp3")).unwrap();
    fs::set_permissions(&path, Permissions::from_mode(0o640)).unwrap();
    let named = setxattr(&path, "user.duotone", b"kept", XattrFlags::empty()).is_ok();
    let owned = std::os::unix::fs::chown(&path, Some(1234), Some(4321)).is_ok();
    let plan = plan(std::slice::from_ref(&path), &changes());
    assert_eq!(run(&plan, &folder.path().join("j.jsonl"), false)[0].1, Ok(Done::Now));
    let about = fs::metadata(&path).unwrap();
    assert_eq!(about.mode() & 0o7777, 0o640);
    match named {
        true => {
            let mut value = [0; 16];
            let length = getxattr(&path, "user.duotone", &mut value).unwrap();
            assert_eq!(&value[..length], b"kept");
        }
        false => println!("skipped: the file system has no extended attributes"),
    }
    match owned {
        true => assert_eq!((about.uid(), about.gid()), (1234, 4321)),
        false => println!("skipped: only root may change the owner of a file"),
    }
}

/// What a killed run leaves: half a line in the journal, and a copy beside a file.
#[test]
fn leftovers_of_a_killed_run() {
    let (folder, paths) = folder();
    let journal = folder.path().join("journal.jsonl");
    let plan = plan(&paths, &changes());
    let mut first = plan.clone();
    first.files.truncate(5);
    run(&first, &journal, false);
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, &whole[..whole.len() - 20]).unwrap();
    let name = first.files[0].path.file_name().unwrap().as_encoded_bytes();
    let copy = format!(".duotone-tag-{}.partial", &duotone_tags::digest(name)[..16]);
    fs::write(folder.path().join(copy), "half").unwrap();
    let results = run(&plan, &journal, false);
    let done = |wanted| results.iter().filter(|(_, done)| *done == Ok(wanted)).count();
    // The record of the fifth file is lost, so that it counts as changed by somebody else.
    assert_eq!((done(Done::Before), done(Done::Now)), (4, plan.files.len() - 5));
    assert_eq!(leftovers(folder.path()), 0);
    let read = Journal::open(&journal).unwrap();
    assert_eq!(read.damaged, 1);
    let runs = read.records.iter().filter(|record| matches!(record, Record::Apply { .. })).count();
    assert_eq!(runs, 2);
}
