//! Different spellings of one name: they differ only in case, spaces, punctuation or accents.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// The name in lower case, without spaces, punctuation and accents. If nothing is left, the name
/// itself.
fn normalized(name: &str) -> String {
    let letters = name.nfkd().filter(|&c| !is_combining_mark(c)).flat_map(char::to_lowercase);
    let normalized: String = letters.filter(|c| c.is_alphanumeric()).collect();
    if normalized.is_empty() { name.to_owned() } else { normalized }
}

/// The sets of two or more names with the same normalized form, as indices.
pub(super) fn alike(names: &[String]) -> Vec<Vec<usize>> {
    let mut of_normalized: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (i, name) in names.iter().enumerate() {
        of_normalized.entry(normalized(name)).or_default().push(i);
    }
    of_normalized.into_values().filter(|names| names.len() > 1).collect()
}

#[cfg(test)]
mod tests {
    use super::{alike, normalized};

    #[test]
    fn ignores_case_spaces_punctuation_and_accents() {
        for (a, b) in [
            ("Björk", "BJORK"),
            ("Bjo\u{308}rk", "Bj\u{f6}rk"),
            ("hip-hop", "Hip Hop "),
            ("AC/DC", "acdc"),
            ("Сергей", "СЕРГЕЙ"),
            ("ﬁlm", "film"),
        ] {
            assert_eq!(normalized(a), normalized(b));
        }
    }

    #[test]
    fn distinguishes_letters_and_digits() {
        for (a, b) in [("Blink 182", "Blink 183"), ("東京", "京東"), ("!!!", "???"), ("", "-")]
        {
            assert_ne!(normalized(a), normalized(b));
        }
    }

    #[test]
    fn finds_sets_of_alike_names() {
        let names = ["Jazz", "Pop", "jazz", "p.o.p", "rock"].map(String::from);
        assert_eq!(alike(&names), [vec![0, 2], vec![1, 3]]);
    }
}
