use duotone::data::CollectionOptions;
use duotone::evaluate::{EvaluateJob, NetworkSystem, Results, System};
use duotone::path_text;

use super::finish;
use crate::args::EvaluateArgs;
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Console;
use crate::scores;

pub(super) fn run(args: EvaluateArgs, console: &Console) -> Result<Done, Failure> {
    let command = args.command();
    let training = args.training;
    let recipe = |name: &String| training.learning.recipe(name);
    let recipes = args.architecture.iter().map(recipe).collect::<Result<_, _>>()?;
    let device = training.device.open(console)?;
    let options =
        CollectionOptions { label: training.label.clone(), group: training.group.clone() };
    let collection = super::open(&args.collection, &options, training.min_per_label)?;
    if let Some(folder) = &args.output {
        output::prepare_folder(folder)?;
    }
    let mut networks = NetworkSystem::alike(recipes, args.select)?;
    networks.iter_mut().for_each(|network| network.vote = args.vote.into());
    let systems = networks.into_iter().map(|network| System::Network(Box::new(network))).collect();
    let mut job = EvaluateJob::new(&collection, systems);
    job.folds = args.folds.0;
    job.repeats = args.repeats;
    job.seed = training.learning.seed.seed;
    job.deformations = args.deformations.map_or_else(Vec::new, |list| list.0);
    job.store = training.features;
    job.output.clone_from(&args.output);
    job.device = device;
    job.resume = training.resume;
    job.command = command;
    let results: Results = duotone::evaluate::evaluate(&job, console).map_err(|e| {
        let hint = match args.output {
            Some(_) => "run the same command with --resume to continue from here",
            None => "rerun with `--output DIR` to make the evaluation resumable",
        };
        Failure::from(e).when_stopped(hint)
    })?;
    let done = finish(console);
    output::print(&scores::text(&results))?;
    if let Some(folder) = &args.output {
        let path = duotone_report::write(folder, &results, &collection)?;
        console.info(&format!("\nwritten: {}", path_text(&path)));
    }
    Ok(done)
}
