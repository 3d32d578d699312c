//! Findings in words, one line per kind.

use super::findings::{Confound, Findings, Harm, Property};
use crate::plural::plural;

impl Findings {
    /// One line for each kind of finding that occurs, and one for each confound.
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
        warnings.extend(self.confounds.iter().map(Confound::sentence));
        warnings
    }
}

impl Confound {
    /// The problem and its remedy.
    fn sentence(&self) -> String {
        let (from, advice) = match self.properties.as_slice() {
            [one] => (format!("the {} alone", one.name()), advice(*one)),
            all => {
                let names: Vec<&str> = all.iter().map(|property| property.name()).collect();
                (format!("technical properties together ({})", names.join(", ")), SOURCES)
            }
        };
        format!(
            "labels can be guessed from {from}: {:.0} % against {:.0} % by chance (p = {:.3}); {advice}",
            100.0 * self.accuracy,
            100.0 * self.chance,
            self.p_value,
        )
    }
}

const SOURCES: &str = "take the files of all labels from the same sources, encoded in the same way";

fn advice(property: Property) -> &'static str {
    match property {
        Property::Level => {
            "unless the level belongs to the music, bring all files to the same loudness"
        }
        Property::Bandwidth => {
            "low-pass all files alike, or set `sample_rate` to less than twice the lowest bandwidth"
        }
        Property::SampleRate => "set `sample_rate` to the lowest sample rate, or below it",
        Property::Length => "cut all files to the same length",
        Property::Codec | Property::BitRate | Property::Channels => SOURCES,
    }
}
