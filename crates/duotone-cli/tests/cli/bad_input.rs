//! Bad input gives an error that names the file and the remedy, or is skipped and reported. It
//! never causes a panic, a hang, or a partially written output.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::run::{Outcome, TINY, bash, duotone, names, train};
use crate::sound::{float_wav, folder, tiny, tone, wav};

/// A folder with a valid collection, `music`, of four clips per label.
fn train_on(dir: &Path, collection: &str, more: &[&str]) -> Outcome {
    let args = ["train", collection, "--output", "m.safetensors"];
    duotone(dir, args.iter().chain(&TINY).chain(more))
}

/// Trains on the collection with one more file in it, which must be skipped for the given reason.
fn skipped_in_training(name: &str, bytes: &[u8], reason: &str) {
    let (_folder, dir) = folder(4);
    fs::write(dir.join("music/low").join(name), bytes).unwrap();
    train_on(&dir, "music", &[]).ends_with(3).says(&["1 file was skipped", name, reason]);
    assert_eq!(names(&dir), ["m.safetensors", "music", "tiny.toml"]);
    let card = duotone(&dir, ["inspect", "m.safetensors", "--format", "json"]).ends_with(0);
    let card: Value = serde_json::from_str(&card.stdout).unwrap();
    assert_eq!(card["labels"][1]["clips"], 4, "trained on the good files");
    // Classifying only this file is an error; with others, it is skipped.
    let path = format!("music/low/{name}");
    duotone(&dir, ["classify", "m.safetensors", &path]).ends_with(1).says(&[name, reason]);
    let both = duotone(&dir, ["classify", "m.safetensors", &path, "music/high"]).ends_with(3);
    assert_eq!(both.says(&[name, reason]).stdout.matches(".wav").count(), 4);
    duotone(&dir, ["inspect", &path]).ends_with(1).says(&[name, reason]);
}

#[test]
fn empty_folder() {
    let (_folder, dir) = folder(4);
    fs::create_dir(dir.join("nothing")).unwrap();
    train_on(&dir, "nothing", &[]).ends_with(1).says(&["nothing", "folder"]);
    duotone(&dir, ["evaluate", "nothing"]).ends_with(1).says(&["nothing", "folder"]);
    duotone(&dir, ["features", "nothing", "-o", "store"]).ends_with(1).says(&["nothing"]);
    train(&dir);
    duotone(&dir, ["classify", "m.safetensors", "nothing"]).ends_with(1).says(&["nothing"]);
    duotone(&dir, ["train", "not-there", "-o", "x"]).ends_with(1).says(&["not-there"]);
    assert_eq!(names(&dir), ["m.safetensors", "music", "nothing", "tiny.toml"]);
}

#[test]
fn collection_with_one_class() {
    let (_folder, dir) = folder(4);
    fs::remove_dir_all(dir.join("music/high")).unwrap();
    train_on(&dir, "music", &[]).ends_with(1).says(&["music", "label"]);
    duotone(&dir, ["evaluate", "music"]).ends_with(1).says(&["music", "label"]);
    assert_eq!(names(&dir), ["music", "tiny.toml"]);
}

#[test]
fn class_with_fewer_files_than_folds() {
    let (_folder, dir) = folder(4);
    let args = ["evaluate", "music", "--folds", "5", "--output", "report"];
    let outcome = duotone(&dir, args.into_iter().chain(TINY)).ends_with(1);
    outcome.says(&["2 labels have fewer files than 5 folds", "`high` (4)", "choose at most 4"]);
    assert!(!dir.join("report/results.json").exists());
}

#[test]
fn missing_file() {
    let (_folder, dir) = folder(4);
    let mut list = String::from("path,genre\n");
    for path in ["low/low0", "low/low1", "low/gone", "high/high0", "high/high1"] {
        let label = path.split('/').next().unwrap();
        list += &format!("music/{path}.wav,{label}\n");
    }
    fs::write(dir.join("list.csv"), list).unwrap();
    train_on(&dir, "list.csv", &[]).ends_with(3).says(&["1 file was skipped", "gone.wav"]);
    let args = ["classify", "m.safetensors", "music/low/gone.wav", "music/low/low0.wav"];
    duotone(&dir, args).ends_with(3).says(&["gone.wav", "No such file"]);
    duotone(&dir, ["classify", "gone.safetensors", "x"]).ends_with(1).says(&["gone.safetensors"]);
    duotone(&dir, ["inspect", "gone.wav"]).ends_with(1).says(&["gone.wav", "No such file"]);
}

/// Root may read everything, so the unreadable files are a folder and a link to itself.
#[test]
#[cfg(unix)]
fn unreadable_file() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let (_folder, dir) = folder(4);
    let locked = dir.join("music/low/low3.wav");
    symlink("loop.wav", dir.join("music/low/loop.wav")).unwrap();
    train_on(&dir, "music", &[]).ends_with(3).says(&["1 file was skipped", "loop.wav"]);
    fs::remove_file(dir.join("music/low/loop.wav")).unwrap();
    fs::set_permissions(&locked, PermissionsExt::from_mode(0o000)).unwrap();
    if fs::File::open(&locked).is_ok() {
        println!("skipped: this user may read files without read permission");
    } else {
        let outcome = train_on(&dir, "music", &[]).ends_with(3);
        outcome.says(&["1 file was skipped", "low3.wav", "ermission denied"]);
    }
    fs::create_dir(dir.join("music/low/folder.wav")).unwrap();
    let list = "music/low/folder.wav\tlow\nmusic/low/low0.wav\tlow\nmusic/low/low1.wav\tlow\n\
                music/high/high0.wav\thigh\nmusic/high/high1.wav\thigh\n";
    fs::write(dir.join("list.txt"), list).unwrap();
    train_on(&dir, "list.txt", &[]).ends_with(3).says(&["1 file was skipped", "folder.wav"]);
    duotone(&dir, ["inspect", "music/low/folder.wav"]).ends_with(1).says(&["folder.wav"]);
}

#[test]
fn zero_length() {
    skipped_in_training("empty.wav", b"", "empty.wav: ");
}

/// A header without audio data, and a file whose audio data ends early, which is used as far as
/// possible.
#[test]
fn truncated() {
    let whole = wav(&tone(220.0, 1.5, 50));
    skipped_in_training("head.wav", &whole[..40], "head.wav: ");
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::write(dir.join("half.wav"), &whole[..whole.len() / 2]).unwrap();
    let outcome = duotone(&dir, ["classify", "m.safetensors", "half.wav", "-f", "jsonl"]);
    let decision: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!(decision["label"], "low");
    assert!((decision["seconds"].as_f64().unwrap() - 0.75).abs() < 0.1, "{decision}");
}

#[test]
fn wrong_extension() {
    let (_folder, dir) = folder(4);
    train(&dir);
    for name in ["song.mp3", "song.flac", "song.xyz", "song"] {
        fs::write(dir.join(name), wav(&tone(230.0, 1.5, 50))).unwrap();
        let outcome = duotone(&dir, ["classify", "m.safetensors", name]).ends_with(0);
        assert!(outcome.stdout.contains("low"), "{name}");
    }
}

#[test]
fn text_renamed_to_mp3() {
    let text = "It was the best of times, it was the worst of times. ".repeat(200);
    skipped_in_training("novel.mp3", text.as_bytes(), "novel.mp3: ");
}

#[test]
fn nan_samples_in_float_wav() {
    let mut samples: Vec<f32> = tone(220.0, 1.5, 50).iter().map(|&x| x as f32).collect();
    (samples[5_000], samples[6_000]) = (f32::NAN, f32::INFINITY);
    skipped_in_training("nan.wav", &float_wav(&samples), "NaN");
}

#[test]
fn silent() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::write(dir.join("silence.wav"), wav(&[0.0; 22_050])).unwrap();
    let table = duotone(&dir, ["classify", "m.safetensors", "silence.wav"]).ends_with(0);
    assert!(table.stdout.contains("silent"), "{}", table.stdout);
    let text = duotone(&dir, ["inspect", "silence.wav"]).ends_with(0).stdout;
    assert!(text.contains("silent"), "{text}");
    // Silent files are not trained on, and are reported; so is a constant signal, which is silent
    // too.
    fs::copy(dir.join("silence.wav"), dir.join("music/low/silence.wav")).unwrap();
    fs::write(dir.join("music/low/constant.wav"), wav(&[0.25; 20_000])).unwrap();
    train_on(&dir, "music", &[])
        .ends_with(3)
        .says(&["silence.wav: silent: there is nothing to learn from", "constant.wav: silent"]);
    let card = duotone(&dir, ["inspect", "m.safetensors", "-f", "json"]).ends_with(0).stdout;
    let card: Value = serde_json::from_str(&card).unwrap();
    assert_eq!(card["labels"][1]["clips"], 4, "low");
    // Training on silent files only is an error.
    for label in ["low", "high"] {
        for i in 0..4 {
            let path = dir.join(format!("music/{label}/{label}{i}.wav"));
            fs::write(path, wav(&vec![0.0; 20_000 + i])).unwrap();
        }
    }
    train_on(&dir, "music", &[]).ends_with(1).says(&["none of its 10 entries", "silent"]);
}

#[test]
fn shorter_than_a_segment() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::write(dir.join("click.wav"), wav(&tone(230.0, 0.2, 50))).unwrap();
    let outcome = duotone(&dir, ["classify", "m.safetensors", "click.wav", "-f", "jsonl"]);
    let decision: Value = serde_json::from_str(&outcome.ends_with(0).stdout).unwrap();
    assert_eq!((&decision["repeated"], &decision["label"]), (&true.into(), &"low".into()));
    fs::copy(dir.join("click.wav"), dir.join("music/low/click.wav")).unwrap();
    train_on(&dir, "music", &[]).ends_with(0);
}

#[test]
fn list_with_a_bad_line() {
    let (_folder, dir) = folder(4);
    let good = "music/low/low0.wav\tlow\nmusic/high/high0.wav\thigh\n";
    for bad in ["music/low/low1.wav", "music/low/low1.wav\tlow\textra\tmore", "\tlow"] {
        fs::write(dir.join("list.txt"), format!("{good}{bad}\n{good}")).unwrap();
        let outcome = train_on(&dir, "list.txt", &[]);
        assert!(outcome.code == 1 || outcome.code == 3, "{outcome:?}");
        outcome.says(&["list.txt", "line 3"]);
    }
    let good = "path,genre\nmusic/low/low0.wav,low\nmusic/high/high0.wav,high\n";
    for bad in ["music/low/low1.wav", "music/low/low1.wav,low,more", "\"music"] {
        fs::write(dir.join("list.csv"), format!("{good}{bad}\n")).unwrap();
        let outcome = train_on(&dir, "list.csv", &[]);
        assert!(outcome.code == 1 || outcome.code == 3, "{outcome:?}");
        outcome.says(&["list.csv", "line 4"]);
    }
    fs::write(dir.join("list.csv"), format!("{good}a\nb\n")).unwrap();
    train_on(&dir, "list.csv", &[]).ends_with(3).says(&["2 files", "line 4", "line 5"]);
}

#[test]
fn column_that_does_not_exist() {
    let (_folder, dir) = folder(4);
    let list = "path,genre,artist\nmusic/low/low0.wav,low,a\nmusic/high/high0.wav,high,b\n";
    fs::write(dir.join("list.csv"), list).unwrap();
    for args in [["--label", "mood"], ["--group", "mood"]] {
        let args = [&args[..], &["--label", "genre"]].concat();
        let args = if args[0] == "--label" { &args[..2] } else { &args[..] };
        train_on(&dir, "list.csv", args).ends_with(1).says(&["list.csv", "mood", "artist"]);
    }
    assert!(!dir.join("m.safetensors").exists());
}

/// Returns the header's length, the header and the data after it.
fn split_model(model: &[u8]) -> (u64, String, Vec<u8>) {
    let length = u64::from_le_bytes(model[..8].try_into().unwrap());
    let header = String::from_utf8(model[8..8 + length as usize].to_vec()).unwrap();
    (length, header, model[8 + length as usize..].to_vec())
}

fn check_rejected(dir: &Path, model: &[u8]) {
    fs::write(dir.join("bad.safetensors"), model).unwrap();
    for args in [["inspect", "bad.safetensors", "-q"], ["classify", "bad.safetensors", "music"]] {
        let outcome = duotone(dir, args).ends_with(1).says(&["bad.safetensors"]);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn model_file_truncated() {
    let (_folder, dir) = folder(4);
    let model = fs::read(train(&dir)).unwrap();
    for length in [0, 1, 7, 8, 9, 100, model.len() / 2, model.len() - 1] {
        check_rejected(&dir, &model[..length]);
    }
}

#[test]
fn model_file_with_false_lengths() {
    let (_folder, dir) = folder(4);
    let model = fs::read(train(&dir)).unwrap();
    let (length, header, data) = split_model(&model);
    for false_length in [0, 1, length - 1, length + 1, 1 << 40, u64::MAX] {
        check_rejected(&dir, &[&false_length.to_le_bytes()[..], &model[8..]].concat());
    }
    let with = |header: &str| {
        [&(header.len() as u64).to_le_bytes()[..], header.as_bytes(), &data].concat()
    };
    assert_eq!(with(&header), model);
    let offsets = format!(",{}]", data.len());
    assert!(header.contains(&offsets), "{header}");
    for end in [data.len() - 4, data.len() + 4, usize::MAX] {
        check_rejected(&dir, &with(&header.replace(&offsets, &format!(",{end}]"))));
    }
    check_rejected(&dir, &[&model[..], b"more"].concat());
}

#[test]
fn model_file_of_another_format_version() {
    let (_folder, dir) = folder(4);
    let (_, header, data) = split_model(&fs::read(train(&dir)).unwrap());
    let other = header.replace("\\\"format\\\":1", "\\\"format\\\":9");
    assert_ne!(other, header, "the format version is in the header: {header}");
    let model = [&(other.len() as u64).to_le_bytes()[..], other.as_bytes(), &data].concat();
    check_rejected(&dir, &model);
    duotone(&dir, ["inspect", "bad.safetensors"]).ends_with(1).says(&["version"]);
}

/// A limit on the file size makes writes fail as on a full disk.
#[test]
fn disk_full_while_writing() {
    let (_folder, dir) = folder(4);
    let full = "trap '' XFSZ; ulimit -f 1";
    let args = TINY.join(" ");
    let before = names(&dir);
    bash(&dir, &format!("{full}; duotone train music --output m.safetensors {args}"))
        .ends_with(1)
        .says(&["m.safetensors", "File too large"]);
    assert_eq!(names(&dir), before, "no partial files are left behind");

    bash(&dir, &format!("{full}; duotone evaluate music --folds 2 --output report {args}"))
        .ends_with(1)
        .says(&["report/", "File too large"]);
    for file in ["results.json", "predictions.csv", "report.html"] {
        assert!(!dir.join("report").join(file).exists(), "{file}");
    }
    // The output of an earlier run is not damaged.
    let model = fs::read(train(&dir)).unwrap();
    bash(&dir, &format!("{full}; duotone train music --output m.safetensors {args} --seed 5"))
        .ends_with(1);
    assert_eq!(fs::read(dir.join("m.safetensors")).unwrap(), model);
    bash(&dir, "duotone classify m.safetensors music > /dev/full").ends_with(1).says(&["space"]);
}

/// Tests a name that is not Unicode, and one with terminal escape sequences.
#[test]
#[cfg(target_os = "linux")]
fn unusual_file_names() {
    use std::os::unix::ffi::OsStrExt;
    let (_folder, dir) = folder(4);
    let low = dir.join("music/low");
    let odd = std::ffi::OsStr::from_bytes(b"l\xffw.wav");
    fs::rename(low.join("low0.wav"), low.join(odd)).unwrap();
    fs::rename(low.join("low1.wav"), low.join("a\u{1b}[31mb.wav")).unwrap();
    let args = ["evaluate", "music", "--folds", "2", "--output", "report"];
    duotone(&dir, args.into_iter().chain(TINY)).ends_with(0);
    let results = fs::read_to_string(dir.join("report/results.json")).unwrap();
    assert!(results.contains(r"low/l\\xffw.wav"));
    train(&dir);
    let lines = duotone(&dir, ["classify", "m.safetensors", "music", "-f", "jsonl"]).ends_with(0);
    assert_eq!(lines.stdout.lines().count(), 8);
    let table = duotone(&dir, ["classify", "m.safetensors", "music"]).ends_with(0).stdout;
    assert!(table.contains("a\u{fffd}[31mb.wav") && !table.contains('\u{1b}'), "{table}");
    fs::write(low.join("\u{1b}[31mx.wav"), "no sound").unwrap();
    let outcome = duotone(&dir, ["classify", "m.safetensors", "music"]).ends_with(3);
    assert!(!outcome.stderr.contains('\u{1b}'), "{}", outcome.stderr);
}

#[test]
fn two_architectures_with_the_same_name() {
    let (_folder, dir) = folder(4);
    fs::create_dir(dir.join("other")).unwrap();
    tiny(&dir.join("other"));
    let two = ["evaluate", "music", "--folds", "2", "--architecture", "tiny.toml,other/tiny.toml"];
    duotone(&dir, two).ends_with(1).says(&["two architectures", "tiny"]);
}

#[test]
#[cfg(unix)]
fn pipes_are_rejected() {
    let (_folder, dir) = folder(4);
    train(&dir);
    bash(&dir, "mkfifo music/low/pipe.wav").ends_with(0);
    train_on(&dir, "music", &[]).ends_with(3).says(&["pipe.wav"]);
    duotone(&dir, ["inspect", "music/low/pipe.wav"]).ends_with(1).says(&["pipe.wav"]);
    let args = ["classify", "m.safetensors", "music/low/pipe.wav", "music/high"];
    duotone(&dir, args).ends_with(3).says(&["pipe.wav"]);
    duotone(&dir, ["classify", "music/low/pipe.wav", "music"]).ends_with(1).says(&["pipe.wav"]);
}
