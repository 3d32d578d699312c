use duotone::evaluate::{compare, read_results};

use crate::args::{CompareArgs, TableOrJson};
use crate::exit::{Done, Failure};
use crate::{output, scores};

pub(super) fn run(args: CompareArgs) -> Result<Done, Failure> {
    let mut evaluations = Vec::new();
    for path in args.reports {
        let results = read_results(&path)?;
        evaluations.push((path, results));
    }
    let results = compare(evaluations)?;
    output::print(&match args.format {
        TableOrJson::Table => scores::comparison(&results),
        TableOrJson::Json => output::json(&results)?,
    })?;
    Ok(Done::Fully)
}
