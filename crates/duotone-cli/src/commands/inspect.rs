use std::path::Path;

use duotone::model::ModelSpec;
use duotone::path_text;
use duotone::{Model, audio};

use crate::args::{InspectArgs, InspectFormat};
use crate::exit::{Done, Failure};
use crate::paths::looks_like_a_model;
use crate::{cards, output};

/// The network whose input is shown for a recording.
const EXAMPLE: &str = "model2";

pub(super) fn run(args: InspectArgs) -> Result<Done, Failure> {
    let path = duotone::on_disk(&args.path);
    let text = if looks_like_a_model(&path) {
        let model = Model::load(&path)?;
        match args.format {
            InspectFormat::Table => cards::model(&path, &model.card),
            InspectFormat::Json => output::json(&model.card)?,
        }
    } else {
        let recording =
            recording(&path).map_err(|e| Failure::Work(format!("{}: {e}", path_text(&path))))?;
        match args.format {
            InspectFormat::Table => recording.text(),
            InspectFormat::Json => output::json(&recording)?,
        }
    };
    output::print(&text)?;
    Ok(Done::Fully)
}

fn recording(path: &Path) -> Result<cards::Recording, duotone::Error> {
    let source = audio::probe(path)?;
    let rate = duotone::features::automatic_rate([source.sample_rate]);
    let front_end = ModelSpec::load(EXAMPLE)?.front_end(rate);
    let extraction = audio::extract(path, &front_end)?;
    Ok(cards::Recording::new(path, &front_end, &extraction))
}
