//! Extraction of features: order, skipped files, stopping, and the choice of the sample rate.

use std::fs;
use std::path::PathBuf;
use std::sync::Mutex;

use duotone::features::{choose_rate, extract_all, extract_each};
use duotone::{Error, Event, Observer};

use crate::sounds::{RATE, front_end, tones, write_tone};

/// Records events, and asks to stop after `stop_after` files.
struct Recorder {
    stop_after: usize,
    counts: Mutex<Vec<(usize, usize)>>,
    skipped_files: Mutex<Vec<PathBuf>>,
}

impl Recorder {
    fn new(stop_after: usize) -> Self {
        Self { stop_after, counts: Mutex::default(), skipped_files: Mutex::default() }
    }
}

impl Observer for Recorder {
    fn event(&self, event: Event<'_>) {
        match event {
            Event::Extracted { done, total, .. } => self.counts.lock().unwrap().push((done, total)),
            Event::SkippedFile(skipped) => {
                self.skipped_files.lock().unwrap().push(skipped.path.clone())
            }
            _ => {}
        }
    }

    fn stop(&self) -> bool {
        self.counts.lock().unwrap().len() >= self.stop_after
    }
}

#[test]
fn result_does_not_depend_on_the_number_of_threads() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = tones(folder.path(), 12);
    paths.insert(5, folder.path().join("absent.wav"));
    let with = |threads| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| extract_all(&paths, &front_end(), None, &())).unwrap()
    };
    let (one, two) = (with(1), with(2));
    assert_eq!(format!("{one:?}"), format!("{two:?}"));
    for (result, path) in one.iter().zip(&paths) {
        match result {
            Ok(clip) => {
                let content = fs::read(path).unwrap();
                assert_eq!(clip.digest, blake3::hash(&content).to_hex().as_str());
            }
            Err(skipped) => assert_eq!(skipped.path, paths[5]),
        }
    }
}

#[test]
fn unusable_files_are_skipped_with_a_reason() {
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    write_tone(&path("good.wav"), 440.0, 4.0, RATE);
    write_tone(&path("short.wav"), 440.0, 0.5, RATE);
    write_tone(&path("silent.wav"), 0.0, 4.0, RATE);
    fs::write(path("empty.wav"), "").unwrap();
    fs::write(path("text.mp3"), "This is not music. ".repeat(500)).unwrap();
    fs::create_dir(path("folder.wav")).unwrap();
    let names = [
        "absent.wav",
        "empty.wav",
        "text.mp3",
        "folder.wav",
        "good.wav",
        "short.wav",
        "silent.wav",
    ];
    let paths: Vec<PathBuf> = names.iter().map(|name| path(name)).collect();
    let recorder = Recorder::new(usize::MAX);
    let results = extract_all(&paths, &front_end(), None, &recorder).unwrap();
    let reason = |i: usize| results[i].as_ref().unwrap_err().error.as_str();
    assert!(
        reason(0).contains("No such file") || reason(0).contains("cannot find"),
        "{}",
        reason(0)
    );
    assert!(reason(1).contains("no audio"), "{}", reason(1));
    assert!(reason(2).contains("unsupported"), "{}", reason(2));
    assert!(reason(3).contains("not a file"), "{}", reason(3));
    let clip = |i: usize| results[i].as_ref().unwrap();
    assert!(clip(4).notes.words().is_empty() && clip(4).frames() > 80);
    assert!(clip(5).notes.repeated && clip(5).frames() >= 80);
    assert!(clip(6).notes.silent);
    assert_eq!((clip(4).bands(), clip(4).source_rate), (40, RATE));

    let counts: Vec<_> = (1..=7).map(|done| (done, 7)).collect();
    assert_eq!(*recorder.counts.lock().unwrap(), counts);
    let mut skipped_files = recorder.skipped_files.into_inner().unwrap();
    skipped_files.sort();
    let mut expected = paths[..4].to_vec();
    expected.sort();
    assert_eq!(skipped_files, expected);
}

#[test]
fn stops_between_files_on_request() {
    let folder = tempfile::tempdir().unwrap();
    let paths = tones(folder.path(), 8);
    let recorder = Recorder::new(3);
    let stopped = extract_all(&paths, &front_end(), None, &recorder);
    assert!(matches!(stopped, Err(Error::Interrupted)), "{stopped:?}");
    assert!(recorder.counts.into_inner().unwrap().len() < 8);
}

#[test]
fn extract_each_maps_the_features() {
    let folder = tempfile::tempdir().unwrap();
    let mut paths = tones(folder.path(), 3);
    paths.push(folder.path().join("absent.wav"));
    let frames = extract_each(&paths, &front_end(), None, &(), |clip| clip.frames()).unwrap();
    let whole = extract_all(&paths, &front_end(), None, &()).unwrap();
    let expected: Vec<_> = whole.into_iter().map(|r| r.map(|clip| clip.frames())).collect();
    assert_eq!(frames, expected);
    assert!(extract_all(&[], &front_end(), None, &()).unwrap().is_empty());
}

#[test]
fn invalid_front_end_is_refused_before_any_file() {
    let mut front_end = front_end();
    front_end.hop = 0;
    assert!(matches!(extract_all(&[], &front_end, None, &()), Err(Error::Audio(_))));
}

#[test]
fn rate_is_that_of_the_files_or_the_common_one() {
    let folder = tempfile::tempdir().unwrap();
    let file = |rate: u32| {
        let path = folder.path().join(format!("{rate}.wav"));
        write_tone(&path, 440.0, 0.2, rate);
        path
    };
    let absent = folder.path().join("absent.wav");
    for rate in [44_100, 22_050, 11_025] {
        assert_eq!(choose_rate(&[absent.clone(), file(rate), file(rate)]).rate, rate);
    }
    assert_eq!(choose_rate(&[file(48_000)]).rate, 22_050);
    assert_eq!(choose_rate(&[file(44_100), file(11_025)]).rate, 22_050);
    assert_eq!(choose_rate(&[absent]).rate, 22_050);
    assert_eq!(choose_rate(&[]).rate, 22_050);
}
