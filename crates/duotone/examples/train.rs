//! Trains a model on a folder with a sub-folder per label, or on a list:
//! `cargo run --release -p duotone --example train -- COLLECTION MODEL`.

use std::path::Path;

use duotone::Error;
use duotone::data::{Collection, CollectionOptions};
use duotone::model::ModelSpec;
use duotone::train::{TrainJob, train};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [collection, model] = arguments.as_slice() else {
        println!("usage: train COLLECTION MODEL");
        return Ok(());
    };
    let collection = Collection::open(Path::new(collection), &CollectionOptions::default())?;
    let mut job = TrainJob::new(&collection, ModelSpec::load("model2")?, model);
    job.settings.epochs = 20;
    // `()` ignores all events. Pass another `Observer` to follow the progress or to stop the training.
    let report = train(&job, &())?;
    println!("{}: {} clips of {} labels", model, report.clips, report.card.labels.len());
    Ok(())
}
