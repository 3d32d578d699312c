use std::path::{Path, PathBuf};

use duotone::backbone::{self, Stored};

use super::finish;
use crate::args::{BackboneArgs, BackboneCommand, TableOrJson};
use crate::exit::{Done, Failure};
use crate::output;
use crate::output::{shown, shown_path};
use crate::progress::Console;

/// Characters of a digest in a table: the algorithm and 12 digits.
const DIGEST: usize = "sha256:".len() + 12;

pub(super) fn run(args: BackboneArgs, console: &Console) -> Result<Done, Failure> {
    match args.command {
        BackboneCommand::Add(args) => {
            let source = duotone::on_disk(&args.source);
            let folder = folder(args.to)?;
            let added = match args.spec {
                Some(spec) => vec![add_graph(&source, &duotone::on_disk(&spec), &folder)?],
                None if is_graph(&source) => {
                    let reason = "an ONNX file needs a description: --spec SPEC.toml";
                    return Err(Failure::Usage(reason.into()));
                }
                None => backbone::add(&source, &folder)?,
            };
            for stored in added {
                console.info(&format!("{} written to {}", stored.name, shown_path(&stored.path)));
            }
            Ok(Done::Fully)
        }
        BackboneCommand::List(args) => list(folder(args.folder)?, args.format, console),
        BackboneCommand::Remove(args) => {
            let removed = backbone::remove(&args.name, &folder(args.folder)?)?;
            console.info(&format!("{} removed", shown_path(&removed)));
            Ok(Done::Fully)
        }
    }
}

fn is_graph(source: &Path) -> bool {
    source.extension().is_some_and(|extension| extension.eq_ignore_ascii_case("onnx"))
}

#[cfg(feature = "onnx")]
fn add_graph(source: &Path, spec: &Path, folder: &Path) -> Result<Stored, Failure> {
    Ok(backbone::add_onnx(source, spec, folder)?)
}

#[cfg(not(feature = "onnx"))]
fn add_graph(_source: &Path, _spec: &Path, _folder: &Path) -> Result<Stored, Failure> {
    let reason =
        "this build cannot run ONNX graphs (to enable it: cargo build --release --features onnx)";
    Err(Failure::Work(reason.into()))
}

fn folder(given: Option<PathBuf>) -> Result<PathBuf, Failure> {
    match given {
        Some(folder) => Ok(folder),
        None => Ok(backbone::folder()?),
    }
}

fn list(folder: PathBuf, format: TableOrJson, console: &Console) -> Result<Done, Failure> {
    let (stored, skipped) = backbone::list(&folder)?;
    for file in skipped {
        console.skip(file);
    }
    let done = finish(console);
    match format {
        TableOrJson::Json => output::print(&output::json(&stored)?)?,
        TableOrJson::Table if stored.is_empty() => {
            console.info(&format!("no backbones in {}", shown_path(&folder)));
        }
        TableOrJson::Table => output::print(&table(&stored))?,
    }
    Ok(done)
}

fn table(stored: &[Stored]) -> String {
    let row = |backbone: &Stored| {
        [
            shown(&backbone.name),
            shown(&backbone.source),
            shown(&backbone.licence),
            format!("{:.1} MB", backbone.bytes as f64 / 1e6),
            shown(&backbone.source_digest).chars().take(DIGEST).collect(),
            shown_path(&backbone.path),
        ]
    };
    output::table(&["name", "source", "licence", "size", "digest", "path"], stored.iter().map(row))
}
