//! Labels with too few clips, or groups, to be dealt to folds.

use std::collections::BTreeSet;

use super::Collection;
use crate::error::Error;
use crate::plural::plural;

/// Clips and groups of each class.
pub(crate) struct Units {
    pub(crate) clips: Vec<usize>,
    /// The groups of each class, where the collection is grouped.
    pub(crate) groups: Option<Vec<BTreeSet<usize>>>,
}

impl Units {
    pub(crate) fn of(collection: &Collection) -> Self {
        let numbers = collection.group_numbers();
        let mut clips = vec![0; collection.labels.len()];
        let mut groups = vec![BTreeSet::new(); clips.len()];
        for (i, item) in collection.items.iter().enumerate() {
            clips[item.label] += 1;
            groups[item.label].extend(numbers.as_ref().map(|numbers| numbers[i]));
        }
        Self { clips, groups: numbers.map(|_| groups) }
    }

    /// How many clips, or groups, of a class there are to be dealt to folds.
    fn dealt(&self, class: usize) -> usize {
        self.groups.as_ref().map_or(self.clips[class], |groups| groups[class].len())
    }

    /// The classes with fewer than this, by number.
    pub(crate) fn fewer_than(&self, least: usize) -> Vec<usize> {
        (0..self.clips.len()).filter(|&class| self.dealt(class) < least).collect()
    }
}

impl Collection {
    /// The same collection without the labels that have fewer than `least` clips or, where it is
    /// grouped, fewer than `least` groups; a notice names them.
    ///
    /// # Errors
    /// [`Error::Collection`] when fewer than two labels are left.
    pub fn without_rare(&self, least: usize) -> Result<Self, Error> {
        let units = Units::of(self);
        let rare = units.fewer_than(least);
        if rare.is_empty() {
            return Ok(self.clone());
        }
        let keep = |&i: &usize| !rare.contains(&self.items[i].label);
        let keep: Vec<usize> = (0..self.items.len()).filter(keep).collect();
        let mut kept = self.subset(&keep);
        kept.notices.push(format!(
            "left out {} with fewer than {}: {}",
            plural(rare.len(), "label"),
            plural(least, self.unit()),
            self.with_counts(&rare, &units)
        ));
        if kept.labels.len() < 2 {
            return Err(self.refused(format!(
                "{} with {} or more: at least two labels are needed; ask for fewer",
                plural(kept.labels.len(), "label"),
                plural(least, self.unit())
            )));
        }
        Ok(kept)
    }

    /// Refuses a number of folds that some labels cannot be dealt to, and names all of them.
    pub(crate) fn refuse_rare(&self, folds: usize) -> Result<(), Error> {
        let units = Units::of(self);
        let rare = units.fewer_than(folds);
        let few = rare.iter().map(|&class| units.dealt(class)).min();
        let Some(few) = few else { return Ok(()) };
        let what = match rare.as_slice() {
            [only] => {
                let has = plural(few, self.unit());
                format!("label `{}` has {has}, fewer than {folds} folds", self.labels[*only])
            }
            _ => format!(
                "{} labels have fewer {}s than {folds} folds: {}",
                rare.len(),
                self.unit(),
                self.with_counts(&rare, &units)
            ),
        };
        let fewer = match few {
            0 | 1 => String::new(),
            _ => format!("choose at most {few} folds, "),
        };
        Err(self.refused(format!(
            "{what}: {fewer}add files, or leave rare labels out (`min_per_label={folds}`)"
        )))
    }

    /// What is dealt to folds.
    fn unit(&self) -> &str {
        self.group_column.as_deref().unwrap_or("file")
    }

    /// Labels with how much there is of each.
    fn with_counts(&self, classes: &[usize], units: &Units) -> String {
        let one = |&class: &usize| format!("`{}` ({})", self.labels[class], units.dealt(class));
        classes.iter().map(one).collect::<Vec<_>>().join(", ")
    }
}
