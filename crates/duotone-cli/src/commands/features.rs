use std::path::PathBuf;

use duotone::data::{Collection, CollectionOptions};
use duotone::features::{FeatureStore, RateChoice, choose_rate, extract_collection};
use duotone::model::ModelSpec;
use duotone::path_text;
use duotone::{Event, Observer};

use super::finish;
use crate::args::FeaturesArgs;
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Console;

pub(super) fn run(args: FeaturesArgs, console: &Console) -> Result<Done, Failure> {
    let recipe = ModelSpec::load(&args.architecture)?;
    let options = CollectionOptions { label: args.label, group: None };
    let collection = Collection::open(&args.collection, &options)?;
    collection.warnings.iter().for_each(|warning| console.event(Event::Warning(warning)));
    collection.skipped_files.iter().for_each(|skipped| console.event(Event::SkippedFile(skipped)));
    let rate = match args.sample_rate.map_or(recipe.sample_rate, |rate| rate.0) {
        Some(rate) => rate,
        None => {
            let paths: Vec<PathBuf> =
                collection.items.iter().map(|item| item.path.clone()).collect();
            let RateChoice { rate, warning } = choose_rate(&paths);
            warning.iter().for_each(|warning| console.event(Event::Warning(warning)));
            rate
        }
    };
    let front_end = recipe.front_end(rate);
    duotone::io::refuse_inputs(&args.output, [&args.collection])?;
    let store = FeatureStore::open(&args.output)?;
    let kept = extract_collection(&collection, &front_end, Some(&store), console, |_| ()).map_err(
        |e| Failure::from(e).when_stopped("run the same command again to continue from here"),
    )?;
    let count = kept.iter().filter(|result| result.is_ok()).count();
    let done = finish(console);
    if count == 0 {
        let path = path_text(&args.collection);
        return Err(Failure::Work(format!("{path}: none of its files can be used")));
    }
    if !console.is_quiet() {
        let store = path_text(&args.output);
        let files = output::count(count, "file");
        output::print(&format!("{store}: features of {files} at {rate} Hz\n"))?;
    }
    Ok(done)
}
