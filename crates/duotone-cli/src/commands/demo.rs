use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use clap::Parser;
use duotone::Classifier;
use duotone::classify::ClassifyOptions;
use duotone::evaluate::Results;
use duotone::path_text;
use duotone_demo::{DemoCollection, DemoOptions};

use super::dispatch;
use crate::args::{Cli, DemoArgs, quote_path};
use crate::exit::{Done, Failure};
use crate::output::{self, percent, table};
use crate::progress::Console;

/// Enough for so few styles; the paper trains for 150 epochs.
const EPOCHS: &str = "12";
const FOLDS: &str = "3";
/// The default, the paper's Model 2 and the baseline; the summary is about the first.
const SYSTEMS: &str = "deep,model2,mfcc";

/// Shows and runs the same commands that a user would.
pub(super) fn run(args: DemoArgs, console: &Console) -> Result<Done, Failure> {
    let session = Session { places: Places::new(&args.output), seed: args.seed.seed, console };
    session.run().map_err(|e| e.when_stopped("`duotone demo` starts over"))
}

/// Where the demo stores its files.
struct Places {
    dir: PathBuf,
    store: PathBuf,
    report: PathBuf,
    model: PathBuf,
    new: PathBuf,
}

impl Places {
    fn new(dir: &Path) -> Self {
        Self {
            dir: dir.to_owned(),
            store: dir.join("features"),
            report: dir.join("report"),
            model: dir.join("style.safetensors"),
            new: dir.join("new"),
        }
    }
}

struct Session<'a> {
    places: Places,
    seed: u64,
    console: &'a Console,
}

impl Session<'_> {
    fn run(&self) -> Result<Done, Failure> {
        let start = Instant::now();
        let collection = self.compose()?;
        self.title("2. How well can the styles of unknown artists be told apart?")?;
        self.evaluate(&collection.list)?;
        self.title("3. A model trained on all of them")?;
        self.train(&collection.list)?;
        self.title("4. New pieces by new artists")?;
        let right = self.classify(&collection)?;
        self.title("Summary")?;
        output::print(&self.summary(&collection, right, start)?)?;
        Ok(Done::Fully)
    }

    fn compose(&self) -> Result<DemoCollection, Failure> {
        output::prepare_folder(&self.places.dir)?;
        self.title("1. A collection to learn from")?;
        let options = DemoOptions { seed: self.seed, ..DemoOptions::default() };
        let collection =
            duotone_demo::compose(&self.places.dir, &options, self.console, &|_, total| {
                self.console.composed(total);
            })?;
        self.print(&format!(
            "Composed {} pieces of {} seconds in four styles, by {} made-up artists per style.\n\
             They are audio files, listed in {}.\n",
            collection.pieces,
            options.seconds,
            options.artists,
            path_text(&collection.list)
        ))?;
        Ok(collection)
    }

    fn evaluate(&self, list: &Path) -> Result<(), Failure> {
        let mut arguments = vec!["evaluate".to_owned(), path(list)];
        arguments.extend(self.training());
        let systems =
            ["--architecture", SYSTEMS, "--group", "artist", "--folds", FOLDS, "--output"];
        arguments.extend(systems.map(String::from));
        arguments.push(path(&self.places.report));
        self.run_command(&arguments)
    }

    fn train(&self, list: &Path) -> Result<(), Failure> {
        let mut arguments = vec!["train".to_owned(), path(list)];
        arguments.extend(self.training());
        arguments.extend(["--group", "artist", "--output"].map(String::from));
        arguments.push(path(&self.places.model));
        self.run_command(&arguments)
    }

    /// The options shared by both commands.
    fn training(&self) -> Vec<String> {
        let seed = self.seed.to_string();
        let mut arguments: Vec<String> =
            ["--label", "style", "--epochs", EPOCHS, "--seed", &seed].map(String::from).into();
        arguments.extend(["--features".to_owned(), path(&self.places.store)]);
        arguments
    }

    /// Returns the number of correctly classified pieces.
    fn classify(&self, collection: &DemoCollection) -> Result<usize, Failure> {
        let (model, new) = (quote_path(&self.places.model), quote_path(&self.places.new));
        self.print(&format!("$ duotone classify {model} {new}\n\n"))?;
        let classifier = Classifier::load(&self.places.model)?;
        let options = ClassifyOptions::default();
        let mut rows = Vec::new();
        let mut right = 0;
        for (piece, style) in &collection.new_pieces {
            let decision = classifier.classify_file(piece, &options)?;
            let own = decision.probabilities.iter().find(|(label, _)| *label == decision.label);
            right += usize::from(decision.label == *style);
            rows.push([
                path_text(piece).into_owned(),
                style.clone(),
                decision.label.clone(),
                percent(own.map_or(0.0, |(_, probability)| *probability)),
            ]);
        }
        self.print(&table(&["file", "composed as", "label", "probability"], rows))?;
        Ok(right)
    }

    fn summary(
        &self,
        collection: &DemoCollection,
        right: usize,
        start: Instant,
    ) -> Result<String, Failure> {
        let path = self.places.report.join("results.json");
        let bad = |e: &dyn std::fmt::Display| Failure::Work(format!("{}: {e}", path_text(&path)));
        let text = fs::read_to_string(&path).map_err(|e| bad(&e))?;
        let results: Results = serde_json::from_str(&text).map_err(|e| bad(&e))?;
        // The first system is the one that is trained next.
        let accuracy = results.compared().next().and_then(|system| system.files.as_ref());
        let accuracy = accuracy.map_or(0.0, |files| files.accuracy);
        let styles = results.protocol.labels.len();
        let (report, model) = (self.places.report.join("report.html"), &self.places.model);
        let list = quote_path(&collection.list);
        let folder = quote_path(&self.places.dir.join("report-of-three"));
        Ok(format!(
            "accuracy {} on {} pieces in {FOLDS} folds, with no artist in two folds (chance {}).\n\
             {right} of {} new pieces correct. {:.0} seconds in all.\n\n\
             Report  {}\n\
             Model   {}\n\n\
             Next, try:\n\
             \x20 duotone inspect {}\n\
             \x20 duotone classify {} a-song-of-yours.mp3 --segments\n\
             \x20 duotone evaluate {list} --label style --group artist --folds {FOLDS} \
             --epochs {EPOCHS} --architecture model1,model2,model3 --output {folder}\n\
             \x20 duotone evaluate a-folder-of-folders-of-music/ --output my-report\n",
            percent(accuracy),
            results.protocol.clips,
            percent(1.0 / styles.max(1) as f64),
            collection.new_pieces.len(),
            start.elapsed().as_secs_f64(),
            path_text(&report),
            path_text(model),
            quote_path(model),
            quote_path(model),
        ))
    }

    /// Shows a command and runs it.
    fn run_command(&self, arguments: &[String]) -> Result<(), Failure> {
        let line: Vec<String> = arguments.iter().map(|word| quote_path(Path::new(word))).collect();
        self.print(&format!("$ duotone {}\n\n", line.join(" ")))?;
        let arguments = std::iter::once("duotone").chain(arguments.iter().map(String::as_str));
        let cli = Cli::try_parse_from(arguments).map_err(|e| Failure::Work(e.to_string()))?;
        dispatch(cli.command, self.console).map(drop)
    }

    fn title(&self, title: &str) -> Result<(), Failure> {
        self.print(&format!("\n{title}\n{}\n\n", "─".repeat(title.chars().count())))
    }

    /// Prints text unless the console is quiet.
    fn print(&self, text: &str) -> Result<(), Failure> {
        if self.console.is_quiet() { Ok(()) } else { output::print(text) }
    }
}

fn path(path: &Path) -> String {
    path.to_string_lossy().into_owned()
}
