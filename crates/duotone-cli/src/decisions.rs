//! Decisions on files in the form that was asked for.

use duotone::{Decision, Notes, SegmentDecision};

use crate::args::Format;
use crate::exit::Failure;
use crate::output::{self, percent};

/// Writes decisions to standard output as they come; a table, whose columns are as wide as their
/// widest cell, at the end.
pub(crate) struct Decisions {
    format: Format,
    labels: Vec<String>,
    segments: bool,
    top: Option<usize>,
    count: usize,
    rows: Vec<Vec<String>>,
}

impl Decisions {
    /// `labels` are the model's; `top` is how many of them are given.
    pub(crate) fn new(
        format: Format,
        labels: Vec<String>,
        segments: bool,
        top: Option<usize>,
    ) -> Self {
        Self { format, labels, segments, top, count: 0, rows: Vec::new() }
    }

    /// What comes before the first decision.
    pub(crate) fn begin(&self) -> Result<(), Failure> {
        match self.format {
            Format::Table | Format::Jsonl => Ok(()),
            Format::Json => output::print("["),
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
                header.push("excerpts".into());
                header.extend(Notes::COLUMNS.map(String::from));
                output::print(&csv_rows([header])?)
            }
        }
    }

    /// One more file.
    pub(crate) fn add(&mut self, mut decision: Decision) -> Result<(), Failure> {
        self.count += 1;
        self.cut(&mut decision.probabilities);
        for segment in decision.segments.iter_mut().flatten() {
            self.cut(&mut segment.probabilities);
        }
        match self.format {
            Format::Table => {
                self.rows.extend(self.table_rows(&decision));
                Ok(())
            }
            Format::Csv => output::print(&csv_rows(self.csv_cells(&decision))?),
            Format::Jsonl => output::print(&(json(&decision)? + "\n")),
            Format::Json => {
                let separator = if self.count == 1 { "\n" } else { ",\n" };
                output::print(&format!("{separator}{}", json(&decision)?))
            }
        }
    }

    /// What comes after the last decision.
    pub(crate) fn end(&self) -> Result<(), Failure> {
        match self.format {
            Format::Csv | Format::Jsonl => Ok(()),
            Format::Json => output::print("\n]\n"),
            Format::Table if self.rows.is_empty() => Ok(()),
            Format::Table => {
                let mut header = vec!["file"];
                if self.segments {
                    header.push("seconds");
                }
                header.extend(["label", "probability"]);
                let others = 2 * (self.top.unwrap_or(1).min(self.labels.len()) - 1);
                header.extend(["next", ""].iter().cycle().take(others));
                header.push("");
                output::print(&output::table(&header, self.rows.iter().cloned()))
            }
        }
    }

    /// Keeps the most probable labels, best first, where a number was asked for.
    fn cut(&self, probabilities: &mut Vec<(String, f64)>) {
        if let Some(top) = self.top {
            probabilities.sort_by(|a, b| b.1.total_cmp(&a.1));
            probabilities.truncate(top);
        }
    }

    fn table_rows(&self, decision: &Decision) -> Vec<Vec<String>> {
        let row = |lead: Vec<String>, label: &str, probabilities: &[(String, f64)], notes| {
            let mut row = lead;
            let own = probabilities.iter().find(|(name, _)| name == label);
            row.extend([label.to_owned(), percent(own.map_or(0.0, |(_, p)| *p))]);
            if self.top.is_some() {
                let others = probabilities.iter().filter(|(name, _)| name != label);
                row.extend(others.flat_map(|(name, p)| [name.clone(), percent(*p)]));
            }
            row.push(notes);
            row
        };
        let path = output::shown(&decision.path.display().to_string());
        let Some(segments) = &decision.segments else {
            return vec![row(
                vec![path],
                &decision.label,
                &decision.probabilities,
                notes(decision),
            )];
        };
        let whole = vec![path, format!("0.0–{:.1}", decision.seconds)];
        let mut rows = vec![row(whole, &decision.label, &decision.probabilities, notes(decision))];
        rows.extend(segments.iter().map(|s| {
            let span = format!("{:.1}–{:.1}", s.start_seconds, s.end_seconds);
            row(vec![String::new(), span], &s.label, &s.probabilities, String::new())
        }));
        rows
    }

    /// One row a file, or one a segment.
    fn csv_cells(&self, decision: &Decision) -> Vec<Vec<String>> {
        let row = |segment: Option<&SegmentDecision>, label: &str, shares: &[(String, f64)]| {
            let mut row = vec![decision.path.display().to_string()];
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

fn notes(decision: &Decision) -> String {
    let mut notes = Vec::new();
    if let Some(excerpts) = &decision.excerpts {
        let seconds: f64 = excerpts.iter().map(|(start, end)| end - start).sum();
        notes.push(format!("{} excerpts, {seconds:.0} s in all", excerpts.len()));
    }
    notes.extend(decision.notes.words());
    notes.join(", ")
}

/// The excerpts that decided, in seconds: `10.000-20.000 40.000-50.000`; empty for a whole file.
fn excerpts(decision: &Decision) -> String {
    let spans = decision.excerpts.iter().flatten();
    let spans: Vec<String> = spans.map(|(start, end)| format!("{start:.3}-{end:.3}")).collect();
    spans.join(" ")
}

fn json(decision: &Decision) -> Result<String, Failure> {
    serde_json::to_string(decision)
        .map_err(|e| Failure::Work(format!("{}: {e}", decision.path.display())))
}

fn csv_rows(rows: impl IntoIterator<Item = Vec<String>>) -> Result<String, Failure> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in rows {
        writer.write_record(&row).map_err(|e| Failure::Work(e.to_string()))?;
    }
    let bytes = writer.into_inner().map_err(|e| Failure::Work(e.to_string()))?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
