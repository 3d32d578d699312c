use std::path::PathBuf;

use duotone::Error;
use duotone::backbone::NAMES;
use duotone::embed::{EmbedOptions, Embedder};
use duotone::path_text;

use super::{finish, no_audio, report_ignored};
use crate::args::EmbedArgs;
use crate::embeddings::{self, Layout, Output};
use crate::exit::{Done, Failure};
use crate::output::{self, count};
use crate::paths::{self, Files};
use crate::progress::Console;

pub(super) fn run(args: EmbedArgs, console: &Console) -> Result<Done, Failure> {
    let embedder = open(&args)?;
    let Files { files, skipped_files, side_files, repeated } =
        paths::expand(&args.paths, args.null)?;
    report_ignored(side_files, repeated, "embedded", console);
    let inputs = || args.paths.iter().chain([&args.network]).chain(&files);
    for path in embeddings::files(&args.output) {
        output::check_file(&path)?;
        duotone::io::refuse_inputs(&path, inputs())?;
        let is_kind = embeddings::looks_like_embeddings;
        duotone::io::refuse_other_kind(&path, "file of embeddings", is_kind)?;
    }
    skipped_files.into_iter().for_each(|file| console.skip(file));
    if files.is_empty() {
        console.list_skipped_files();
        return Err(no_audio(&args.paths));
    }
    console.watch_signals()?;
    let tags = embedder.tags().map(<[String]>::to_vec);
    let layout = Layout { width: embedder.width(), tags, segments: args.segments };
    let mut out = embeddings::start(&args.output, layout)?;
    let embedded = embed_into(&mut *out, &embedder, &files, console)?;
    if embedded == 0 {
        console.list_skipped_files();
        return Err(Failure::Work("no file could be embedded".into()));
    }
    out.finish()?;
    let path = path_text(&args.output.path);
    console.info(&format!("{path}: {} embedded", count(embedded, "file")));
    Ok(finish(console))
}

fn open(args: &EmbedArgs) -> Result<Embedder, Failure> {
    let options = EmbedOptions::default().with_segments(args.segments).with_tags(args.tags);
    let network = duotone::on_disk(&args.network);
    Embedder::open(&network, &options).map_err(|error| match &error {
        Error::Io { path, .. } | Error::File { path, .. }
            if *path == network && !paths::looks_like_a_model(&network) =>
        {
            Failure::Work(format!(
                "{}: neither a model nor a backbone ({}): the network comes first, as in `duotone \
                 embed musicnn-msd PATH`",
                path_text(&network),
                NAMES.join(", ")
            ))
        }
        _ => error.into(),
    })
}

/// Embeds files, adds each to the output as soon as it is done, and returns their number.
fn embed_into(
    out: &mut dyn Output,
    embedder: &Embedder,
    files: &[PathBuf],
    console: &Console,
) -> Result<usize, Failure> {
    let (mut embedded, mut written) = (0, Ok(()));
    let worked = embedder.embed_many(files, console, |result| {
        // Those that are skipped are reported to the console.
        if let (Ok(file), true) = (result, written.is_ok()) {
            embedded += 1;
            written = out.add(&file);
        }
        if written.is_err() {
            console.request_stop();
        }
    });
    console.finish_bar();
    // A full disk is the cause of the stop, so it is reported first.
    written?;
    match worked {
        Err(Error::Interrupted) => {
            let files = count(embedded, "file");
            Err(Failure::Stopped(format!("stopped after {files}; nothing was written")))
        }
        worked => Ok(worked.map(|()| embedded)?),
    }
}
