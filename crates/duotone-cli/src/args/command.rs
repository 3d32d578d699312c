//! Reconstructs the command line of an evaluation, to record it with the results.

use std::path::Path;

use clap::ValueEnum;
use duotone::backend::DeviceChoice;
use duotone::path_text;

use super::training::TrainingArgs;
use super::{EvaluateArgs, VoteArg};

impl EvaluateArgs {
    /// Returns the command with every given option that affects its results. The defaults of the others
    /// are those of the architectures, which the results record. Options that only affect where files are
    /// stored, speed or messages are left out.
    pub(crate) fn command(&self) -> String {
        let mut arguments = vec!["duotone evaluate".to_owned(), quote_path(&self.collection)];
        arguments.push(format!("--architecture {}", quote(&self.architecture.join(","))));
        arguments.push(format!("--folds {}", quote(&self.folds.to_string())));
        arguments.extend((self.repeats > 1).then(|| format!("--repeats {}", self.repeats)));
        arguments.extend(self.select.then(|| "--select".to_owned()));
        if self.vote != VoteArg::Mean {
            let vote = self.vote.to_possible_value();
            arguments.extend(vote.map(|vote| format!("--vote {}", vote.get_name())));
        }
        let deformations = self.deformations.iter();
        arguments.extend(
            deformations.map(|list| format!("--deformations {}", quote(&list.to_string()))),
        );
        arguments.extend(self.training.arguments());
        arguments.join(" ")
    }
}

impl TrainingArgs {
    fn arguments(&self) -> Vec<String> {
        let mut arguments = Vec::new();
        arguments.extend(self.label.iter().map(|column| format!("--label {}", quote(column))));
        arguments.extend(self.group.iter().map(|column| format!("--group {}", quote(column))));
        arguments.extend(self.min_per_label.map(|least| format!("--min-per-label {least}")));
        arguments.extend(self.learning.given());
        let device = self.device.device;
        arguments.extend((device.0 != DeviceChoice::Cpu).then(|| format!("--device {device}")));
        arguments
    }
}

/// Quotes a path for a POSIX shell.
pub(crate) fn quote_path(path: &Path) -> String {
    quote(&path_text(path))
}

pub(super) fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:,=+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::super::{Cli, Command};

    fn command(line: &[&str]) -> String {
        match Cli::try_parse_from(line).unwrap().command {
            Command::Evaluate(args) => args.command(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn contains_exactly_the_options_that_affect_results() {
        let line = ["duotone", "evaluate", "my music", "-a", "model1,model3", "--group", "artist"];
        let other = [
            "--seed",
            "7",
            "--fresh-segments",
            "--epochs",
            "9",
            "--set",
            "label_smoothing=0.1",
            "--threads",
            "2",
            "-v",
            "-o",
            "x",
        ];
        let first = command(&[&line[..], &other[..]].concat());
        assert_eq!(
            first,
            "duotone evaluate 'my music' --architecture model1,model3 --folds auto --group artist \
             --epochs 9 --set label_smoothing=0.1 --validation 0 --seed 7 --fresh-segments"
        );
        // A shell splits it into the same arguments again.
        let arguments: Vec<String> = first
            .replace("'my music'", "my\u{a0}music")
            .split(' ')
            .map(|word| word.replace('\u{a0}', " "))
            .collect();
        assert_eq!(command(&arguments.iter().map(String::as_str).collect::<Vec<_>>()), first);
    }

    #[test]
    fn names_the_deformations() {
        let line = ["duotone", "evaluate", "music", "--deformations"];
        assert!(command(&line).contains(" --deformations gain-20,gain-6,gain+6,bits-16,"));
        let two = [&line[..], &["left,gain-6", "--seed", "1"]].concat();
        assert!(command(&two).contains(" --deformations left,gain-6 "), "{}", command(&two));
        // The option without names may come before another one.
        let before = ["duotone", "evaluate", "music", "--deformations", "--seed", "1"];
        assert!(command(&before).contains("noise-20,left,mp3-64,aac-96 --"));
        let wrong = [&line[..], &["echo"]].concat();
        let error = Cli::try_parse_from(wrong).unwrap_err().to_string();
        assert!(error.contains("no deformation is called `echo`"), "{error}");
    }

    #[test]
    fn quotes_for_a_shell() {
        assert_eq!(super::quote("it's"), r"'it'\''s'");
        assert_eq!(super::quote("Œuvre/a.csv"), "Œuvre/a.csv");
        assert_eq!(super::quote(""), "''");
    }
}
