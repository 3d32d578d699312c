//! A recording gets the same label in every encoding.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;

use duotone_demo::{DemoOptions, compose};
use tempfile::tempdir;

use crate::run::{TINY, command, duotone};
use crate::sound::{collection, tiny};

/// Number of encoded pieces, composed with a different seed than the training pieces.
const PIECES: usize = 64;
/// Smallest allowed share of an encoding's files with the same label as their source.
const MIN_SHARE: f64 = 0.95;

/// Extensions and ffmpeg's options for them: its defaults, except for MP3, where the default at
/// this sample rate would be 32 kbit/s.
const ENCODINGS: [(&str, &[&str]); 7] = [
    ("mp3", &["-c:a", "libmp3lame", "-b:a", "128k"]),
    ("flac", &["-c:a", "flac"]),
    ("16.wav", &["-c:a", "pcm_s16le"]),
    ("24.wav", &["-c:a", "pcm_s24le"]),
    ("m4a", &["-c:a", "aac"]),
    ("ogg", &["-c:a", "libvorbis"]),
    ("opus", &["-c:a", "libopus"]),
];

#[test]
fn label_does_not_depend_on_the_encoding() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempdir().unwrap();
    let dir = folder.path();
    train_on_the_demo(dir);
    encode_other_pieces(dir);
    let sources = labels(dir, "source");
    assert_eq!(sources.len(), PIECES);
    let mut figures = String::new();
    let mut least = 1.0_f64;
    for (encoding, _) in ENCODINGS {
        let labels = labels(dir, encoding);
        let same = sources.iter().filter(|(piece, label)| labels.get(*piece) == Some(label));
        let share = same.count() as f64 / PIECES as f64;
        figures += &format!("{encoding}: {:.1} % of {PIECES} same\n", 100.0 * share);
        least = least.min(share);
    }
    println!("{figures}");
    assert!(least >= MIN_SHARE, "{figures}");
}

/// The index of an MP4 file states its whole length, even if the file is cut off.
#[test]
fn excerpts_behind_the_end_of_a_file_are_reported() {
    if !has_ffmpeg() {
        return;
    }
    let folder = tempdir().unwrap();
    let dir = folder.path();
    collection(dir, 4);
    tiny(dir);
    let train = [&["train", "music", "-o", "m.safetensors"][..], &TINY].concat();
    duotone(dir, train).ends_with(0);
    let sine = ["-v", "error", "-f", "lavfi", "-i", "sine=440:duration=60"];
    let status = Command::new("ffmpeg")
        .current_dir(dir)
        .args(sine)
        .args(["-movflags", "+faststart", "cut.m4a"])
        .status();
    assert!(status.unwrap().success());
    let bytes = fs::read(dir.join("cut.m4a")).unwrap();
    fs::write(dir.join("cut.m4a"), &bytes[..bytes.len() * 3 / 5]).unwrap();
    let classify = ["classify", "m.safetensors", "cut.m4a", "--excerpts", "3x5", "-f", "json"];
    let decision = duotone(dir, classify).ends_with(0).stdout;
    let decision: serde_json::Value = serde_json::from_str(&decision).unwrap();
    assert_eq!(decision[0]["excerpts"].as_array().unwrap().len(), 2, "{decision}");
    let warning = decision[0]["warnings"][0].as_str().unwrap();
    assert!(warning.starts_with("1 of 3 excerpts missing"), "{warning}");
}

fn has_ffmpeg() -> bool {
    let found = Command::new("ffmpeg").arg("-version").output().is_ok();
    if !found {
        println!("skipped: no ffmpeg");
    }
    found
}

/// Trains like `duotone demo`.
fn train_on_the_demo(dir: &Path) {
    compose(&dir.join("demo"), &DemoOptions::default(), &(), &|_, _| {}).unwrap();
    let args = ["train", "demo/tracks.csv", "--label", "style", "--epochs", "12", "--seed", "0"];
    // Real training may exceed the helper's time limit on a busy machine.
    let mut train = command();
    train.current_dir(dir).args(args).args(["--quiet", "--output", "style.safetensors"]);
    assert!(train.status().unwrap().success());
}

/// Writes a folder `source` with 32-bit floats, and one for each encoding, made from those.
fn encode_other_pieces(dir: &Path) {
    let options = DemoOptions { seed: 1000, artists: PIECES / 4, pieces: 1, ..Default::default() };
    compose(&dir.join("other"), &options, &(), &|_, _| {}).unwrap();
    for name in ENCODINGS.map(|(encoding, _)| encoding).into_iter().chain(["source"]) {
        fs::create_dir(dir.join(name)).unwrap();
    }
    for style in fs::read_dir(dir.join("other/collection")).unwrap() {
        for piece in fs::read_dir(style.unwrap().path()).unwrap() {
            encode(dir, &piece.unwrap().path());
        }
    }
}

fn encode(dir: &Path, piece: &Path) {
    let name = piece.file_stem().unwrap().to_str().unwrap();
    let source = dir.join(format!("source/{name}.wav"));
    // At a different volume, so that 16-bit files are rounded anew and do not equal the composer's.
    let mut command = ffmpeg(piece);
    command.args(["-af", "volume=0.7:precision=float", "-c:a", "pcm_f32le"]).arg(&source);
    assert!(command.status().unwrap().success());
    let mut command = ffmpeg(&source);
    for (encoding, options) in ENCODINGS {
        command.args(options).arg(dir.join(format!("{encoding}/{name}.{encoding}")));
    }
    assert!(command.status().unwrap().success());
}

fn ffmpeg(input: &Path) -> Command {
    let mut command = Command::new("ffmpeg");
    command.args(["-loglevel", "error", "-i"]).arg(input);
    command
}

/// Returns the label of each piece in a folder.
fn labels(dir: &Path, folder: &str) -> BTreeMap<String, String> {
    let args = ["classify", "style.safetensors", folder, "--format", "csv"];
    // Files that are skipped have no label, so they count as different.
    let text = duotone(dir, args).stdout;
    let mut csv = csv::Reader::from_reader(text.as_bytes());
    let rows = csv.records().map(Result::unwrap);
    rows.map(|row| {
        let file = Path::new(&row[0]).file_name().unwrap().to_string_lossy();
        let name = file.split('.').next().unwrap_or_default();
        (name.to_owned(), row[1].to_owned())
    })
    .collect()
}
