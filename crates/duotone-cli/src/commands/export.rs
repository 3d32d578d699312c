use duotone::Model;
use duotone::model::onnx;

use crate::args::ExportArgs;
use crate::exit::{Done, Failure};
use crate::output::{count, shown_path};
use crate::progress::Console;

pub(super) fn run(args: &ExportArgs, console: &Console) -> Result<Done, Failure> {
    duotone::io::refuse_inputs(&args.onnx, [&args.model])?;
    let model = Model::load(&args.model)?;
    onnx::write_onnx(&model, args.with_front_end, &args.onnx)?;
    let labels = count(model.card.labels.len(), "label");
    let front_end = if args.with_front_end { ", with its front end" } else { "" };
    let written = shown_path(&args.onnx);
    console.info(&format!("{written}: {} for {labels}{front_end}", model.card.recipe));
    Ok(Done::Fully)
}
