use std::{collections::BTreeMap, fs, path::Path, sync::Mutex};

use duotone::{Error, Observer};

use super::effects::LEVELS;
use super::mixer::Mixer;
use super::styles::Style;
use super::tone::{hertz, sine};
use super::{DemoCollection, DemoOptions, RATE, compose, names, plan};

const SMALL: DemoOptions = DemoOptions { seed: 3, artists: 2, pieces: 2, seconds: 2.0 };

fn composed(dir: &Path, seed: u64, threads: usize) -> DemoCollection {
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| compose(dir, &DemoOptions { seed, ..SMALL }, &(), &|_, _| {})).unwrap()
}

/// Returns every file below a folder, by its path in it.
fn files(dir: &Path) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let name = path.strip_prefix(dir).unwrap().to_str().unwrap().to_owned();
                found.insert(name, fs::read(&path).unwrap());
            }
        }
    }
    found
}

#[test]
fn a_seed_gives_the_same_bytes_on_any_number_of_threads() {
    let [a, b, c] = [3, 3, 4].map(|_| tempfile::tempdir().unwrap());
    composed(a.path(), 3, 1);
    composed(b.path(), 3, 4);
    composed(c.path(), 4, 2);
    let (a, b, c) = (files(a.path()), files(b.path()), files(c.path()));
    assert_eq!(a.len(), 1 + 4 * (2 * 2 + 2), "the list, and each artist's pieces");
    assert!(a == b);
    let mut audio: Vec<_> = a.values().chain(c.values()).collect();
    audio.sort();
    audio.dedup();
    assert_eq!(audio.len(), 2 * a.len() - 1 + usize::from(a["tracks.csv"] != c["tracks.csv"]));
}

#[test]
fn the_list_and_the_files_agree() {
    let dir = tempfile::tempdir().unwrap();
    let demo = composed(dir.path(), 3, 2);
    let mut list = csv::Reader::from_path(&demo.list).unwrap();
    assert_eq!(list.headers().unwrap(), vec!["path", "style", "artist", "title"]);
    let rows: Vec<csv::StringRecord> = list.records().map(Result::unwrap).collect();
    assert_eq!((rows.len(), demo.pieces), (16, 16));
    let mut styles_of_artist = BTreeMap::new();
    for row in &rows {
        assert!(dir.path().join(&row[0]).is_file(), "{}", &row[0]);
        *styles_of_artist.entry((row[2].to_owned(), row[1].to_owned())).or_insert(0) += 1;
    }
    assert_eq!(styles_of_artist.len(), 8);
    assert!(styles_of_artist.values().all(|pieces| *pieces == 2));
    assert_eq!(demo.new_pieces.len(), 8);
    for (path, style) in &demo.new_pieces {
        assert!(path.is_file() && Style::ALL.iter().any(|s| s.name() == style));
        let artist = path.file_stem().unwrap().to_str().unwrap().replace('-', " ");
        assert!(rows.iter().all(|row| row[2].to_lowercase() != artist), "{artist} is known");
    }
}

#[test]
fn files_are_mono_16_bit_of_the_right_length() {
    let dir = tempfile::tempdir().unwrap();
    let demo = composed(dir.path(), 3, 2);
    for (path, _) in &demo.new_pieces {
        let reader = hound::WavReader::open(path).unwrap();
        let spec = reader.spec();
        assert_eq!((spec.channels, spec.sample_rate, spec.bits_per_sample), (1, RATE, 16));
        assert_eq!(reader.duration(), 2 * RATE);
    }
}

#[test]
fn more_artists_leave_the_others_as_they_were() {
    let sound = |artists| {
        let options = DemoOptions { artists, ..SMALL };
        plan(&options)[0].record(&options).0.samples
    };
    assert!(sound(2) == sound(5));
}

#[test]
fn impossible_options_are_refused() {
    let dir = tempfile::tempdir().unwrap();
    for (name, bad) in [
        ("artists", DemoOptions { artists: 0, ..SMALL }),
        ("pieces", DemoOptions { pieces: 101, ..SMALL }),
        ("seconds", DemoOptions { seconds: f64::NAN, ..SMALL }),
        ("seconds", DemoOptions { seconds: 1e9, ..SMALL }),
    ] {
        let error = compose(dir.path(), &bad, &(), &|_, _| {}).unwrap_err();
        assert!(matches!(error, Error::Setting { name: of, .. } if of == name), "{bad:?}");
    }
    assert!(files(dir.path()).is_empty());
}

#[test]
fn an_unwritable_folder_is_named() {
    let dir = tempfile::tempdir().unwrap();
    let file = dir.path().join("occupied");
    fs::write(&file, "").unwrap();
    let error = compose(&file, &SMALL, &(), &|_, _| {}).unwrap_err().to_string();
    assert!(error.contains("occupied"), "{error}");
}

#[test]
fn an_observer_hears_of_every_piece_and_can_stop() {
    struct Stop;
    impl Observer for Stop {
        fn stop(&self) -> bool {
            true
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let stopped = compose(dir.path(), &SMALL, &Stop, &|_, _| {});
    assert!(matches!(stopped, Err(Error::Interrupted)));
    assert!(files(dir.path()).is_empty());
    let seen = Mutex::new(Vec::new());
    let composed = |done, total| {
        assert_eq!(total, 24);
        seen.lock().unwrap().push(done);
    };
    compose(dir.path(), &SMALL, &(), &composed).unwrap();
    let mut seen = seen.into_inner().unwrap();
    seen.sort_unstable();
    assert_eq!(seen, (1..=24).collect::<Vec<_>>());
}

/// Returns the default collection, by style.
fn by_style() -> [Vec<Mixer>; 4] {
    use rayon::prelude::*;
    let options = DemoOptions::default();
    let tapes: Vec<Mixer> = plan(&options).par_iter().map(|p| p.record(&options).0).collect();
    let mut tapes = tapes.into_iter();
    let each = tapes.len() / 4;
    std::array::from_fn(|_| tapes.by_ref().take(each).collect())
}

fn mean(values: impl ExactSizeIterator<Item = f32>) -> f32 {
    let count = values.len() as f32;
    values.sum::<f32>() / count
}

/// Returns the number of onsets per second: moments at which the power of 23 ms is a given multiple
/// of the power before.
fn onsets(mixer: &Mixer, times: f32) -> f32 {
    let power: Vec<f32> =
        mixer.samples.chunks(512).map(|c| c.iter().map(|x| x * x).sum::<f32>()).collect();
    power.windows(2).filter(|w| w[1] > times * w[0]).count() as f32 / mixer.seconds()
}

#[test]
fn styles_differ_in_sound_but_not_in_loudness() {
    let styles = by_style();
    for x in styles.iter().flatten().flat_map(|mixer| &mixer.samples) {
        assert!(x.is_finite() && x.abs() < 0.99, "{x}");
    }
    let of = |what: fn(&Mixer) -> f32| styles.each_ref().map(|s| mean(s.iter().map(what)));
    let strokes = of(|mixer| onsets(mixer, 4.0));
    let [breakbeat, chorale, ragtime, techno] = strokes;
    assert!(breakbeat.min(techno) > 1.5 * ragtime && ragtime > 2.0 * chorale, "{strokes:?}");
    let events = of(|mixer| onsets(mixer, 1.7));
    let [breakbeat, _, _, techno] = events;
    assert!(techno > 1.2 * breakbeat, "{events:?}");

    // Loudness does not reveal the style: every level is within one range, and the styles' means are
    // closer than the pieces of one style.
    let levels: Vec<f32> = styles.iter().flatten().map(Mixer::level).collect();
    assert!(levels.iter().all(|l| (LEVELS.0 - 1e-3..=LEVELS.1 + 1e-3).contains(l)), "{levels:?}");
    let means = of(Mixer::level);
    let spread = means.iter().fold(0.0_f32, |s, m| s.max((m - means[0]).abs()));
    assert!(spread < 0.25 * (LEVELS.1 - LEVELS.0), "{means:?}");
}

#[test]
fn names_are_distinct() {
    let mut all: Vec<String> = (0..1000).map(names::name).collect();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 1000);
}

#[test]
fn sines_and_notes_are_in_tune() {
    for i in -500..500 {
        let x = i as f32 / 170.0;
        let exact = (f64::from(x) * std::f64::consts::TAU).sin();
        assert!((f64::from(sine(x)) - exact).abs() < 5e-6, "{x}");
    }
    assert!((hertz(60) - 261.6256).abs() < 1e-3 && (hertz(81) - 880.0).abs() < 1e-3);
}
