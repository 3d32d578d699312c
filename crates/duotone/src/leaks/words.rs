//! Findings in words, one line per kind.

use super::findings::{Findings, Harm};
use crate::plural::plural;

impl Findings {
    /// One line for each kind of finding that occurs.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.recordings.is_empty() {
            let harms = [
                (Harm::TwoFolds, "in two folds"),
                (Harm::TwoLabels, "under two labels"),
                (Harm::TwoGroups, "in two groups"),
            ];
            let of_harm = |(harm, words): (Harm, &str)| {
                let pairs = self.pairs(harm);
                (pairs > 0).then(|| format!("{pairs} {words}"))
            };
            let harms: Vec<String> = harms.into_iter().filter_map(of_harm).collect();
            let harms =
                if harms.is_empty() { String::new() } else { format!(": {}", harms.join(", ")) };
            let pairs = plural(self.recordings.len(), "pair");
            warnings.push(format!("{pairs} of clips with the same recording{harms}"));
        }
        let mut add = |count: usize, noun: &str, what: &str| {
            if count > 0 {
                warnings.push(format!("{} {what}", plural(count, noun)));
            }
        };
        add(self.split_groups.len(), "group", "in several folds");
        let alike = "that differ only in case, spaces, punctuation or accents";
        add(self.alike_groups.len(), "set", &format!("of groups {alike}"));
        add(self.alike_labels.len(), "set", &format!("of labels {alike}"));
        add(self.rare_labels.len(), "label", "too rare for the folds");
        warnings
    }
}
