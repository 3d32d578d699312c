//! From a decision and the values that are there to what is written.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::error::TagError;
use crate::field::Field;
use crate::rewrite::Change;

/// When a field is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum When {
    /// Only if it has no value.
    Empty,
    /// Always; other values are removed.
    Always,
    /// Always; other values are kept after the new ones.
    Merge,
    /// Always; other values are kept before the new ones.
    Append,
}

/// What is written where.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rules {
    /// The field.
    pub field: Field,
    /// When it is written.
    pub when: When,
    /// Labels with a smaller probability are not written.
    pub min_probability: f64,
    /// Largest number of labels.
    pub top: usize,
    /// Fields with one of these values are left as they are.
    pub keep: Vec<String>,
    /// What is written for a label; others are written as they are.
    pub map: BTreeMap<String, Vec<String>>,
    /// Whether label, probability and model are written to fields `DUOTONE_*`.
    pub evidence: bool,
}

/// A decision on a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// The most probable label.
    pub label: String,
    /// The probability of each label.
    pub probabilities: Vec<(String, f64)>,
    /// Whether the file belongs to none of the labels, as far as the model can tell.
    pub unknown: bool,
}

impl Decision {
    /// The probability of the most probable label.
    #[must_use]
    pub fn probability(&self) -> f64 {
        let own = self.probabilities.iter().find(|(label, _)| *label == self.label);
        own.map_or(0.0, |(_, probability)| *probability)
    }
}

/// What would change in a file, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proposal {
    /// Empty if nothing would.
    pub changes: Vec<Change>,
    /// For people to read.
    pub reason: String,
}

/// The fields of evidence: label, probability, digest of the model.
const EVIDENCE: [&str; 3] = ["DUOTONE_LABEL", "DUOTONE_PROBABILITY", "DUOTONE_MODEL"];

impl Rules {
    /// The fields whose values [`propose`](Self::propose) must be given, in order.
    #[must_use]
    pub fn fields(&self) -> Vec<Field> {
        let mut fields = vec![self.field.clone()];
        if self.evidence {
            fields.extend(EVIDENCE.map(|name| Field::Custom(name.into())));
        }
        fields
    }

    /// Decides what is written to a file. `present` has the values of each of [`fields`](Self::fields).
    #[must_use]
    pub fn propose(&self, decision: &Decision, model: &str, present: &[Vec<String>]) -> Proposal {
        let none = |reason: String| Proposal { changes: Vec::new(), reason };
        let empty = Vec::new();
        let before = present.first().unwrap_or(&empty);
        let field = &self.field;
        if decision.unknown {
            return none("too many of such decisions are wrong".into());
        }
        let labels = self.labels(decision);
        if labels.is_empty() {
            return none(format!("no label has a probability of {}", self.min_probability));
        }
        if let Some(kept) =
            before.iter().find(|value| self.keep.iter().any(|kept| same(kept, value)))
        {
            return none(format!("`{kept}` is kept"));
        }
        if self.when == When::Empty && !before.is_empty() {
            return none(format!("the field {field} has a value"));
        }
        let new = self.written(&labels);
        if new.is_empty() {
            return none(format!("nothing is written for `{}`", decision.label));
        }
        let after = self.combined(before, new);
        if after == *before {
            return none(format!("the field {field} has this value"));
        }
        let reason = match (before.is_empty(), self.when) {
            (true, _) => format!("the field {field} is empty"),
            (_, When::Always) => format!("the field {field} is replaced"),
            _ => format!("the field {field} gets more values"),
        };
        let mut changes = vec![Change { field: field.clone(), before: before.clone(), after }];
        if self.evidence {
            let labels: Vec<&str> = labels.iter().map(|(label, _)| *label).collect();
            let shares: Vec<String> = self
                .labels(decision)
                .iter()
                .map(|(_, probability)| format!("{probability:.3}"))
                .collect();
            let values = [labels.join("; "), shares.join("; "), model.to_owned()];
            for ((name, after), before) in EVIDENCE.iter().zip(values).zip(present.iter().skip(1)) {
                let field = Field::Custom((*name).into());
                if *before != [after.clone()] {
                    changes.push(Change { field, before: before.clone(), after: vec![after] });
                }
            }
        }
        Proposal { changes, reason }
    }

    /// The labels to write, best first.
    fn labels<'a>(&self, decision: &'a Decision) -> Vec<(&'a str, f64)> {
        let mut labels: Vec<(&str, f64)> =
            decision.probabilities.iter().map(|(label, p)| (label.as_str(), *p)).collect();
        // The vote decides which label comes first.
        labels.sort_by(|a, b| {
            let is_first = |label: &str| label == decision.label;
            is_first(b.0).cmp(&is_first(a.0)).then(b.1.total_cmp(&a.1))
        });
        labels.truncate(self.top);
        labels.retain(|(_, probability)| *probability >= self.min_probability);
        labels
    }

    /// What is written for labels, each value once.
    fn written(&self, labels: &[(&str, f64)]) -> Vec<String> {
        let mut values: Vec<String> = Vec::new();
        for (label, _) in labels {
            let own = vec![(*label).to_owned()];
            let mapped = self.map.get(*label).unwrap_or(&own);
            values = with_others(values, mapped.clone());
        }
        values
    }

    fn combined(&self, before: &[String], new: Vec<String>) -> Vec<String> {
        match self.when {
            When::Empty | When::Always => new,
            When::Merge => with_others(new, before.to_vec()),
            When::Append => with_others(before.to_vec(), new),
        }
    }
}

/// Values, followed by others that are not among them.
fn with_others(mut values: Vec<String>, others: Vec<String>) -> Vec<String> {
    for value in others {
        if !values.iter().any(|kept| same(kept, &value)) {
            values.push(value);
        }
    }
    values
}

/// Whether two values differ only in capital letters and spaces around them.
fn same(one: &str, other: &str) -> bool {
    one.trim().to_lowercase() == other.trim().to_lowercase()
}

/// Reads a mapping: a TOML table from labels to a text or a list of texts.
///
/// # Errors
/// [`TagError::Value`] if it is not such a table, or has values that cannot be written.
pub fn read_map(text: &str, field: &Field) -> Result<BTreeMap<String, Vec<String>>, TagError> {
    #[derive(Deserialize)]
    #[serde(untagged)]
    enum Written {
        One(String),
        Many(Vec<String>),
    }
    let wrong = |e: toml::de::Error| TagError::Value(e.to_string().trim_end().to_owned());
    let table: BTreeMap<String, Written> = toml::from_str(text).map_err(wrong)?;
    let mut map = BTreeMap::new();
    for (label, written) in table {
        let values = match written {
            Written::One(value) => vec![value],
            Written::Many(values) => values,
        };
        // An empty list: nothing is written for this label.
        if !values.is_empty() {
            field.check(&values)?;
        }
        map.insert(label, values);
    }
    Ok(map)
}

#[cfg(test)]
mod tests {
    use super::{Decision, Rules, When, read_map};
    use crate::field::Field;

    fn rules(when: When) -> Rules {
        let map = read_map("techno = ['Electronic', 'Techno']\nnoise = []", &Field::Genre).unwrap();
        Rules {
            field: Field::Genre,
            when,
            min_probability: 0.3,
            top: 1,
            keep: vec!["Podcast".into()],
            map,
            evidence: false,
        }
    }

    fn decision(label: &str) -> Decision {
        let probabilities = [("techno", 0.5), ("ambient", 0.3), ("noise", 0.2)];
        let probabilities = probabilities.map(|(name, p)| (name.to_owned(), p)).to_vec();
        Decision { label: label.into(), probabilities, unknown: false }
    }

    fn after(rules: &Rules, decision: &Decision, present: &[&str]) -> Option<Vec<String>> {
        let present = present.iter().map(|&value| value.to_owned()).collect();
        let proposal = rules.propose(decision, "digest", &[present]);
        proposal.changes.first().map(|change| change.after.clone())
    }

    #[test]
    fn when_decides_about_present_values() {
        let techno = decision("techno");
        type Values<'a> = &'a [&'a str];
        let cases: [(When, Values<'_>, Option<Values<'_>>); 9] = [
            (When::Empty, &[], Some(&["Electronic", "Techno"])),
            (When::Empty, &["Rock"], None),
            (When::Always, &["Rock"], Some(&["Electronic", "Techno"])),
            (When::Always, &["Electronic", "Techno"], None),
            (When::Merge, &["Rock", "techno"], Some(&["Electronic", "Techno", "Rock"])),
            (When::Append, &["Rock", "techno"], Some(&["Rock", "techno", "Electronic"])),
            (When::Append, &["techno", "electronic"], None),
            (When::Always, &["Rock", "podcast"], None),
            (When::Merge, &[], Some(&["Electronic", "Techno"])),
        ];
        for (when, present, expected) in cases {
            let after = after(&rules(when), &techno, present);
            let after: Option<Vec<&str>> =
                after.as_ref().map(|after| after.iter().map(|a| &**a).collect());
            assert_eq!(after.as_deref(), expected, "{when:?} {present:?}");
        }
    }

    #[test]
    fn labels_need_a_probability_and_a_value() {
        let mut rules = rules(When::Always);
        assert_eq!(after(&rules, &decision("noise"), &[]), None);
        rules.min_probability = 0.1;
        assert_eq!(after(&rules, &decision("noise"), &[]), None, "the map says so");
        rules.top = 2;
        let both = after(&rules, &decision("techno"), &[]).unwrap();
        assert_eq!(both, ["Electronic", "Techno", "ambient"]);
        rules.min_probability = 0.6;
        let proposal = rules.propose(&decision("techno"), "digest", &[Vec::new()]);
        assert_eq!(proposal.reason, "no label has a probability of 0.6");
        let unknown = Decision { unknown: true, ..decision("techno") };
        assert_eq!(after(&rules, &unknown, &[]), None);
    }

    #[test]
    fn evidence_names_label_probability_and_model() {
        let rules = Rules { evidence: true, ..rules(When::Always) };
        let present = vec![Vec::new(); rules.fields().len()];
        let changes = rules.propose(&decision("techno"), "digest", &present).changes;
        let after: Vec<&str> = changes[1..].iter().map(|change| &*change.after[0]).collect();
        assert_eq!(after, ["techno", "0.500", "digest"]);
        assert_eq!(changes[1].field, Field::Custom("DUOTONE_LABEL".into()));
    }

    #[test]
    fn maps_are_tables_of_texts() {
        assert_eq!(read_map("a = 'B'", &Field::Genre).unwrap()["a"], ["B"]);
        for bad in ["a = 1", "a", "a = ['']", "a = [\"b\\u0000\"]", "[a]\nb = 'c'"] {
            assert!(read_map(bad, &Field::Genre).is_err(), "{bad}");
        }
    }
}
