//! A small labelled collection of synthesised files, and a small network.

use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use duotone::audio::Segmenter;
use duotone::data::{Collection, CollectionOptions};
use duotone::model::{ModelSpec, TrainSettings};
use duotone::nn::random::Philox;
use duotone::nn::{Architecture, Pipeline};
use duotone::{Event, Observer};

pub(crate) const RATE: u32 = 11_025;

/// The labels and the frequency of each one's tone in hertz.
const TONES: [(&str, f32); 3] = [("high", 3000.0), ("low", 300.0), ("mid", 1000.0)];

/// Six files of 1.5 s per label, by three artists per label, and a list of them.
pub(crate) struct Toy {
    pub(crate) folder: tempfile::TempDir,
}

impl Toy {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut list = String::from("path,label,artist\n");
        for number in 0..18 {
            let (label, tone) = TONES[number % 3];
            let name = format!("{number}.wav");
            write_wav(&folder.path().join(&name), &sound(tone, number as u64, 1.5));
            list += &format!("{name},{label},{label} {}\n", number / 6);
        }
        std::fs::write(folder.path().join("list.csv"), list).unwrap();
        Self { folder }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn collection(&self) -> Collection {
        let options = CollectionOptions { label: None, group: Some("artist".into()) };
        Collection::open(self.path("list.csv"), &options).unwrap()
    }

    /// Writes a file and adds it to the list.
    pub(crate) fn add(&self, name: &str, label: &str, artist: &str, content: &[u8]) {
        std::fs::write(self.path(name), content).unwrap();
        let mut list = std::fs::read_to_string(self.path("list.csv")).unwrap();
        list += &format!("{name},{label},{artist}\n");
        std::fs::write(self.path("list.csv"), list).unwrap();
    }
}

/// A tone in noise.
pub(crate) fn sound(tone: f32, seed: u64, seconds: f32) -> Vec<i16> {
    let random = Philox::new(seed, 1);
    let count = (seconds * RATE as f32) as usize;
    let sample = |i: usize| {
        let phase = tone * i as f32 / RATE as f32 * std::f32::consts::TAU;
        ((0.5 * phase.sin() + 0.2 * (random.uniform(i as u64) - 0.5)) * 32_000.0) as i16
    };
    (0..count).map(sample).collect()
}

/// A WAV file, 16 bits, mono.
pub(crate) fn wav(samples: &[i16]) -> Vec<u8> {
    let size = samples.len() as u32 * 2;
    let mut bytes = b"RIFF".to_vec();
    bytes.extend((36 + size).to_le_bytes());
    bytes.extend(b"WAVEfmt \x10\0\0\0\x01\0\x01\0");
    bytes.extend(RATE.to_le_bytes());
    bytes.extend((RATE * 2).to_le_bytes());
    bytes.extend(b"\x02\0\x10\0data");
    bytes.extend(size.to_le_bytes());
    bytes.extend(samples.iter().flat_map(|x| x.to_le_bytes()));
    bytes
}

pub(crate) fn write_wav(path: &Path, samples: &[i16]) {
    std::fs::write(path, wav(samples)).unwrap();
}

/// 12 bands × 16 frames: segments of about 0.6 s.
pub(crate) fn recipe(name: &str) -> ModelSpec {
    let pipeline = |kernel, pool| Pipeline::single(2, kernel, pool);
    ModelSpec::new(
        name,
        Architecture {
            bands: 12,
            frames: 16,
            negative_slope: 0.3,
            hidden_units: 10,
            dropout: 0.1,
            classes: 0,
            pipelines: vec![pipeline((4, 3), (1, 7)), pipeline((2, 4), (5, 1))],
        },
    )
}

pub(crate) fn settings() -> TrainSettings {
    TrainSettings {
        epochs: 12,
        batch_size: 8,
        learning_rate: 0.2,
        segments: Segmenter::Random(4),
        seed: 5,
        ..Default::default()
    }
}

/// Counts mini-batches, records messages, and asks to stop after `limit` mini-batches.
#[derive(Default)]
pub(crate) struct Watcher {
    pub(crate) limit: Option<usize>,
    steps: AtomicUsize,
    pub(crate) messages: Mutex<Vec<String>>,
}

impl Watcher {
    pub(crate) fn stopping_after(steps: usize) -> Self {
        Self { limit: Some(steps), ..Self::default() }
    }

    pub(crate) fn steps(&self) -> usize {
        self.steps.load(Ordering::Relaxed)
    }

    /// Whether any message contains `text`.
    pub(crate) fn received(&self, text: &str) -> bool {
        self.messages.lock().unwrap().iter().any(|message| message.contains(text))
    }
}

impl Observer for Watcher {
    fn event(&self, event: Event<'_>) {
        let message = match event {
            Event::Step { .. } => {
                self.steps.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Event::Warning(text) | Event::Info(text) => text.to_owned(),
            Event::SkippedFile(file) => format!("{}: {}", file.path.display(), file.error),
            Event::RunStarted { name, done, epochs } => format!("{name}: {done} of {epochs}"),
            _ => return,
        };
        self.messages.lock().unwrap().push(message);
    }

    fn stop(&self) -> bool {
        self.limit.is_some_and(|limit| self.steps() >= limit)
    }
}
