//! Findings in a sentence each kind, for people.

use super::findings::{Findings, Harm};

impl Findings {
    /// One line for each kind of finding; none where nothing was found.
    #[must_use]
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
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
            let pairs = count(self.recordings.len(), "pair", "pairs");
            notices.push(format!("{pairs} of clips hold the same recording{harms}"));
        }
        let mut add = |n: usize, one: &str, many: &str, words: &str| {
            if n > 0 {
                notices.push(format!("{} {words}", count(n, one, many)));
            }
        };
        add(self.split_groups.len(), "group is", "groups are", "in several folds");
        let alike = "that differ only in case, spaces, punctuation or accents";
        add(self.alike_groups.len(), "set of groups", "sets of groups", alike);
        add(self.alike_labels.len(), "set of labels", "sets of labels", alike);
        add(self.rare_labels.len(), "label is", "labels are", "too rare for the folds");
        notices
    }
}

fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}
