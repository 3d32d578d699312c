//! Checks that the output of a system lists decisions on exactly the test files of a fold.

use std::collections::{BTreeMap, HashMap};
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::lists::{cut, lines};

/// A list that can be scored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Checked {
    /// The class of each test file, in the test list's order.
    pub(super) classes: Vec<usize>,
    /// Notes on the list, for the user.
    pub(super) notes: Vec<String>,
}

/// Note on lines in a different order.
const REORDERED: &str = "its lines are in a different order from the test list's";

/// Faults of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Fault {
    CutOff,
    NoText,
    NoPair,
    UnknownPath,
    Twice,
    UnknownLabel,
    Missing,
}

/// Number of occurrences of each fault, and the first one.
#[derive(Default)]
struct Faults(BTreeMap<Fault, (usize, String)>);

/// Reads the decisions on `tests`, or returns everything that is wrong with them.
pub(super) fn check(
    output: &Path,
    tests: &[PathBuf],
    labels: &[String],
) -> Result<Checked, String> {
    let bytes = read(output, tests, labels)?;
    let places: HashMap<&[u8], usize> = tests.iter().map(|path| name(path)).zip(0..).collect();
    let classes: HashMap<&[u8], usize> = labels.iter().map(|l| l.as_bytes()).zip(0..).collect();
    let mut faults = Faults::default();
    let mut decisions: Vec<Option<usize>> = vec![None; tests.len()];
    let mut stats = vec![false; tests.len()];
    let (mut next, mut reordered) = (0, false);
    let mut all = lines(&bytes).zip(1..).filter(|(line, _)| !line.is_empty()).peekable();
    let whole = bytes.ends_with(b"\n");
    while let Some((line, number)) = all.next() {
        let (path, label) = cut(line);
        let place = places.get(path).copied();
        let class = label.and_then(|label| classes.get(label.trim_ascii()).copied());
        let fault = match (place, class, label) {
            (Some(place), ..) if stats[place] => Some(Fault::Twice),
            (Some(_), Some(_), _) => None,
            // A line without its end may be incomplete.
            _ if !whole && all.peek().is_none() => Some(Fault::CutOff),
            _ if label.is_some_and(|l| std::str::from_utf8(l).is_err()) => Some(Fault::NoText),
            (None, ..) if !is_text(path) => Some(Fault::NoText),
            (_, _, None) => Some(Fault::NoPair),
            (None, ..) => Some(Fault::UnknownPath),
            (Some(_), None, Some(_)) => Some(Fault::UnknownLabel),
        };
        if let Some(fault) = fault {
            faults.add(fault, || format!("line {number}, `{}`", shown(line)));
        }
        if let Some(place) = place {
            reordered |= place != next;
            next = place + 1;
            stats[place] = true;
            decisions[place] = decisions[place].or(class);
        }
    }
    for (path, _) in tests.iter().zip(&stats).filter(|(_, stats)| !**stats) {
        faults.add(Fault::Missing, || format!("`{}`", shown(name(path))));
    }
    if !faults.0.is_empty() {
        return Err(faults.words(tests.len()));
    }
    let notes = if reordered { vec![REORDERED.to_owned()] } else { Vec::new() };
    Ok(Checked { classes: decisions.into_iter().flatten().collect(), notes })
}

/// Decodes UTF-8; refuses text that looks like UTF-16.
fn is_text(path: &[u8]) -> bool {
    std::str::from_utf8(path).is_ok() && !path.contains(&0)
}

/// Reads a whole regular file of limited size.
fn read(output: &Path, tests: &[PathBuf], labels: &[String]) -> Result<Vec<u8>, String> {
    let about = fs::metadata(output).map_err(|_| "wrote no output file")?;
    if !about.is_file() {
        return Err("its output is not a file".into());
    }
    let longest = labels.iter().map(String::len).max().unwrap_or(0);
    let due: usize = tests.iter().map(|path| name(path).len() + longest + 3).sum();
    let most = 2 * due as u64 + (1 << 20);
    let mut bytes = Vec::new();
    let file = File::open(output).map_err(|e| format!("its output cannot be read: {e}"))?;
    let read = file.take(most + 1).read_to_end(&mut bytes);
    read.map_err(|e| format!("its output cannot be read: {e}"))?;
    match bytes.len() as u64 > most {
        true => Err(format!("its output is larger than {most} bytes, twice the expected size")),
        false => Ok(bytes),
    }
}

impl Faults {
    fn add(&mut self, fault: Fault, place: impl FnOnce() -> String) {
        self.0.entry(fault).or_insert_with(|| (0, place())).0 += 1;
    }

    fn words(&self, tests: usize) -> String {
        let one = |(fault, (count, first)): (&Fault, &(usize, String))| {
            let (n, plural) = (count, if *count == 1 { "" } else { "s" });
            let what = match fault {
                Fault::CutOff => "the last line is cut off".into(),
                Fault::NoText => format!("{n} line{plural} not in UTF-8"),
                Fault::NoPair => format!("{n} line{plural} not `path<TAB>label`"),
                Fault::UnknownPath => format!("{n} path{plural} not in the test list"),
                Fault::Twice => format!("{n} duplicate line{plural}"),
                Fault::UnknownLabel => format!("{n} unknown label{plural}"),
                Fault::Missing => format!("{n} of {tests} test files without a line"),
            };
            match count {
                1 => format!("{what} ({first})"),
                _ => format!("{what} (first {first})"),
            }
        };
        format!("its output is wrong: {}", self.0.iter().map(one).collect::<Vec<_>>().join("; "))
    }
}

fn name(path: &Path) -> &[u8] {
    path.as_os_str().as_encoded_bytes()
}

/// Shortens a line so that it can still be found.
fn shown(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let mut shown: String = text.chars().take(80).collect();
    if shown.len() < text.len() {
        shown.push('…');
    }
    shown.replace('\t', "<TAB>").replace(|c: char| c.is_control(), "\u{fffd}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(output: &[u8]) -> Result<Checked, String> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("output.txt");
        fs::write(&path, output).unwrap();
        let tests = ["/a b.wav", "/c.wav", "/d.wav"].map(PathBuf::from);
        check(&path, &tests, &["jazz".into(), "très lent".into()])
    }

    #[track_caller]
    fn refused(output: &[u8], words: &[&str]) {
        let message = checked(output).unwrap_err();
        for word in words {
            assert!(message.contains(word), "no {word:?} in {message}");
        }
    }

    #[test]
    fn right_lists() {
        let right = Checked { classes: vec![0, 1, 0], notes: Vec::new() };
        let list = "/a b.wav\tjazz\n/c.wav\ttrès lent\n/d.wav\tjazz";
        assert_eq!(checked(list.as_bytes()).unwrap(), right);
        let other = format!("\u{feff}{}\r\n\r\n", list.replace('\n', " \r\n"));
        assert_eq!(checked(other.as_bytes()).unwrap(), right);
        let reordered = "/d.wav\tjazz\n/a b.wav\tjazz\n/c.wav\ttrès lent\n";
        let noted = Checked { notes: vec![REORDERED.into()], ..right };
        assert_eq!(checked(reordered.as_bytes()).unwrap(), noted);
    }

    #[test]
    fn every_fault_is_named() {
        refused(b"", &["3 of 3 test files without a line (first `/a b.wav`)"]);
        refused(b"/a b.wav\tjazz\n/c.w", &["the last line is cut off (line 2, `/c.w`)", "2 of 3"]);
        refused(b"/a b.wav\tjazz\n/c.wav\tja", &["cut off", "1 of 3"]);
        refused(
            b"/a b.wav\tjazz\n/c.wav\tjazz\n",
            &["1 of 3 test files without a line (`/d.wav`)"],
        );
        refused(
            b"/a b.wav jazz\n/c.wav\tjuzz\n/d.wav\tjazz\n/d.wav\tjazz\n/x.wav\tjazz\n",
            &[
                "1 line not `path<TAB>label` (line 1,",
                "1 unknown label (line 2, `/c.wav<TAB>juzz`)",
                "1 duplicate line (line 4,",
                "1 path not in the test list (line 5,",
                "1 of 3 test files without a line",
            ],
        );
        refused(b"/a b.wav\tjazz\n/c.wav\ttr\xE8s lent\n/d.wav\tjazz\n", &["1 line not in UTF-8"]);
        refused(
            "/a b.wav\tjazz\n"
                .encode_utf16()
                .flat_map(u16::to_le_bytes)
                .collect::<Vec<_>>()
                .as_slice(),
            &["UTF-8"],
        );
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(check(&folder.path().join("x"), &[], &[]).unwrap_err(), "wrote no output file");
        assert!(check(folder.path(), &[], &[]).unwrap_err().contains("not a file"));
        refused(&vec![b'x'; 2 << 20], &["larger than"]);
    }
}
