//! Leaks that make the scores too high; the section is omitted if there are none.

use super::table;
use super::text::{decimal, escape, path};
use duotone::leaks::{ClipName, Findings, SameRecording};

/// Maximum number of rows; `results.json` contains all.
const MAX: usize = 100;

pub(super) fn section(found: &Findings) -> String {
    if found.count() == 0 {
        return String::new();
    }
    let warnings: String =
        found.warnings().iter().map(|warning| format!("<li>{}</li>", escape(warning))).collect();
    let mut body = format!("<ul>{warnings}</ul>");
    if !found.recordings.is_empty() {
        let rows: Vec<String> = found.recordings.iter().take(MAX).map(row).collect();
        let heads = ["<Clip", "<The same recording", "Begins after, s", "Score", "<What it means"];
        let caption = match found.recordings.len() {
            n if n > MAX => format!("The gravest {MAX} of {n}; results.json has all."),
            _ => "Found by acoustic fingerprints of the spectrograms; a score of 0 is chance, 1 \
                  is equality."
                .to_owned(),
        };
        body += &table("The same recording", &heads, &rows, &caption);
    }
    let names = found.alike_groups.iter().chain(&found.alike_labels).map(|alike| &alike.names);
    body += &list("Nearly the same name", names.map(|names| names.join(" · ")));
    let rare = found.rare_labels.iter().map(|label| label.name.clone());
    body += &list("Labels too rare for the folds", rare);
    format!("<section><h2>Leaks</h2><div class=\"card\">{body}</div></section>")
}

fn row(pair: &SameRecording) -> String {
    let means: Vec<&str> = pair.harm.iter().map(|harm| harm.meaning()).collect();
    format!(
        r#"<td class="text">{}</td><td class="text">{}</td><td>{}</td><td>{}</td><td class="text">{}</td>"#,
        clip(&pair.first),
        clip(&pair.second),
        decimal(pair.offset, 1),
        decimal(pair.score, 2),
        means.join("<br>"),
    )
}

fn clip(clip: &ClipName) -> String {
    let mut about = vec![clip.label.clone()];
    about.extend(clip.group.clone());
    about.extend(clip.fold.as_ref().map(|fold| format!("fold {fold}")));
    format!("{}<br><span class=\"soft\">{}</span>", path(&clip.path), escape(&about.join(", ")))
}

fn list(title: &str, items: impl Iterator<Item = String>) -> String {
    let items: String = items.map(|item| format!("<li>{}</li>", escape(&item))).collect();
    if items.is_empty() { items } else { format!("<h3>{title}</h3><ul>{items}</ul>") }
}
