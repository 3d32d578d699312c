//! Writes decisions in the requested format.

use std::path::Path;

use duotone::classify::{Decision, SegmentDecision};
use duotone::features::Notes;
use duotone::io::SkippedFile;
use duotone::path_text;
use serde::Serialize;

use crate::args::Format;
use crate::exit::Failure;
use crate::output::{self, percent};
use crate::sink::Sink;

/// Writes decisions as they arrive, but a table only at the end, because its widest cells determine
/// its columns.
pub(crate) struct Decisions {
    sink: Sink,
    format: Format,
    labels: Vec<String>,
    segments: bool,
    top: Option<usize>,
    count: usize,
    rows: Vec<Vec<String>>,
    /// Notes about files, printed below a table, one line each.
    notes: String,
}

impl Decisions {
    /// `labels` are the model's. `top` limits how many of them are written per decision.
    pub(crate) fn new(
        sink: Sink,
        format: Format,
        labels: Vec<String>,
        segments: bool,
        top: Option<usize>,
    ) -> Self {
        Self {
            sink,
            format,
            labels,
            segments,
            top,
            count: 0,
            rows: Vec::new(),
            notes: String::new(),
        }
    }

    /// Writes the text before the first decision, unless `kept` decisions have already been
    /// written.
    pub(crate) fn begin(&mut self, kept: usize) -> Result<(), Failure> {
        self.count = kept;
        let header = self.header()?;
        if kept == 0 { self.sink.put(&header) } else { Ok(()) }
    }

    /// Returns the text before the first decision.
    pub(crate) fn header(&self) -> Result<String, Failure> {
        match self.format {
            Format::Table | Format::Jsonl => Ok(String::new()),
            Format::Json => Ok("[".to_owned()),
            Format::Csv => {
                let mut header: Vec<String> = vec!["path".into()];
                if self.segments {
                    header.extend(["start_seconds", "end_seconds"].map(String::from));
                }
                header.push("label".into());
                match self.top {
                    None => header.extend(self.labels.iter().cloned()),
                    Some(top) => {
                        header.extend((1..=top.min(self.labels.len())).flat_map(|rank| {
                            [format!("label{rank}"), format!("probability{rank}")]
                        }))
                    }
                }
                header.extend(["best_guess", "unfamiliar", "excerpts"].map(String::from));
                header.extend(Notes::COLUMNS.map(String::from));
                csv_rows([header])
            }
        }
    }

    /// Writes the decision for one file.
    pub(crate) fn add(&mut self, mut decision: Decision) -> Result<(), Failure> {
        self.cut(&mut decision.probabilities);
        for segment in decision.segments.iter_mut().flatten() {
            self.cut(&mut segment.probabilities);
        }
        match self.format {
            Format::Table => {
                self.rows.extend(self.table_rows(&decision));
                let notes = notes(&decision);
                if !notes.is_empty() {
                    self.notes += &format!("{}: {notes}\n", output::shown_path(&decision.path));
                }
                Ok(())
            }
            Format::Csv => self.sink.put(&csv_rows(self.csv_cells(&decision))?),
            Format::Json | Format::Jsonl => self.object(&json(&decision, &decision.path)?),
        }
    }

    /// Writes a file that could not be classified, as an object with the reason. Tables and CSV
    /// have no place for it.
    pub(crate) fn skip(&mut self, file: &SkippedFile) -> Result<(), Failure> {
        #[derive(Serialize)]
        struct Failed<'a> {
            path: &'a str,
            error: &'a str,
        }
        let failed = Failed { path: &path_text(&file.path), error: &file.error };
        match self.format {
            Format::Table | Format::Csv => Ok(()),
            Format::Json | Format::Jsonl => self.object(&json(&failed, &file.path)?),
        }
    }

    fn object(&mut self, object: &str) -> Result<(), Failure> {
        let text = match (self.format, self.count) {
            (Format::Jsonl, _) => format!("{object}\n"),
            (_, 0) => format!("\n{object}"),
            _ => format!(",\n{object}"),
        };
        self.count += 1;
        self.sink.put(&text)
    }

    /// Writes the text after the last decision and moves the output file into place.
    pub(crate) fn end(mut self) -> Result<(), Failure> {
        self.close()?;
        self.sink.finish()
    }

    /// Writes the text after the last decision of a run that was stopped.
    pub(crate) fn stop(mut self) -> Result<(), Failure> {
        self.close()
    }

    fn close(&mut self) -> Result<(), Failure> {
        match self.format {
            Format::Csv | Format::Jsonl => Ok(()),
            Format::Json => self.sink.put("\n]\n"),
            Format::Table if self.rows.is_empty() => Ok(()),
            Format::Table => {
                let mut header = vec!["file"];
                if self.segments {
                    header.push("seconds");
                }
                header.extend(["label", "probability"]);
                let table = output::table(&header, std::mem::take(&mut self.rows));
                self.sink.put(&table)?;
                self.sink.put(&std::mem::take(&mut self.notes))
            }
        }
    }

    /// With `--top`, keeps only the most probable labels, best first.
    fn cut(&self, probabilities: &mut Vec<(String, f64)>) {
        if let Some(top) = self.top {
            probabilities.sort_by(|a, b| b.1.total_cmp(&a.1));
            probabilities.truncate(top);
        }
    }

    fn table_rows(&self, decision: &Decision) -> Vec<Vec<String>> {
        // What is shown may be `unknown`, beside the most probable label.
        let row = |lead: Vec<String>, shown: &str, label: &str, probabilities: &[(String, f64)]| {
            let own = probabilities.iter().find(|(name, _)| name == label);
            let mut labels = vec![match label == shown {
                true => label.to_owned(),
                false => format!("{shown} ({label}?)"),
            }];
            let mut shares = vec![percent(own.map_or(0.0, |(_, p)| *p))];
            if self.top.is_some() {
                for (name, share) in probabilities.iter().filter(|(name, _)| name != label) {
                    labels.push(name.clone());
                    shares.push(percent(*share));
                }
            }
            [lead, vec![labels.join("\n"), shares.join("\n")]].concat()
        };
        let path = output::shown_path(&decision.path);
        let best = decision.best_guess.as_ref().unwrap_or(&decision.label);
        let Some(segments) = &decision.segments else {
            return vec![row(vec![path], &decision.label, best, &decision.probabilities)];
        };
        let whole = vec![path, format!("0.0–{:.1}", decision.seconds)];
        let mut rows = vec![row(whole, &decision.label, best, &decision.probabilities)];
        rows.extend(segments.iter().map(|s| {
            let span = format!("{:.1}–{:.1}", s.start_seconds, s.end_seconds);
            row(vec![String::new(), span], &s.label, &s.label, &s.probabilities)
        }));
        rows
    }

    /// Returns one row per file, or one per segment.
    fn csv_cells(&self, decision: &Decision) -> Vec<Vec<String>> {
        let row = |segment: Option<&SegmentDecision>, label: &str, shares: &[(String, f64)]| {
            let mut row = vec![path_text(&decision.path).into_owned()];
            if let Some(s) = segment {
                row.extend([s.start_seconds, s.end_seconds].map(|x| format!("{x:.3}")));
            }
            row.push(label.to_owned());
            for (name, share) in shares {
                if self.top.is_some() {
                    row.push(name.clone());
                }
                row.push(format!("{share:.6}"));
            }
            let file = segment.is_none();
            row.push(decision.best_guess.clone().filter(|_| file).unwrap_or_default());
            row.push(decision.unfamiliar.map_or_else(String::new, |x| format!("{x:.4}")));
            row.push(excerpts(decision));
            row.extend(decision.notes.cells());
            row
        };
        match &decision.segments {
            None => vec![row(None, &decision.label, &decision.probabilities)],
            Some(segments) => {
                segments.iter().map(|s| row(Some(s), &s.label, &s.probabilities)).collect()
            }
        }
    }
}

/// The percentile from which a table marks a recording.
const UNFAMILIAR: f64 = 99.0;

fn notes(decision: &Decision) -> String {
    let mut notes = Vec::new();
    if let Some(excerpts) = &decision.excerpts {
        let seconds: f64 = excerpts.iter().map(|(start, end)| end - start).sum();
        notes.push(format!("{}, {seconds:.0} s in all", output::count(excerpts.len(), "excerpt")));
    }
    if let Some(percentile) = decision.unfamiliar.filter(|&percentile| percentile >= UNFAMILIAR) {
        let share = match percentile < 99.95 {
            true => format!("{} %", output::decimal(percentile, 1)),
            false => "all".to_owned(),
        };
        notes.push(format!("unlike the training files: stranger than {share} of them"));
    }
    notes.extend(decision.notes.words());
    notes.join(", ")
}

/// Formats the decoded excerpts in seconds: `10.000-20.000 40.000-50.000`; empty for a whole file.
fn excerpts(decision: &Decision) -> String {
    let spans = decision.excerpts.iter().flatten();
    let spans: Vec<String> = spans.map(|(start, end)| format!("{start:.3}-{end:.3}")).collect();
    spans.join(" ")
}

fn json(value: &impl Serialize, path: &Path) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|e| Failure::Work(format!("{}: {e}", path_text(path))))
}

fn csv_rows(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).map_err(|e| Failure::Work(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| Failure::Work(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}

/// Returns whether a file, which may be truncated anywhere, begins like decisions in one of the
/// formats.
pub(crate) fn looks_like_decisions(start: &[u8]) -> bool {
    let text = String::from_utf8_lossy(start);
    let begins = |form: &&str| text.starts_with(*form) || form.starts_with(&*text);
    let objects = ["{\"path\":", "[\n{\"path\":", "[\n]"];
    if objects.iter().any(begins) || text.trim().starts_with("file ") {
        return true;
    }
    // A collection's list may have the same first columns, but has no probabilities below them.
    let header = ["path,label,", "path,label1,", "path,start_seconds,"];
    let rows: Vec<&str> =
        text.split_inclusive('\n').skip(1).filter_map(|row| row.strip_suffix('\n')).collect();
    let probability = |cell: &str| cell.len() == 8 && cell.parse::<f64>().is_ok_and(|p| p <= 1.0);
    header.iter().any(begins)
        && (rows.is_empty() || rows.iter().any(|row| row.split(',').any(probability)))
}

#[cfg(test)]
mod tests {
    use super::looks_like_decisions;

    #[test]
    fn recognises_truncated_decisions() {
        for whole in [
            "path,label,high,low\n\"a\nb.wav\",low,0.250000,0.750000\nc.wav,low,0.1",
            "path,start_seconds,end_seconds,label,high,low\na,0.000,0.800,low,0.250000,0.750000\n",
            "path,label1,probability1\na.wav,low,0.750000\n",
            "{\"path\":\"a.wav\",\"label\":\"low\"}\n",
            "[\n{\"path\":\"a.wav\",\"error\":\"no\"}\n]\n",
        ] {
            assert!(looks_like_decisions(whole.as_bytes()));
            let header = whole.find('\n').unwrap_or(0);
            for length in (1..=header + 1).chain([whole.len()]) {
                assert!(looks_like_decisions(&whole.as_bytes()[..length]), "{}", &whole[..length]);
            }
        }
        for other in
            ["path,label,artist\na.wav,low,Ada\nb.wav,low,Ada\n", "RIFF", "years of work", "{}"]
        {
            assert!(!looks_like_decisions(other.as_bytes()), "{other}");
        }
    }
}
