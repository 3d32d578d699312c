//! How it was done: what a reader needs to judge it and to do it again.

use std::fmt::Write;
use std::path::PathBuf;

use super::escape;
use super::table::Table;
use crate::{Results, Standardize, TrainSettings, Vote};

pub(super) fn section(results: &Results, page: &mut String) {
    let p = &results.protocol;
    let mut list = String::from("<dl>\n");
    let mut entry = |term: &str, words: &str| {
        let _ = writeln!(list, "<dt>{}</dt><dd>{}</dd>", escape(term), escape(words));
    };
    entry("collection", &p.collection);
    entry("its digest", &p.collection_digest);
    let labels: Vec<String> =
        p.labels.iter().map(|label| format!("{} {}", label.name, label.clips)).collect();
    entry("clips of each label", &labels.join(", "));
    let folds = match &p.group {
        Some(group) => format!("{}, stratified, no {group} in two folds", p.folds),
        None => format!("{}, stratified, not grouped", p.folds),
    };
    entry("folds", &folds);
    entry("their digest", &p.folds_digest);
    entry("training", &training(&p.settings));
    entry("scaling", standardize(p.settings.standardize));
    let vote = match p.vote {
        Vote::Mean => "mean of its segments’ probabilities",
        Vote::Majority => "majority of its segments",
        Vote::Max => "largest probability in any of its segments",
    };
    entry("decision on a file", vote);
    if let Some(f) = results.systems.first().map(|system| &system.front_end) {
        let words = format!(
            "{} Hz, Hann window {}, hop {}, {} mel bands, log10, segments of {} frames{}",
            f.sample_rate,
            f.window,
            f.hop,
            f.bands,
            f.segment_frames,
            if f.centered { ", centred" } else { "" }
        );
        entry("front end", &words);
    }
    entry("seed", &p.settings.seed.to_string());
    entry("version", &format!("duotone {}", p.version));
    let _ = write!(
        page,
        "<h2>Protocol</h2>\n<div class=\"panel\">{list}</dl>\n<pre>{}</pre></div>\n",
        escape(&p.command)
    );
    if !p.left_out.is_empty() {
        let mut table = Table::new(&["/file", "reason"]);
        for left_out in &p.left_out {
            table.row(false, &[left_out.path.display().to_string(), left_out.reason.clone()]);
        }
        let _ = write!(page, "<h2>Left out</h2>\n<div class=\"panel\">{}</div>\n", table.html());
    }
    paths("Repeated to fill a segment", &p.repeated, page);
    paths("Silent", &p.silent, page);
}

fn training(settings: &TrainSettings) -> String {
    let validation = if settings.validation > 0.0 {
        format!(", {:.0} % of the training clips held out", settings.validation * 100.0)
    } else {
        String::new()
    };
    format!(
        "{} epochs of plain SGD, learning rate {}, mini-batches of {}, {} segments{}{validation}",
        settings.epochs,
        settings.learning_rate,
        settings.batch_size,
        match settings.segments {
            duotone_audio::Segmenter::Random(count) => format!("{count} random"),
            duotone_audio::Segmenter::Consecutive => "consecutive".into(),
        },
        if settings.fresh_segments { ", drawn anew each epoch" } else { "" },
    )
}

fn standardize(kind: Standardize) -> &'static str {
    match kind {
        Standardize::None => "none",
        Standardize::Global => "one mean and deviation, from the fold’s training part",
        Standardize::Band => "mean and deviation of each mel band, from the fold’s training part",
        Standardize::Pixel => {
            "mean and deviation of each band and frame, from the fold’s training part"
        }
    }
}

fn paths(title: &str, paths: &[PathBuf], page: &mut String) {
    if paths.is_empty() {
        return;
    }
    let mut table = Table::new(&["/file"]);
    for path in paths {
        table.row(false, &[path.display().to_string()]);
    }
    let _ = write!(page, "<h2>{title}</h2>\n<div class=\"panel\">{}</div>\n", table.html());
}
