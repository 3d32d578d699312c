//! Cross-validates two networks on the same folds:
//! `cargo run --release -p duotone --example evaluate -- LIST.csv artist`.

use std::path::Path;

use duotone::Error;
use duotone::data::{Collection, CollectionOptions, Folds};
use duotone::evaluate::{EvaluateJob, NetworkSystem, System, evaluate};
use duotone::model::{ModelSpec, TrainSettings};

fn main() -> Result<(), Error> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [list, group] = arguments.as_slice() else {
        println!("usage: evaluate LIST.csv GROUP_COLUMN");
        return Ok(());
    };
    let options = CollectionOptions { label: None, group: Some(group.clone()) };
    let collection = Collection::open(Path::new(list), &options)?;
    let settings = TrainSettings { epochs: 20, ..TrainSettings::default() };
    let mut systems = Vec::new();
    for name in ["model1", "model2"] {
        let network = NetworkSystem::new(ModelSpec::load(name)?, settings.clone());
        systems.push(System::Network(Box::new(network)));
    }
    let mut job = EvaluateJob::new(&collection, systems);
    job.folds = Folds::Count(3);
    for system in &evaluate(&job, &())?.systems {
        if let Some(files) = &system.files {
            println!("{}: {:.1} % of files correct", system.name, 100.0 * files.accuracy);
        }
    }
    Ok(())
}
