//! Descriptions of models and recordings for people.

use std::fmt::Write;
use std::path::Path;

use duotone::audio::{Extraction, FrontEnd, Segmenter};
use duotone::confidence::Confidence;
use duotone::model::{ModelCard, Sampling, Standardize};
use duotone::nn::Architecture;
use duotone::path_text;
use serde::Serialize;

use crate::output::{count, decimal, duration, field, percent, table};

/// Formats a model's card as lines and small tables.
pub(crate) fn model(path: &Path, card: &ModelCard) -> String {
    let a = &card.architecture;
    let mut text = format!(
        "{}: {}, {} parameters, made by duotone {}\n\n",
        path_text(path),
        card.recipe,
        a.parameters(),
        card.version
    );
    text += &labels(card);
    text.push('\n');
    text += &network(a);
    text.push('\n');
    for backbone in &card.backbones {
        let of = format!("{}, {}, licence {}", backbone.name, backbone.source, backbone.licence);
        text += &field("contains", &of);
    }
    text += &field("front end", &front_end(&card.front_end));
    let held_out = match card.held_out_clips() {
        0 => String::new(),
        count => format!(", {count} held out"),
    };
    let clips = count(card.training_clips(), "clip");
    let labels = match card.label_column.as_str() {
        "folder" => "labelled by folder".to_owned(),
        column => format!("label column {column}"),
    };
    text += &field("trained on", &format!("{clips}{held_out}, {labels}"));
    text += &field("collection", &card.collection_digest);
    text += &field("training", &training(card));
    if let Some(last) = card.history.last() {
        let (loss, accuracy) = (decimal(last.loss, 4), percent(last.accuracy));
        let last = format!("loss {loss}, accuracy {accuracy} on training segments");
        text += &field("last epoch", &last);
    }
    let measured = match &card.measured {
        Some(m) => format!(
            "{} on {}, {} on their segments ({})",
            percent(m.file_accuracy),
            count(m.clips, "clip"),
            percent(m.segment_accuracy),
            m.protocol
        ),
        None => "not measured: nothing was held out".to_owned(),
    };
    text += &field("accuracy", &measured);
    if let Some(confidence) = &card.confidence {
        text.push('\n');
        text += &trust(confidence);
    }
    text
}

/// The error rates that a card lists.
const RISKS: [f64; 3] = [0.05, 0.1, 0.2];

/// How far decisions can be trusted.
fn trust(confidence: &Confidence) -> String {
    let groups =
        confidence.groups.map_or_else(String::new, |n| format!(" of {}", count(n, "group")));
    let files = count(confidence.files, "file");
    let mut text = format!("{files}{groups} held out in {} inner folds\n\n", confidence.folds);
    let (before, after) = (confidence.before, confidence.after);
    text += &table(
        &["", "temperature", "ECE", "log loss", "Brier score"],
        [("as they are", None, before), ("calibrated", Some(confidence.file_temperature), after)]
            .map(|(name, temperature, scores)| {
                [
                    name.to_owned(),
                    temperature.map_or_else(String::new, |t| decimal(t, 2)),
                    percent(scores.calibration_error),
                    decimal(scores.log_loss, 3),
                    decimal(scores.brier_score, 3),
                ]
            }),
    );
    text.push('\n');
    let accepted = |risk: f64| {
        let threshold = confidence.risk.threshold(risk)?;
        let point = confidence.risk.0.iter().find(|point| point.threshold == threshold)?;
        let share = point.accepted as f64 / confidence.risk.decisions().max(1) as f64;
        Some((threshold, share))
    };
    text += &table(
        &["error at most", "smallest probability", "files decided"],
        RISKS.map(|risk| {
            let (threshold, share) = match accepted(risk) {
                Some((threshold, share)) => (decimal(threshold, 3), percent(share)),
                None => ("–".to_owned(), percent(0.0)),
            };
            [percent(risk), threshold, share]
        }),
    );
    text
}

/// A table of the labels and their clips, with held-out clips in a separate column.
fn labels(card: &ModelCard) -> String {
    let held_out = card.labels.iter().any(|label| label.held_out > 0);
    let mut header = vec!["label", "clips"];
    if held_out {
        header.push("held out");
    }
    let rows = card.labels.iter().map(|label| {
        let mut row = vec![label.name.clone(), label.clips.to_string()];
        row.extend(held_out.then(|| label.held_out.to_string()));
        row
    });
    table(&header, rows)
}

fn network(a: &Architecture) -> String {
    let size = |(bands, frames): (usize, usize)| format!("{bands}×{frames}");
    let mut text =
        format!("network, sizes in bands × frames, input {}\n\n", size((a.bands, a.frames)));
    text += &table(
        &["pipeline", "filters", "kernel", "map", "pool", "pooled map"],
        a.pipelines.iter().enumerate().flat_map(|(i, p)| {
            let blocks = p.blocks.iter().zip(a.map_shapes(p));
            blocks.map(move |(block, map)| {
                [
                    (i + 1).to_string(),
                    match block.backbone() {
                        Some(name) => format!("{} features of {name}", block.filters),
                        None => block.filters.to_string(),
                    },
                    size(block.kernel),
                    size(map.convolved),
                    size(block.pool),
                    size(map.pooled),
                ]
            })
        }),
    );
    let hidden = match a.hidden_units {
        0 => String::new(),
        units => format!("dense {units}, sigmoid → "),
    };
    let _ = writeln!(
        text,
        "\n{} features → {hidden}dropout {} → {} classes, softmax; LeakyReLU {}",
        a.features(),
        a.dropout,
        a.classes,
        a.negative_slope
    );
    text
}

fn front_end(f: &FrontEnd) -> String {
    format!(
        "{} Hz, window {}, hop {}, {} mel bands, segments of {} frames ({:.2} s), {}",
        f.sample_rate,
        f.window,
        f.hop,
        f.bands,
        f.segment_frames,
        f.segment_samples() as f64 / f64::from(f.sample_rate),
        if f.centered { "frames centred" } else { "frames not centred" }
    )
}

fn training(card: &ModelCard) -> String {
    let s = &card.settings;
    let segments = match s.segments {
        Segmenter::Random(count) if s.fresh_segments => format!("{count} random, fresh each epoch"),
        Segmenter::Random(count) => format!("{count} random"),
        Segmenter::Consecutive => "consecutive".to_owned(),
    };
    let standardize = match s.standardize {
        Standardize::None => "not standardised",
        Standardize::Global => "standardised globally",
        Standardize::Band => "standardised by band",
        Standardize::Pixel => "standardised by pixel",
    };
    let sampling = match s.sampling {
        Sampling::Uniform => "",
        Sampling::Balanced => " balanced by label,",
    };
    format!(
        "{}, learning rate {}, batches of {}, {segments} segments per clip,{sampling} \
         {standardize}, seed {}",
        count(s.epochs, "epoch"),
        s.learning_rate,
        s.batch_size,
        s.seed
    )
}

/// The description of a recording.
#[derive(Debug, Serialize)]
pub(crate) struct Recording {
    path: String,
    codec: String,
    sample_rate: u32,
    channels: usize,
    seconds: Option<f64>,
    front_end: FrontEnd,
    bands: usize,
    frames: usize,
    consecutive_segments: usize,
    silent: bool,
    repeated: bool,
    decode_errors: Option<String>,
    warnings: Vec<String>,
}

impl Recording {
    /// Describes a file and the spectrogram extracted from it.
    pub(crate) fn new(path: &Path, front_end: &FrontEnd, extraction: &Extraction) -> Self {
        let (source, frames) = (&extraction.source, extraction.spectrogram.frames());
        let hops = front_end.segment_hops();
        let starts = Segmenter::Consecutive.starts(frames, front_end.segment_frames, hops, |_| 0);
        Self {
            path: path_text(path).into_owned(),
            codec: source.codec.clone(),
            sample_rate: source.sample_rate,
            channels: source.channels,
            seconds: source.seconds,
            front_end: front_end.clone(),
            bands: extraction.spectrogram.bands(),
            frames,
            consecutive_segments: starts.len(),
            silent: extraction.silent,
            repeated: extraction.repeated,
            decode_errors: extraction.decode_errors.clone(),
            warnings: extraction.warnings.clone(),
        }
    }

    /// Formats the description for people.
    pub(crate) fn text(&self) -> String {
        let channels = count(self.channels, "channel");
        let mut text =
            format!("{}: {}, {} Hz, {channels}", self.path, self.codec, self.sample_rate);
        if let Some(seconds) = self.seconds {
            let _ = write!(text, ", {}", duration(seconds));
        }
        text += "\n\n";
        text += &field("front end", &front_end(&self.front_end));
        let _ = writeln!(text, "spectrogram  {} bands × {} frames", self.bands, self.frames);
        let _ = writeln!(text, "segments     {} consecutive", self.consecutive_segments);
        for (applies, note) in [
            (self.silent, "silent: a decision about it would be meaningless"),
            (self.repeated, "shorter than a segment: repeated to fill one"),
        ] {
            if applies {
                let _ = writeln!(text, "note         {note}");
            }
        }
        if let Some(decode_errors) = &self.decode_errors {
            let _ = writeln!(text, "errors       {decode_errors}");
        }
        for warning in &self.warnings {
            let _ = writeln!(text, "warning      {warning}");
        }
        text
    }
}
