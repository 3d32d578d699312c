//! `duotone embed`.

use std::fs;
use std::path::Path;

use duotone::embed::{EmbedOptions, EmbeddedFile, Embedder};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, RowAccessor};
use serde_json::Value;

use crate::backbone::wheel;
use crate::run::{command, duotone, finish, names, train};
use crate::sound::{float_wav, folder};

/// What the library computes from the four files of the label `low`.
fn expected(dir: &Path, options: &EmbedOptions) -> Vec<EmbeddedFile> {
    let embedder = Embedder::open(dir.join("m.safetensors"), options).unwrap();
    let file = |i| embedder.embed_file(dir.join(format!("music/low/low{i}.wav"))).unwrap();
    (0..4).map(file).collect()
}

/// The rows of a .npy file.
fn npy(path: &Path) -> Vec<Vec<f32>> {
    let bytes = fs::read(path).unwrap();
    assert!(bytes.starts_with(b"\x93NUMPY\x01\x00") && bytes[8..10] == [118, 0]);
    let header = str::from_utf8(&bytes[10..128]).unwrap();
    let (_, shape) =
        header.split_once("{'descr': '<f4', 'fortran_order': False, 'shape': (").unwrap();
    let (rows, rest) = shape.split_once(", ").unwrap();
    let (columns, rest) = rest.split_once(')').unwrap();
    // Filled up with spaces, before the end of the line.
    assert_eq!(rest.strip_suffix('\n').unwrap().trim_end_matches(' '), ", }");
    let columns: usize = columns.parse().unwrap();
    let values: Vec<f32> =
        bytes[128..].as_chunks().0.iter().map(|&value| f32::from_le_bytes(value)).collect();
    assert_eq!(values.len(), columns * rows.parse::<usize>().unwrap());
    values.chunks_exact(columns).map(<[f32]>::to_vec).collect()
}

fn jsonl(path: &Path) -> Vec<Value> {
    let text = fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn floats(value: &Value) -> Vec<f32> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap() as f32).collect()
}

#[test]
fn every_format_has_the_embeddings_of_the_library() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let expected = expected(&dir, &EmbedOptions::default());
    let paths: Vec<String> = (0..4).map(|i| format!("music/low/low{i}.wav")).collect();
    let embed = |output: &str| {
        let args = ["embed", "m.safetensors", "music/low", "--output", output];
        duotone(&dir, args).ends_with(0).says(&[output, "4 files embedded"]);
    };
    embed("e.parquet");
    let reader = SerializedFileReader::new(fs::File::open(dir.join("e.parquet")).unwrap()).unwrap();
    let rows: Vec<_> = reader.get_row_iter(None).unwrap().map(Result::unwrap).collect();
    assert_eq!(rows.len(), 4);
    for ((row, file), path) in rows.iter().zip(&expected).zip(&paths) {
        assert_eq!(row.get_string(0).unwrap(), path);
        assert!(!row.get_bool(1).unwrap() && !row.get_bool(2).unwrap());
        let list = row.get_list(5).unwrap().elements();
        let values = file.rows[0].values.iter().map(|&x| Field::Float(x)).collect::<Vec<_>>();
        assert_eq!(list, values);
        assert_eq!(values.len(), 8);
    }
    embed("e.npy");
    let values: Vec<_> = expected.iter().map(|file| file.rows[0].values.clone()).collect();
    assert_eq!(npy(&dir.join("e.npy")), values);
    let side: Value = serde_json::from_slice(&fs::read(dir.join("e.npy.json")).unwrap()).unwrap();
    assert_eq!(side["columns"], Value::Null);
    embed("e.jsonl");
    for (i, line) in jsonl(&dir.join("e.jsonl")).iter().enumerate() {
        assert_eq!(line["path"], paths[i]);
        assert_eq!(line["silent"], false);
        assert_eq!(floats(&line["embedding"]), values[i]);
        let mut about = line.clone();
        about.as_object_mut().unwrap().remove("embedding");
        assert_eq!(side["rows"][i], about);
    }
    // The same files again replace the first.
    for output in ["e.parquet", "e.npy", "e.jsonl"] {
        let before = fs::read(dir.join(output)).unwrap();
        embed(output);
        assert!(fs::read(dir.join(output)).unwrap() == before, "{output}");
    }
    let made = ["e.jsonl", "e.npy", "e.npy.json", "e.parquet"];
    assert_eq!(names(&dir), [&made[..], &["m.safetensors", "music", "tiny.toml"]].concat());
}

#[test]
fn segments_have_rows_with_start_and_end() {
    let (_folder, dir) = folder(4);
    train(&dir);
    let expected = expected(&dir, &EmbedOptions::default().with_segments(true));
    let embed = |output: &str| {
        let args = ["embed", "m.safetensors", "music/low", "--segments", "-o", output];
        duotone(&dir, args).ends_with(0);
    };
    embed("s.jsonl");
    let lines = jsonl(&dir.join("s.jsonl"));
    let rows: Vec<_> = expected.iter().flat_map(|file| &file.rows).collect();
    assert_eq!((lines.len(), rows.len()), (8, 8));
    for (line, row) in lines.iter().zip(&rows) {
        assert_eq!(line["start_seconds"], row.start_seconds);
        assert_eq!(line["end_seconds"], row.end_seconds);
        assert_eq!(floats(&line["embedding"]), row.values);
    }
    embed("s.parquet");
    let reader = SerializedFileReader::new(fs::File::open(dir.join("s.parquet")).unwrap()).unwrap();
    for (row, expected) in reader.get_row_iter(None).unwrap().map(Result::unwrap).zip(&rows) {
        assert_eq!(row.get_double(1).unwrap(), expected.start_seconds);
        assert_eq!(row.get_double(2).unwrap(), expected.end_seconds);
    }
    // Their mean is the embedding of the file.
    let whole = self::expected(&dir, &EmbedOptions::default());
    for (file, whole) in expected.iter().zip(&whole) {
        for (unit, mean) in whole.rows[0].values.iter().enumerate() {
            let sum: f64 = file.rows.iter().map(|row| f64::from(row.values[unit])).sum();
            assert_eq!((sum / file.rows.len() as f64) as f32, *mean);
        }
        assert_eq!(whole.rows[0].end_seconds, whole.seconds);
    }
}

#[test]
fn unusable_files_are_skipped_and_odd_ones_marked() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::write(dir.join("music/low/broken.mp3"), "no music").unwrap();
    fs::write(dir.join("music/low/silent.wav"), float_wav(&[0.0; 2000])).unwrap();
    let args = ["embed", "m.safetensors", "music/low", "absent.wav", "-o", "e.jsonl"];
    let outcome = duotone(&dir, args).ends_with(3);
    outcome.says(&["2 files were skipped:", "absent.wav: ", "broken.mp3: ", "5 files embedded"]);
    let lines = jsonl(&dir.join("e.jsonl"));
    assert_eq!(lines.len(), 5);
    assert_eq!(lines[4]["path"], "music/low/silent.wav");
    assert!(lines[4]["silent"] == true && lines[4]["repeated"] == true);
    fs::remove_file(dir.join("e.jsonl")).unwrap();
    let args = ["embed", "m.safetensors", "music/low/broken.mp3", "-o", "e.npy"];
    duotone(&dir, args).ends_with(1).says(&["no file could be embedded", "broken.mp3: "]);
    assert_eq!(names(&dir), ["m.safetensors", "music", "tiny.toml"]);
}

#[test]
fn wrong_outputs_and_networks_are_refused() {
    let (_folder, dir) = folder(4);
    train(&dir);
    fs::write(dir.join("years.npy"), "of work").unwrap();
    fs::write(dir.join("e.npy.json"), "{}").unwrap();
    fs::hard_link(dir.join("music/low/low0.wav"), dir.join("low.npy")).unwrap();
    let music = "music/low";
    for (network, output, tags, code, message) in [
        ("m.safetensors", "e.csv", "", 2, "must end with .parquet, .npy or .jsonl"),
        ("m.safetensors", "years.npy", "", 1, "a file of another kind already exists"),
        ("m.safetensors", "e.npy", "", 1, "e.npy.json: the file of embeddings cannot be written"),
        ("m.safetensors", "low.npy", "", 1, "which would be overwritten"),
        ("m.safetensors", "e.npy/x.npy", "", 1, "does not exist"),
        ("m.safetensors", "t.jsonl", "--tags", 1, "a model has no tags: name musicnn-msd or "),
        ("musicnn", "e.jsonl", "", 1, "neither a model nor a backbone (musicnn-msd, musicnn-mtt)"),
        ("musicnn-msd", "e.jsonl", "", 1, "musicnn-msd has not been added"),
    ] {
        let mut command = command();
        command.current_dir(&dir).env("DUOTONE_BACKBONES", dir.join("none"));
        command.args(["embed", network, music, "-o", output]);
        command.args((!tags.is_empty()).then_some(tags));
        finish(&mut command).ends_with(code).says(&[message]);
    }
    assert_eq!(fs::read(dir.join("years.npy")).unwrap(), b"of work");
    assert!(!dir.join("e.npy").exists() && !dir.join("e.jsonl").exists());
}

/// Embeddings and tags of a backbone, and those of a model that contains it.
#[test]
fn a_backbone_gives_embeddings_and_tags() {
    let Some(wheel) = wheel() else { return };
    let (_folder, dir) = folder(4);
    let run = |line: &str| {
        let mut command = command();
        command.current_dir(&dir).env("DUOTONE_BACKBONES", dir.join("own")).args(line.split(' '));
        finish(&mut command).ends_with(0)
    };
    run(&format!("backbone add {}", wheel.display()));
    run("train music --architecture musicnn --output m.safetensors");
    run("embed m.safetensors music --output model.npy");
    run("embed musicnn-msd music --output backbone.npy");
    let embeddings = npy(&dir.join("backbone.npy"));
    assert_eq!((embeddings.len(), embeddings[0].len()), (8, 1706));
    assert!(npy(&dir.join("model.npy")) == embeddings);

    run("embed musicnn-msd music --tags --output tags.jsonl");
    run("embed musicnn-msd music --tags --output tags.npy");
    run("embed musicnn-msd music --tags --output tags.parquet");
    let side: Value =
        serde_json::from_slice(&fs::read(dir.join("tags.npy.json")).unwrap()).unwrap();
    let tags: Vec<&str> =
        side["columns"].as_array().unwrap().iter().map(|tag| tag.as_str().unwrap()).collect();
    assert_eq!((tags.len(), tags[0], tags[49]), (50, "rock", "happy"));
    let reader =
        SerializedFileReader::new(fs::File::open(dir.join("tags.parquet")).unwrap()).unwrap();
    let rows = reader.get_row_iter(None).unwrap().map(Result::unwrap);
    let array = npy(&dir.join("tags.npy"));
    for ((row, line), values) in rows.zip(jsonl(&dir.join("tags.jsonl"))).zip(array) {
        assert_eq!(line["tags"].as_object().unwrap().len(), 50);
        for (i, (tag, value)) in tags.iter().zip(values).enumerate() {
            assert!((0.0..=1.0).contains(&value));
            assert_eq!(line["tags"][tag].as_f64().unwrap() as f32, value);
            assert_eq!(row.get_float(5 + i).unwrap(), value);
        }
        assert_eq!(row.get_column_iter().map(|(name, _)| name).nth(5).unwrap(), "rock");
    }
}
