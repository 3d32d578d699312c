//! Continues an interrupted `classify --output`.

use std::collections::HashMap;
use std::fs;
use std::path::Path;

use duotone::io::SkippedFile;
use duotone::path_text;
use serde_json::{Map, Value};

use crate::args::Format;
use crate::exit::Failure;
use crate::sink;

/// The files that an earlier run has already classified.
#[derive(Debug, Default)]
pub(crate) struct Kept {
    /// Number of entries per path, as written in the file.
    paths: HashMap<String, usize>,
    /// Files that could not be classified.
    pub(crate) skipped_files: Vec<SkippedFile>,
    /// Number of decisions and skipped files.
    pub(crate) count: usize,
    /// Length of the file up to the end of the last complete entry, in bytes.
    pub(crate) length: u64,
}

impl Kept {
    /// Returns whether there is an entry for this file, and removes it.
    pub(crate) fn take(&mut self, path: &Path) -> bool {
        match self.paths.get_mut(&*path_text(path)) {
            Some(times) if *times > 0 => {
                *times -= 1;
                true
            }
            _ => false,
        }
    }

    fn add(&mut self, path: &str) {
        *self.paths.entry(path.to_owned()).or_default() += 1;
        self.count += 1;
    }
}

/// Reads the decisions that an earlier run with the same settings wrote to `FILE.part`. An
/// incomplete last entry does not count.
pub(crate) fn read(
    target: &Path,
    format: Format,
    header: &str,
    settings: &Map<String, Value>,
) -> Result<Kept, Failure> {
    let part = sink::part(target);
    check_settings(target, settings)?;
    let bytes = fs::read(&part).map_err(duotone::Error::io(&part))?;
    let kept = match format {
        Format::Csv => read_csv(&bytes, header),
        _ => read_lines(&bytes),
    };
    kept.map_err(|reason| {
        let part = path_text(&part);
        Failure::Work(format!("{part}: {reason}: remove it, or run without --resume"))
    })
}

/// Returns an error if the earlier run had different settings.
fn check_settings(target: &Path, wanted: &Map<String, Value>) -> Result<(), Failure> {
    let path = sink::settings(target);
    let error = |reason: String| {
        let part = path_text(&sink::part(target)).into_owned();
        Failure::Work(format!(
            "{part}: {reason}: run with the same options, or without --resume to start over"
        ))
    };
    let text = fs::read(&path).map_err(|e| error(format!("{}: {e}", path_text(&path))))?;
    let found: Map<String, Value> =
        serde_json::from_slice(&text).map_err(|e| error(format!("{}: {e}", path_text(&path))))?;
    let differs = wanted.iter().find(|(name, value)| found.get(*name) != Some(value));
    match differs {
        None => Ok(()),
        Some((name, _)) if name == "model" => {
            Err(error("it was written with another model".to_owned()))
        }
        Some((name, value)) => {
            let before = found.get(name).unwrap_or(&Value::Null);
            Err(error(format!("it was written with {name} {before}, not {value}")))
        }
    }
}

/// Reads a file with one object per line.
fn read_lines(bytes: &[u8]) -> Result<Kept, String> {
    let mut kept = Kept::default();
    for (line, number) in bytes.split_inclusive(|&byte| byte == b'\n').zip(1..) {
        if !line.ends_with(b"\n") {
            break;
        }
        let wrong = || format!("line {number} is not a decision");
        let entry: Value = serde_json::from_slice(line).map_err(|_| wrong())?;
        let path = entry["path"].as_str().ok_or_else(wrong)?;
        kept.add(path);
        if let Some(error) = entry["error"].as_str() {
            kept.skipped_files.push(SkippedFile { path: path.into(), error: error.to_owned() });
        }
        kept.length += line.len() as u64;
    }
    Ok(kept)
}

/// The header that earlier versions wrote for the same columns.
fn earlier_header(header: &str) -> String {
    match header.strip_suffix(",decode_errors,warnings\n") {
        Some(first) => format!("{first},damage,warnings\n"),
        None => header.to_owned(),
    }
}

/// Reads rows below a header. With `--segments` a file has several rows, and those of the last file
/// may be incomplete, so it is classified again.
fn read_csv(bytes: &[u8], header: &str) -> Result<Kept, String> {
    let mut kept = Kept::default();
    let earlier = earlier_header(header);
    let header = if bytes.starts_with(earlier.as_bytes()) { &earlier } else { header };
    if !bytes.starts_with(header.as_bytes()) {
        return match header.as_bytes().starts_with(bytes) {
            true => Ok(kept),
            false => Err("its first line does not match this model and these options".into()),
        };
    }
    let segments = header.contains(",start_seconds,");
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(bytes);
    let wanted = reader.headers().map_err(|e| e.to_string())?.len();
    kept.length = header.len() as u64;
    let mut last: Option<(String, u64)> = None;
    let mut record = csv::StringRecord::new();
    loop {
        let start = reader.position().byte();
        match reader.read_record(&mut record) {
            Ok(true) => {}
            Ok(false) => break,
            Err(e) => return Err(e.to_string()),
        }
        let end = reader.position().byte();
        if record.len() != wanted || bytes.get(end as usize - 1) != Some(&b'\n') {
            // Only the last row may be incomplete.
            match end as usize == bytes.len() {
                true => break,
                false => return Err(format!("a row of {} cells, not {wanted}", record.len())),
            }
        }
        let path = record.get(0).unwrap_or_default();
        let again = segments && last.as_ref().is_some_and(|(last, _)| last == path);
        if !again {
            kept.add(path);
            last = Some((path.to_owned(), start));
        }
        kept.length = end;
    }
    if let Some((path, start)) = last.filter(|_| segments) {
        if let Some(times) = kept.paths.get_mut(&path) {
            *times -= 1;
        }
        kept.count -= 1;
        kept.length = start;
    }
    Ok(kept)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complete_lines_are_kept() {
        let text =
            "{\"path\":\"a\",\"label\":\"x\"}\n{\"path\":\"b\",\"error\":\"no\"}\n{\"path\":\"c";
        let mut kept = read_lines(text.as_bytes()).unwrap();
        assert_eq!((kept.count, kept.length), (2, 51));
        assert_eq!(kept.skipped_files[0].error, "no");
        assert!(kept.take("a".as_ref()) && kept.take("b".as_ref()) && !kept.take("c".as_ref()));
        assert!(!kept.take("a".as_ref()), "each entry is taken only once");
        assert!(read_lines(b"{}\n").unwrap_err().contains("line 1"));
    }

    #[test]
    fn complete_rows_are_kept() {
        let header = "path,label,x\n";
        let rows = ["a,x,1\n", "\"b\nc\",x,1\n", "d,x,1\n"];
        let whole = format!("{header}{}", rows.concat());
        for length in 0..=whole.len() {
            let kept = read_csv(&whole.as_bytes()[..length], header).unwrap();
            let mut expected = if length < header.len() { 0 } else { header.len() };
            let mut count = 0;
            for row in rows {
                if expected > 0 && expected + row.len() <= length {
                    expected += row.len();
                    count += 1;
                } else {
                    break;
                }
            }
            assert_eq!((kept.length as usize, kept.count), (expected, count), "{length}");
        }
        let today = "path,label,x,decode_errors,warnings\n";
        let earlier = "path,label,x,damage,warnings\na,x,1,,\n";
        let kept = read_csv(earlier.as_bytes(), today).unwrap();
        assert_eq!((kept.count, kept.length as usize), (1, earlier.len()));
        assert!(read_csv(b"path,label,y\na,x,1\n", header).is_err());
        assert!(read_csv(b"path,label,x\na,1\nb,x,1\n", header).is_err());
    }

    #[test]
    fn last_file_of_segment_rows_is_classified_again() {
        let header = "path,start_seconds,end_seconds,label\n";
        let text = format!("{header}a,0,1,x\na,1,2,x\nb,0,1,x\n");
        let mut kept = read_csv(text.as_bytes(), header).unwrap();
        assert_eq!((kept.count, kept.length as usize), (1, header.len() + 16));
        assert!(kept.take("a".as_ref()) && !kept.take("b".as_ref()));
    }
}
