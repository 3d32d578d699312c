use duotone::Model;
use duotone::model::onnx;

use crate::args::ExportArgs;
use crate::exit::{Done, Failure};

pub(super) fn run(args: &ExportArgs) -> Result<Done, Failure> {
    duotone::io::refuse_inputs(&args.onnx, [&args.model])?;
    let model = Model::load(&args.model)?;
    onnx::write_onnx(&model, args.with_front_end, &args.onnx)?;
    Ok(Done::Fully)
}
