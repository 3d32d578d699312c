//! Classifies the files of a folder repeatedly in one process, to detect memory leaks, file
//! descriptor leaks and results that change. Prints a line of CSV every 500 files: files, memory, open
//! files, and results that differ from the first for the same file.
//!
//! cargo run --release -p duotone --example soak -- MODEL FOLDER 10000

use std::collections::HashMap;
use std::error::Error;
use std::fs;
use std::path::{Path, PathBuf};

use duotone::Classifier;
use duotone::classify::ClassifyOptions;
use duotone::data::audio_files;

/// Current and peak memory in KiB, on Linux.
fn memory() -> (u64, u64) {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.trim().trim_end_matches(" kB").parse().unwrap_or(0)
    };
    (field("VmRSS:"), field("VmHWM:"))
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [model, folder, count] = &arguments[..] else {
        return Err("usage: soak MODEL FOLDER COUNT".into());
    };
    let classifier = Classifier::load(model)?;
    let files = audio_files(Path::new(folder))?.files;
    if files.is_empty() {
        return Err("the folder contains no audio files".into());
    }
    let count: usize = count.parse()?;
    let mut first: HashMap<PathBuf, String> = HashMap::new();
    let (mut decided, mut differ) = (0, 0);
    println!("files,decided,memory_kib,most_kib,open_files,differ");
    for (number, path) in files.iter().cycle().take(count).enumerate() {
        let answer = match classifier.classify_file(path, &ClassifyOptions::default()) {
            Ok(decision) => {
                decided += 1;
                format!("{decision:?}")
            }
            Err(error) => error.to_string(),
        };
        let same = first.entry(path.clone()).or_insert_with(|| answer.clone()) == &answer;
        differ += usize::from(!same);
        if (number + 1) % 500 == 0 {
            let (now, most) = memory();
            let open = fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
            println!("{},{decided},{now},{most},{open},{differ}", number + 1);
        }
    }
    Ok(())
}
