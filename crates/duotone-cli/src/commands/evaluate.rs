use duotone::data::CollectionOptions;
use duotone::evaluate::{EvaluateJob, NetworkSystem, Results, System};
use duotone::model::ModelSpec;
use duotone::path_text;

use super::finish;
use crate::args::EvaluateArgs;
use crate::exit::{Done, Failure};
use crate::output;
use crate::progress::Console;
use crate::scores;

pub(super) fn run(args: EvaluateArgs, console: &Console) -> Result<Done, Failure> {
    let recipes = args.architecture.iter().map(|a| ModelSpec::load(a)).collect::<Result<_, _>>()?;
    let command = args.command();
    let training = args.training;
    let device = training.device.open(console)?;
    let options =
        CollectionOptions { label: training.label.clone(), group: training.group.clone() };
    let collection = super::open(&args.collection, &options, training.min_per_label)?;
    if let Some(folder) = &args.output {
        output::prepare_folder(folder)?;
    }
    let settings = training.settings();
    let networks = NetworkSystem::alike(recipes, args.select, &settings)?;
    let (sample_rate, vote) = (training.learning.sample_rate.0, args.vote.into());
    let system = |network| System::Network(NetworkSystem { sample_rate, vote, ..network });
    let job = EvaluateJob {
        folds: args.folds.0,
        seed: settings.seed,
        store: training.features,
        output: args.output.clone(),
        device,
        resume: training.resume,
        command,
        ..EvaluateJob::new(&collection, networks.into_iter().map(system).collect())
    };
    let results: Results = duotone::evaluate::evaluate(&job, console).map_err(|e| {
        let hint = match args.output {
            Some(_) => "the same command with --resume continues from here",
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
