//! Command lines with placeholders: `./Train.sh {scratch} {train}`.

use std::ffi::{OsStr, OsString};

/// A command line, split into words as a shell does, with placeholders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    text: String,
    words: Vec<Vec<Piece>>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Piece {
    Text(String),
    Place(&'static str),
}

impl Template {
    /// Parses a command line. No shell runs it: quotes group words, and nothing else is special.
    /// Exactly the placeholders in `places` must occur.
    pub(super) fn parse(text: &str, places: &'static [&'static str]) -> Result<Self, String> {
        let words = shlex::split(text).ok_or_else(|| format!("unclosed quote in `{text}`"))?;
        if words.is_empty() {
            return Err("the command line is empty".into());
        }
        let words: Vec<Vec<Piece>> =
            words.iter().map(|word| pieces(word, places)).collect::<Result<_, _>>()?;
        let has = |place| words.iter().flatten().any(|piece| *piece == Piece::Place(place));
        match places.iter().find(|place| !has(place)) {
            Some(place) => Err(format!("the placeholder {{{place}}} is missing from `{text}`")),
            None => Ok(Self { text: text.into(), words }),
        }
    }

    /// Returns the words, with a value for every placeholder.
    pub(super) fn fill(&self, value: impl Fn(&str) -> OsString) -> Vec<OsString> {
        let word = |pieces: &Vec<Piece>| {
            pieces.iter().fold(OsString::new(), |mut word, piece| {
                match piece {
                    Piece::Text(text) => word.push(OsStr::new(text)),
                    Piece::Place(place) => word.push(value(place)),
                }
                word
            })
        };
        self.words.iter().map(word).collect()
    }
}

impl std::fmt::Display for Template {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.text)
    }
}

fn pieces(word: &str, places: &'static [&'static str]) -> Result<Vec<Piece>, String> {
    let mut pieces = Vec::new();
    let mut rest = word;
    let mut text = String::new();
    while let Some(open) = rest.find('{') {
        text += &rest[..open];
        rest = &rest[open..];
        let name = rest[1..].split('}').next().unwrap_or_default();
        let is_name = !name.is_empty() && name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !is_name || !rest[1 + name.len()..].starts_with('}') {
            text.push('{');
            rest = &rest[1..];
            continue;
        }
        let Some(place) = places.iter().find(|place| **place == name) else {
            let may = places.iter().map(|p| format!("{{{p}}}")).collect::<Vec<_>>().join(", ");
            return Err(format!(
                "unknown placeholder {{{name}}}: the placeholders of this command are {may}"
            ));
        };
        pieces.push(Piece::Text(std::mem::take(&mut text)));
        pieces.push(Piece::Place(place));
        rest = &rest[name.len() + 2..];
    }
    text += rest;
    pieces.push(Piece::Text(text));
    Ok(pieces)
}

#[cfg(test)]
mod tests {
    use super::Template;

    const PLACES: &[&str] = &["scratch", "train"];

    fn fill(text: &str) -> Result<Vec<String>, String> {
        let template = Template::parse(text, PLACES)?;
        let words = template.fill(|place| format!("/my {place}").into());
        Ok(words.into_iter().map(|word| word.into_string().unwrap()).collect())
    }

    #[test]
    fn places_are_filled_and_stay_one_word() {
        assert_eq!(
            fill("./Train.sh -x '{a b}' {scratch} --list={train} {}").unwrap(),
            ["./Train.sh", "-x", "{a b}", "/my scratch", "--list=/my train", "{}"]
        );
    }

    #[test]
    fn what_cannot_be_called_is_refused() {
        for (text, word) in [
            ("", "empty"),
            ("x {scratch} '{train}", "quote"),
            ("x {scratch}", "placeholder {train} is missing from `x {scratch}`"),
            ("x {scratch} {train} {ouput}", "unknown placeholder {ouput}: the placeholders"),
        ] {
            let message = fill(text).unwrap_err();
            assert!(message.contains(word), "{message}");
        }
    }
}
