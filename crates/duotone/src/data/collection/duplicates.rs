//! Files that are listed more than once, or have the same content.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fs;
use std::path::PathBuf;

use super::{Collection, Found, Item};
use crate::io::SkippedFile;
use crate::path_text::path_text;
use crate::plural::plural;

impl Collection {
    /// Warnings about files with the same content under different names, given the content digests of
    /// the items. In two folds, such files inflate the result; with two labels, one label is wrong.
    #[must_use]
    pub fn same_content<S: AsRef<str>>(&self, contents: &[S]) -> Vec<String> {
        let mut of_content: BTreeMap<&str, Vec<&Item>> = BTreeMap::new();
        for (item, content) in self.items.iter().zip(contents) {
            of_content.entry(content.as_ref()).or_default().push(item);
        }
        let same = of_content.into_values().filter(|items| items.len() > 1);
        let mut warnings: Vec<String> = same.map(|items| self.same_warning(&items)).collect();
        warnings.sort_unstable();
        warnings
    }

    fn same_warning(&self, items: &[&Item]) -> String {
        let names: Vec<_> = items.iter().map(|item| path_text(&item.name)).collect();
        let labels: BTreeSet<&str> =
            items.iter().map(|item| self.labels[item.label].as_str()).collect();
        let mut warning = format!("same content: {}", names.join(", "));
        if labels.len() > 1 {
            let labels: Vec<_> = labels.into_iter().collect();
            warning += &format!("; conflicting labels: {}", labels.join(", "));
        }
        warning
    }
}

/// Removes duplicate entries of a file. If their labels differ, the file is skipped altogether.
pub(super) fn without_duplicates(mut found: Found) -> Found {
    let mut of_file: HashMap<PathBuf, Vec<usize>> = HashMap::new();
    for (i, entry) in found.entries.iter().enumerate() {
        let file = fs::canonicalize(&entry.path).unwrap_or_else(|_| entry.path.clone());
        of_file.entry(file).or_default().push(i);
    }
    let mut duplicates = 0;
    let mut keep = vec![true; found.entries.len()];
    let mut conflicts = Vec::new();
    for same in of_file.into_values().filter(|same| same.len() > 1) {
        let labels: BTreeSet<&str> =
            same.iter().map(|&i| found.entries[i].label.as_str()).collect();
        if labels.len() == 1 {
            duplicates += same.len() - 1;
            same[1..].iter().for_each(|&i| keep[i] = false);
        } else {
            let labels = labels.into_iter().collect::<Vec<_>>().join(", ");
            let error = format!("listed with conflicting labels: {labels}; keep one of them");
            let mut names = BTreeSet::new();
            for i in same {
                keep[i] = false;
                // Each name is reported once; a link and its target are one file with two names.
                if names.insert(found.entries[i].name.clone()) {
                    conflicts.push((i, error.clone()));
                }
            }
        }
    }
    if duplicates > 0 {
        let entries = plural(duplicates, "duplicate entry");
        found.warnings.push(format!("ignored {entries} with the same label"));
    }
    conflicts.sort_unstable();
    for (i, error) in conflicts {
        found.skipped_files.push(SkippedFile { path: found.entries[i].name.clone(), error });
    }
    let mut keep = keep.into_iter();
    found.entries.retain(|_| keep.next().unwrap_or(true));
    found
}
