//! Trains a model on a folder of label folders or a list:
//! `cargo run --release -p duotone --example train -- COLLECTION MODEL`.

use std::path::{Path, PathBuf};

use duotone::Error;
use duotone::backend::Device;
use duotone::data::{Collection, CollectionOptions};
use duotone::model::{ModelSpec, TrainSettings};
use duotone::train::{TrainJob, train};

fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [collection, model] = words.as_slice() else {
        println!("usage: train COLLECTION MODEL");
        return Ok(());
    };
    let collection = Collection::open(Path::new(collection), &CollectionOptions::default())?;
    let job = TrainJob {
        collection: &collection,
        recipe: ModelSpec::load("model2")?,
        settings: TrainSettings { epochs: 20, ..TrainSettings::default() },
        sample_rate: None,
        store: None,
        output: PathBuf::from(model),
        device: Device::default(),
        resume: false,
    };
    // `()` observes nothing; an `Observer` is told of every file and epoch, and may stop the work.
    let report = train(&job, &())?;
    println!("{}: {} clips of {} labels", model, report.clips, report.card.labels.len());
    Ok(())
}
