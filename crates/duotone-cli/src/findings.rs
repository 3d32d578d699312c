//! Formats the findings of a check as text.

use std::fmt::Write;

use duotone::leaks::{AlikeNames, CheckReport, ClipName, RareLabel, SameRecording, SplitGroup};

use crate::output::{count, shown, shown_path};

/// Formats what was checked, one line per kind of finding, then each finding.
pub(crate) fn text(report: &CheckReport) -> String {
    let folds = report.folds.map_or(String::new(), |folds| format!(", {}", count(folds, "fold")));
    let group = report.group.as_ref().map_or(String::new(), |column| format!(", by {column}"));
    let clips = count(report.clips, "clip");
    let mut text = format!("{clips} compared{group}{folds}.\n");
    let found = &report.findings;
    if found.count() == 0 {
        text += "No problems were found.\n";
    }
    for warning in found.warnings() {
        text += &format!("- {warning}\n");
    }
    section(&mut text, "the same recording", found.recordings.iter().map(recording));
    section(&mut text, "groups in several folds", found.split_groups.iter().map(split));
    section(&mut text, "groups with nearly the same name", found.alike_groups.iter().map(similar));
    section(&mut text, "labels with nearly the same name", found.alike_labels.iter().map(similar));
    section(&mut text, "rare labels", found.rare_labels.iter().map(rare));
    let uncompared = found.without_fingerprint.iter();
    let uncompared = uncompared.map(|path| shown_path(path));
    section(&mut text, "too quiet or too short to be compared by sound", uncompared);
    text
}

fn section(text: &mut String, title: &str, findings: impl ExactSizeIterator<Item = String>) {
    if findings.len() > 0 {
        let _ = write!(text, "\n{title}:\n");
        findings.for_each(|finding| text.push_str(&format!("  {finding}\n")));
    }
}

fn recording(pair: &SameRecording) -> String {
    let SameRecording { first, second, offset, overlap, score, .. } = pair;
    let how = match (pair.identical, *offset) {
        (true, _) => "identical files".to_owned(),
        (_, offset) if offset.abs() < 0.05 => "begins at the same time".to_owned(),
        (_, offset) if offset > 0.0 => format!("begins {offset:.1} s later in the recording"),
        _ => format!("begins {:.1} s earlier in the recording", -offset),
    };
    let means: Vec<&str> = pair.harm.iter().map(|harm| harm.meaning()).collect();
    format!(
        "{}\n  {}\n    {how}; {overlap:.1} s in common, score {score:.2}\n    {}",
        clip(first),
        clip(second),
        means.join("\n    "),
    )
}

fn clip(clip: &ClipName) -> String {
    let mut about = vec![shown(&clip.label)];
    about.extend(clip.group.as_deref().map(shown));
    about.extend(clip.fold.as_ref().map(|fold| format!("fold {}", shown(fold))));
    format!("{} ({})", shown_path(&clip.path), about.join(", "))
}

fn split(group: &SplitGroup) -> String {
    let (name, folds) = (shown(&group.name), shown(&group.folds.join(", ")));
    format!("{name}: {} in folds {folds}", count(group.clips, "clip"))
}

fn similar(similar: &AlikeNames) -> String {
    let name = |(name, clips): (&String, &usize)| format!("`{}` ({clips})", shown(name));
    let names: Vec<String> = similar.names.iter().zip(&similar.clips).map(name).collect();
    let folds = match similar.folds.as_slice() {
        [] | [_] => String::new(),
        folds => format!(" in folds {}", shown(&folds.join(", "))),
    };
    format!("{}{folds}", names.join(", "))
}

fn rare(label: &RareLabel) -> String {
    let mut text = format!("{}: {}", shown(&label.name), count(label.clips, "clip"));
    text += &label.groups.map_or(String::new(), |groups| format!(" of {}", count(groups, "group")));
    text += &match (label.in_folds, label.folds) {
        (Some(some), Some(folds)) if some > 0 => format!(", in {some} of {folds} folds"),
        (_, Some(folds)) => format!(" for {}", count(folds, "fold")),
        _ => String::new(),
    };
    text
}
