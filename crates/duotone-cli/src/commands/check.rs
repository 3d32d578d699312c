use duotone::data::CollectionOptions;

use super::finish;
use crate::args::{CheckArgs, TableOrJson};
use crate::exit::{Done, Failure};
use crate::progress::Console;
use crate::{findings, output};

pub(super) fn run(args: CheckArgs, console: &Console) -> Result<Done, Failure> {
    let options = CollectionOptions { label: args.label, group: args.group };
    let collection = super::open(&args.collection, &options, args.min_per_label)?;
    let report = duotone::leaks::check(&collection, &args.folds.0, args.seed, console)?;
    let done = finish(console);
    output::print(&match args.format {
        TableOrJson::Table => findings::text(&report),
        TableOrJson::Json => output::json(&report)?,
    })?;
    match report.findings.count() {
        n if args.strict && n > 0 => {
            let findings = output::count(n, "finding");
            Err(Failure::Work(format!("{findings} in {}", report.collection)))
        }
        _ => Ok(done),
    }
}
