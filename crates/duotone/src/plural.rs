/// A count with its noun: `1 file`, `2 files`, `2 entries`.
#[must_use]
pub fn plural(count: usize, noun: &str) -> String {
    match (count, noun.strip_suffix('y')) {
        (1, _) => format!("1 {noun}"),
        (_, Some(stem)) => format!("{count} {stem}ies"),
        _ => format!("{count} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::plural;

    #[test]
    fn noun_agrees_with_the_count() {
        assert_eq!([0, 1, 2].map(|n| plural(n, "epoch")), ["0 epochs", "1 epoch", "2 epochs"]);
        assert_eq!([0, 1, 2].map(|n| plural(n, "entry")), ["0 entries", "1 entry", "2 entries"]);
    }
}
