use duotone_audio::Extraction;
use serde::{Deserialize, Serialize};

/// What the user should know about a recording.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notes {
    /// Whether the recording is silent. Nothing is learnt from it, and a decision on it is
    /// meaningless.
    pub silent: bool,
    /// Whether the recording is shorter than a segment and was repeated to fill one.
    pub repeated: bool,
    /// A description of the parts that could not be decoded, if any.
    #[serde(alias = "damage", skip_serializing_if = "Option::is_none")]
    pub decode_errors: Option<String>,
    /// Other warnings, one sentence each; for example that channels cancel each other, or that a
    /// codec is decoded only in part.
    pub warnings: Vec<String>,
}

impl Notes {
    /// The notes of an extraction.
    #[must_use]
    pub fn of(extraction: &Extraction) -> Self {
        Self {
            silent: extraction.silent,
            repeated: extraction.repeated,
            decode_errors: extraction.decode_errors.clone(),
            warnings: extraction.warnings.clone(),
        }
    }

    /// Merges the notes of another part of the same recording, which is silent only if every part
    /// is.
    pub(crate) fn add(&mut self, part: Self) {
        self.silent &= part.silent;
        self.repeated |= part.repeated;
        // Parts that are decoded from the start of the file all report the errors there.
        if let Some(decode_errors) = part.decode_errors {
            match &mut self.decode_errors {
                Some(known) if known.contains(&decode_errors) => {}
                Some(known) => *known += &format!("; {decode_errors}"),
                None => self.decode_errors = Some(decode_errors),
            }
        }
        for warning in part.warnings {
            if !self.warnings.contains(&warning) {
                self.warnings.push(warning);
            }
        }
    }

    /// All notes in words, for people to read.
    #[must_use]
    pub fn words(&self) -> Vec<String> {
        let mut words = Vec::new();
        if self.silent {
            words.push("silent".to_owned());
        }
        if self.repeated {
            words.push("shorter than a segment".to_owned());
        }
        words.extend(self.decode_errors.clone());
        words.extend(self.warnings.iter().cloned());
        words
    }

    /// Names of the columns that [`cells`](Self::cells) fills.
    pub const COLUMNS: [&str; 4] = ["silent", "repeated", "decode_errors", "warnings"];

    /// The notes as cells of a table: `true` or `false` twice, then two texts that may be empty.
    #[must_use]
    pub fn cells(&self) -> [String; 4] {
        [
            self.silent.to_string(),
            self.repeated.to_string(),
            self.decode_errors.clone().unwrap_or_default(),
            self.warnings.join("; "),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::Notes;

    fn part(silent: bool, decode_errors: &str) -> Notes {
        let decode_errors = Some(decode_errors.to_owned()).filter(|words| !words.is_empty());
        Notes { silent, decode_errors, warnings: vec!["odd".into()], ..Notes::default() }
    }

    #[test]
    fn merges_the_notes_of_parts() {
        let mut notes = part(true, "");
        notes.add(part(true, "one"));
        assert!(notes.silent);
        notes.add(part(false, "one"));
        notes.add(part(true, "two"));
        notes.add(part(true, "two"));
        assert_eq!(notes.cells(), ["false", "false", "one; two", "odd"]);
        assert_eq!(notes.words(), ["one; two", "odd"]);
        assert!(Notes::default().words().is_empty());
    }
}
