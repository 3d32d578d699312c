//! Names that are meant to be one: they differ only in case, spaces, punctuation or accents.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// What is left of a name without case, spaces, punctuation and accents; the name itself where that
/// is nothing.
fn essence(name: &str) -> String {
    let letters = name.nfkd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase);
    let essence: String = letters.filter(|c| c.is_alphanumeric()).collect();
    if essence.is_empty() { name.to_owned() } else { essence }
}

/// The indices of distinct names, two or more together, that have the same essence.
pub(super) fn alike(names: &[String]) -> Vec<Vec<usize>> {
    let mut of_essence: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, name) in names.iter().enumerate() {
        of_essence.entry(essence(name)).or_default().push(i);
    }
    of_essence.into_values().filter(|names| names.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::{alike, essence};

    #[test]
    fn case_spaces_punctuation_and_accents_do_not_count() {
        for (a, b) in [
            ("Björk", "BJORK"),
            ("Bjo\u{308}rk", "Bj\u{f6}rk"),
            ("hip-hop", "Hip Hop "),
            ("AC/DC", "acdc"),
            ("Сергей", "СЕРГЕЙ"),
            ("ﬁlm", "film"),
        ] {
            assert_eq!(essence(a), essence(b));
        }
    }

    #[test]
    fn letters_and_digits_count() {
        for (a, b) in [("Blink 182", "Blink 183"), ("東京", "京東"), ("!!!", "???"), ("", "-")]
        {
            assert_ne!(essence(a), essence(b));
        }
    }

    #[test]
    fn alike_names_come_together() {
        let names = ["Jazz", "Pop", "jazz", "p.o.p", "rock"].map(String::from);
        assert_eq!(alike(&names), [vec![0, 2], vec![1, 3]]);
    }
}
