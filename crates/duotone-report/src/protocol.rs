use std::path::PathBuf;

use duotone::audio::Segmenter;

use super::text::{count, escape, path};
use duotone::classify::Vote;
use duotone::evaluate::Results;
use duotone::model::{Sampling, Standardize, TrainSettings};

/// Formats everything needed to repeat or to judge the evaluation.
pub(super) fn section(results: &Results) -> String {
    let p = &results.protocol;
    let group = match &p.group {
        Some(column) => format!("by {}: none of its values is in two folds", escape(column)),
        None => "none: clips of one artist or album may be in several folds".into(),
    };
    let labels: Vec<String> =
        p.labels.iter().map(|l| format!("{} ({})", escape(&l.name), l.clips)).collect();
    let mut rows = vec![
        ("Collection", format!("<code>{}</code>", escape(&p.collection))),
        ("Content and labels", digest(&p.collection_digest)),
        ("Labels", format!("{}: {}", escape(&p.label), labels.join(", "))),
        (
            "Folds",
            format!(
                "{}, by {}{}; {}",
                p.folds,
                escape(&p.folds_source),
                p.fold_names.as_deref().map(names).unwrap_or_default(),
                digest(&p.folds_digest)
            ),
        ),
        ("Groups", group),
    ];
    if p.repeats > 1 {
        rows.push(("Repeats", format!("{}, each with seeds of its own", p.repeats)));
    }
    if let Some(seed) = p.seed.or(p.settings.as_ref().map(|settings| settings.seed)) {
        rows.push(("Seed", seed.to_string()));
    }
    if let (Some(settings), Some(vote)) = (&p.settings, p.vote) {
        rows.extend(training("", settings, vote));
    }
    for network in results.systems.iter().flat_map(|system| &system.networks) {
        let f = &network.front_end;
        let text = format!(
            "{}: {} Hz, Hann window {}, hop {}, {} mel bands (Slaney), log10 of power, segments of \
             {} frames, {}",
            escape(&network.name),
            f.sample_rate,
            f.window,
            f.hop,
            f.bands,
            f.segment_frames,
            if f.centered { "centred" } else { "not centred" },
        );
        rows.push(("Front end", text));
        if let (Some(settings), Some(vote)) = (&network.settings, network.vote) {
            rows.extend(training(&format!("{}: ", escape(&network.name)), settings, vote));
            rows.push(("Seed", format!("{}: {}", escape(&network.name), settings.seed)));
        }
    }
    rows.push((
        "Version",
        format!("duotone {}, results format {}", escape(&p.version), results.format),
    ));
    let rows: String =
        rows.iter().map(|(name, text)| format!("<dt>{name}</dt><dd>{text}</dd>\n")).collect();
    format!(
        "<section><h2>Protocol</h2><div class=\"card\"><dl>{rows}</dl><h3>To repeat it</h3>\
         <pre>{}</pre></div>{}{}</section>",
        escape(&p.command),
        balance(results),
        files(results),
    )
}

/// Lists the names of the folds, if they are not their numbers.
fn names(names: &[String]) -> String {
    let plain = names.iter().zip(1..).all(|(name, number): (_, usize)| *name == number.to_string());
    match plain {
        true => String::new(),
        false => format!(" (in order {})", escape(&names.join(", "))),
    }
}

/// Describes how networks are trained and vote; `whose` names the network, if they differ.
fn training(whose: &str, settings: &TrainSettings, vote: Vote) -> Vec<(&'static str, String)> {
    let sgd = format!(
        "{}, plain SGD, learning rate {}, mini-batches of {}",
        count(settings.epochs, "epoch"),
        settings.learning_rate,
        settings.batch_size
    );
    let rows = [
        ("Training", sgd),
        ("Segments", segments(settings.segments, settings.fresh_segments)),
        ("Sampling", sampling(settings.sampling).into()),
        ("Standardisation", standardize(settings.standardize).into()),
        ("Held out for validation", validation(settings.validation)),
        ("A file's decision", words(vote).into()),
    ];
    rows.into_iter().map(|(name, text)| (name, format!("{whose}{text}"))).collect()
}

/// Formats the number of clips per label and fold.
fn balance(results: &Results) -> String {
    let p = &results.protocol;
    let rows: Vec<String> = p
        .labels
        .iter()
        .enumerate()
        .map(|(i, label)| {
            let counts = p.balance.counts.iter().map(|fold| fold.get(i).copied().unwrap_or(0));
            let cells: String = counts.map(|n| format!("<td>{n}</td>")).collect();
            format!(r#"<th scope="row" class="text">{}</th>{cells}"#, escape(&label.name))
        })
        .collect();
    let mut heads = vec!["<Label".to_owned()];
    heads.extend((1..=p.balance.counts.len()).map(|fold| format!("Fold {fold}")));
    let heads: Vec<&str> = heads.iter().map(String::as_str).collect();
    let caption = format!(
        "Clips tested. The furthest from an even share of a label: {:.1} clips. folds.csv says \
         which clip is where.",
        p.balance.largest_deviation
    );
    format!(
        r#"<div class="card"><h3>Labels over the folds</h3>{}</div>"#,
        super::table("Labels over the folds", &heads, &rows, &caption)
    )
}

fn digest(digest: &str) -> String {
    format!("digest <code>{}</code>", escape(digest))
}

fn segments(segments: Segmenter, fresh: bool) -> String {
    match segments {
        Segmenter::Random(n) if fresh => format!("{n} a clip, at new random positions each epoch"),
        Segmenter::Random(n) => format!("{n} a clip, at random positions drawn once"),
        Segmenter::Consecutive => "consecutive, as many as fit".into(),
    }
}

fn sampling(sampling: Sampling) -> &'static str {
    match sampling {
        Sampling::Uniform => "every segment once an epoch",
        Sampling::Balanced => "segments of every label equally often in each epoch",
    }
}

fn standardize(standardize: Standardize) -> &'static str {
    match standardize {
        Standardize::None => "none",
        Standardize::Global => "one mean and deviation for all, from the training part of a fold",
        Standardize::Band => "a mean and deviation per band, from the training part of a fold",
        Standardize::Pixel => {
            "a mean and deviation per band and frame, from the training part of a fold"
        }
    }
}

fn validation(share: f64) -> String {
    if share > 0.0 {
        format!("{} of the training clips, not trained on", super::text::percent(share))
    } else {
        "nothing".into()
    }
}

fn words(vote: Vote) -> &'static str {
    match vote {
        Vote::Mean => "mean of its segments' probabilities",
        Vote::Majority => "the label that most of its segments win",
        Vote::Max => "the label with the largest probability in any segment",
    }
}

/// Lists files that were skipped, repeated or silent.
fn files(results: &Results) -> String {
    let p = &results.protocol;
    let mut html = String::from(r#"<div class="card"><h3>Files</h3>"#);
    if p.skipped_files.is_empty() {
        html += "<p>No file was skipped.</p>";
    } else {
        let rows: Vec<String> = p
            .skipped_files
            .iter()
            .map(|skipped| {
                format!(
                    r#"<td class="text">{}</td><td class="text">{}</td>"#,
                    path(&skipped.path),
                    escape(&skipped.error)
                )
            })
            .collect();
        let caption = format!("{} skipped.", count(rows.len(), "file"));
        html += &super::table("Skipped files", &["<File", "<Error"], &rows, &caption);
    }
    html += &list("shorter than a segment, repeated to fill one", &p.repeated);
    html += &list("silent: tested, but not trained on", &p.silent);
    html += &noted(results);
    html + "</div>"
}

/// Lists files with decode errors or warnings.
fn noted(results: &Results) -> String {
    let predictions = results
        .systems
        .iter()
        .find(|s| !s.networks.is_empty())
        .map_or(&[][..], |system| &system.predictions);
    let mut items = Vec::new();
    let mut before = None;
    for prediction in predictions {
        // Decisions with several seeds follow each other.
        if before.replace(&prediction.path) == Some(&prediction.path) {
            continue;
        }
        let notes = &prediction.notes;
        for words in notes.decode_errors.iter().chain(&notes.warnings) {
            items.push(format!("<li>{}: {}</li>", path(&prediction.path), escape(words)));
        }
    }
    if items.is_empty() {
        return String::new();
    }
    format!(
        r#"<details><summary>{} on decode errors and unusual recordings</summary><ul class="paths">{}</ul></details>"#,
        count(items.len(), "note"),
        items.concat()
    )
}

fn list(what: &str, paths: &[PathBuf]) -> String {
    if paths.is_empty() {
        return String::new();
    }
    let items: String = paths.iter().map(|p| format!("<li>{}</li>", path(p))).collect();
    format!(
        r#"<details><summary>{} {what}</summary><ul class="paths">{items}</ul></details>"#,
        count(paths.len(), "clip")
    )
}
