//! Cross-validates two networks on the same folds:
//! `cargo run --release -p duotone --example evaluate -- LIST.csv artist`.

use std::path::Path;

use duotone::Error;
use duotone::backend::Device;
use duotone::classify::Vote;
use duotone::data::{Collection, CollectionOptions, Folds};
use duotone::evaluate::{EvaluateJob, evaluate};
use duotone::model::{ModelSpec, TrainSettings};

fn main() -> Result<(), Error> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [list, group] = words.as_slice() else {
        println!("usage: evaluate LIST.csv GROUP_COLUMN");
        return Ok(());
    };
    let options = CollectionOptions { label: None, group: Some(group.clone()) };
    let collection = Collection::open(Path::new(list), &options)?;
    let job = EvaluateJob {
        collection: &collection,
        recipes: vec![ModelSpec::load("model1")?, ModelSpec::load("model2")?],
        settings: TrainSettings { epochs: 20, ..TrainSettings::default() },
        folds: Folds::Count(3),
        select: false,
        sample_rate: None,
        store: None,
        output: None,
        device: Device::default(),
        resume: false,
        vote: Vote::Mean,
        command: String::new(),
    };
    let results = evaluate(&job, &())?;
    for system in &results.systems {
        println!("{}: {:.1} % of files right", system.name, 100.0 * system.files.accuracy);
    }
    Ok(())
}
