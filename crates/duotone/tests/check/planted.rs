//! Detection of altered copies of recordings.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use duotone::data::{Collection, CollectionOptions, Folds};
use duotone::leaks::{CheckReport, Harm, check};

use crate::sounds::{pieces, read, resample, write};

/// Writes a list of files with labels, and checks it.
fn check_files(folder: &Path, files: &[(PathBuf, String)], folds: &Folds) -> CheckReport {
    let mut list = String::from("path,style\n");
    for (path, style) in files {
        writeln!(list, "\"{}\",{style}", path.display()).unwrap();
    }
    fs::write(folder.join("tracks.csv"), list).unwrap();
    let collection =
        Collection::open(folder.join("tracks.csv"), &CollectionOptions::default()).unwrap();
    check(&collection, folds, 0, &()).unwrap()
}

/// The pairs that were found: the sorted names of both files without their folders, and the offset of
/// the second in the first.
fn found(report: &CheckReport) -> BTreeMap<(String, String), f64> {
    let name = |path: &Path| path.file_name().unwrap().to_string_lossy().into_owned();
    let pair = |pair: &duotone::leaks::SameRecording| {
        let (a, b) = (name(&pair.first.path), name(&pair.second.path));
        if a <= b { ((a, b), pair.offset) } else { ((b, a), -pair.offset) }
    };
    report.findings.recordings.iter().map(pair).collect()
}

/// Asserts that exactly these pairs were found. Their offsets may differ by `within` seconds, which
/// allows for a frame or the delay of a codec.
#[track_caller]
fn assert_found(report: &CheckReport, expected: &BTreeMap<(String, String), f64>, within: f64) {
    let found = found(report);
    let names = |pairs: &BTreeMap<(String, String), f64>| pairs.keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&found), names(expected));
    for (pair, offset) in expected {
        assert!((found[pair] - offset).abs() < within, "{pair:?}: {} for {offset}", found[pair]);
    }
}

#[test]
fn finds_copies_with_another_gain_start_or_rate() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = pieces(folder.path(), 20.0);
    let mut expected = BTreeMap::new();
    for (i, (path, style)) in files.clone().into_iter().enumerate() {
        let (samples, rate) = read(&path);
        let cut = 5 * rate as usize;
        // In turn: quieter; starting later; clipped; at another rate and starting later, but not by a
        // whole number of frames.
        let (variant, to, offset) = match i % 4 {
            0 => (samples.iter().map(|x| x * 0.05).collect(), rate, 0.0),
            1 => (samples[cut..].to_vec(), rate, 5.0),
            2 => (samples.iter().map(|x| (x * 3.0).clamp(-1.0, 1.0)).collect(), rate, 0.0),
            _ => (resample(&samples[cut + 123..], rate, 16_000), 16_000, 5.0056),
        };
        let copy = folder.path().join(format!("z-variant-{i}.wav"));
        write(&copy, &variant, to);
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        expected.insert((name, format!("z-variant-{i}.wav")), offset);
        files.push((copy, style));
    }
    let report = check_files(folder.path(), &files, &Folds::Automatic);
    assert_eq!((files.len(), expected.len()), (24, 12));
    assert_found(&report, &expected, 0.04);
    let pairs = &report.findings.recordings;
    assert!(pairs.iter().all(|pair| pair.harm == [Harm::CountedTwice] && !pair.identical));
}

#[test]
fn finds_copies_in_other_codecs() {
    let folder = tempfile::tempdir().unwrap();
    let mut files = pieces(folder.path(), 10.0);
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/check");
    let composed = |style: &str| {
        let folder = folder.path().join("composed/collection").join(style);
        let file = fs::read_dir(folder).unwrap().next().unwrap().unwrap();
        file.file_name().to_string_lossy().into_owned()
    };
    let mut expected = BTreeMap::new();
    // As created by scripts/leak_fixtures.sh.
    for (name, style, offset) in [
        ("chorale.mp3", "chorale", 0.0),
        ("ragtime_from_4s_quiet.mp3", "ragtime", 4.0),
        ("techno_from_2.2s.ogg", "techno", 2.2174),
        ("breakbeat_3s_to_9s_8k.flac", "breakbeat", 3.0),
        ("breakbeat.m4a", "breakbeat", 0.0),
    ] {
        files.push((fixtures.join(name), style.to_owned()));
        expected.extend([sorted(composed(style), name.to_owned(), offset)]);
    }
    let both = sorted("breakbeat.m4a".into(), "breakbeat_3s_to_9s_8k.flac".into(), 3.0);
    expected.extend([both]);
    let report = check_files(folder.path(), &files, &Folds::Automatic);
    assert!(report.skipped_files.is_empty(), "{:?}", report.skipped_files);
    assert_found(&report, &expected, 0.15);
}

/// The pair with its names sorted, and the offset of the second in the first.
fn sorted(a: String, b: String, offset: f64) -> ((String, String), f64) {
    if a <= b { ((a, b), offset) } else { ((b, a), -offset) }
}

#[test]
fn finds_copies_encoded_by_ffmpeg() {
    if Command::new("ffmpeg").arg("-version").output().is_err() {
        println!("skipped: no ffmpeg");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let mut files = pieces(folder.path(), 20.0);
    let mut expected = BTreeMap::new();
    let ways: [(&str, &[&str], f64); 4] = [
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "32k"], 0.0),
        ("ogg", &["-c:a", "libvorbis", "-q:a", "0", "-af", "volume=-12dB"], 5.0),
        ("flac", &["-c:a", "flac", "-ar", "44100"], 5.0),
        ("mp3", &["-c:a", "libmp3lame", "-b:a", "48k", "-ar", "44100"], 7.77),
    ];
    for (i, (path, style)) in files.clone().into_iter().enumerate() {
        let (kind, options, offset) = ways[i % ways.len()];
        let name = format!("z-variant-{i}.{kind}");
        let out = folder.path().join(&name);
        let mut ffmpeg = Command::new("ffmpeg");
        ffmpeg.args(["-loglevel", "error", "-ss", &offset.to_string(), "-i"]).arg(&path);
        assert!(ffmpeg.args(options).arg(&out).status().unwrap().success());
        let original = path.file_name().unwrap().to_string_lossy().into_owned();
        expected.insert((original, name), offset);
        files.push((out, style));
    }
    let report = check_files(folder.path(), &files, &Folds::Automatic);
    assert_found(&report, &expected, 0.15);
}

#[test]
fn harm_depends_on_labels_and_folds() {
    let folder = tempfile::tempdir().unwrap();
    let pieces: Vec<_> = pieces(folder.path(), 6.0).into_iter().take(3).collect();
    let copy = |i: usize, name: &str| {
        let path = folder.path().join(name);
        fs::copy(&pieces[i].0, &path).unwrap();
        path.display().to_string()
    };
    // Three recordings, each twice: in one fold, in two folds, and in one fold with two labels.
    let (a, b, c) = (copy(0, "a.wav"), copy(1, "b.wav"), copy(2, "c.wav"));
    let (a2, b2, c2) = (copy(0, "a2.wav"), copy(1, "b2.wav"), copy(2, "c2.wav"));
    let list = format!(
        "path,label,fold\n{a},x,1\n{a2},x,1\n{b},x,1\n{b2},x,2\n{c},x,2\n{c2},y,2\n{c}.absent,y,1\n"
    );
    let path = folder.path().join("tracks.csv");
    fs::write(&path, list).unwrap();
    let collection = Collection::open(&path, &CollectionOptions::default()).unwrap();
    let report = check(&collection, &Folds::Automatic, 0, &()).unwrap();
    let pairs = &report.findings.recordings;
    let harm: Vec<&[Harm]> = pairs.iter().map(|pair| pair.harm.as_slice()).collect();
    assert_eq!(harm, [&[Harm::TwoFolds][..], &[Harm::TwoLabels], &[Harm::CountedTwice]]);
    assert!(pairs.iter().all(|pair| pair.identical && pair.score == 1.0 && pair.offset == 0.0));
    assert_eq!(
        (pairs[0].first.fold.as_deref(), pairs[0].second.fold.as_deref()),
        (Some("1"), Some("2"))
    );
    assert_eq!(report.skipped_files.len(), 1);
    assert_eq!(report.clips, 6);
    // Without the missing file, the label y is in one fold of two.
    let rare = &report.findings.rare_labels;
    assert_eq!((rare.len(), rare[0].name.as_str(), rare[0].in_folds), (1, "y", Some(1)));

    let lists = folder.path().join("folds.csv");
    fs::write(
        &lists,
        format!("path,predicted,fold\n{b},x,0\n{b2},x,0\n{c},x,0\n{c2},x,1\n{b},y,0\n"),
    )
    .unwrap();
    let report = check(&collection, &Folds::File(lists.clone()), 0, &()).unwrap();
    let first = &report.findings.recordings[0];
    assert_eq!(first.harm, [Harm::TwoFolds, Harm::TwoLabels]);
    for (text, words) in [
        ("path,label\na.wav,x\n", "no column `fold`"),
        ("path,fold\nother.wav,1\n", "lists none"),
        ("path,fold\nother.wav,1\nother.wav,2\n", "is in both fold 1 and fold 2"),
    ] {
        fs::write(&lists, text).unwrap();
        let error = check(&collection, &Folds::File(lists.clone()), 0, &()).unwrap_err();
        assert!(error.to_string().contains(words), "{error}, not {words}");
    }
}
