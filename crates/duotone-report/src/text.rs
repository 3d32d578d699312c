//! Formats values as HTML text.

use std::path::Path;

use duotone::evaluate::FoldResult;
use duotone::path_text;

/// Escapes text: labels and paths may contain anything.
pub(super) fn escape(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe += "&amp;",
            '<' => safe += "&lt;",
            '>' => safe += "&gt;",
            '"' => safe += "&quot;",
            '\'' => safe += "&#39;",
            c if c.is_control() => safe.push('\u{fffd}'),
            c => safe.push(c),
        }
    }
    safe
}

/// Escapes a path, with an optional line break after each separator.
pub(super) fn path(path: &Path) -> String {
    format!("<code>{}</code>", escape(&path_text(path)).replace('/', "/<wbr>"))
}

/// Escapes at most `most` characters of a text, with an ellipsis for the rest.
pub(super) fn short(text: &str, most: usize) -> String {
    if text.chars().count() <= most {
        return escape(text);
    }
    let kept: String = text.chars().take(most.saturating_sub(1)).collect();
    format!("{}…", escape(kept.trim_end()))
}

/// Formats a fold's number and, with repeats, its seed: `2, seed 1`.
pub(super) fn fold_name(fold: &FoldResult) -> String {
    match fold.seed {
        Some(seed) => format!("{}, seed {seed}", fold.fold),
        None => fold.fold.to_string(),
    }
}

/// Formats a share of 1 as a percentage; a dash if it is not a number.
pub(super) fn percent(share: f64) -> String {
    if share.is_finite() { format!("{:.1}\u{202f}%", 100.0 * share) } else { "–".into() }
}

/// Formats a number with a few decimals; a dash if it is not a number.
pub(super) fn decimal(value: f64, places: usize) -> String {
    if value.is_finite() { format!("{value:.places$}") } else { "–".into() }
}

/// Formats an integer with separated thousands.
pub(super) fn thousands(value: usize) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// `1 clip`, `2 clips`.
pub(super) fn count(n: usize, what: &str) -> String {
    format!("{} {what}{}", thousands(n), if n == 1 { "" } else { "s" })
}
