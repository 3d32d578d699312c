//! Reconstructs the command line of an evaluation, to record it with the results.

use std::path::Path;

use clap::ValueEnum;
use duotone::audio::Segmenter;
use duotone::backend::DeviceChoice;
use duotone::path_text;

use super::training::TrainingArgs;
use super::{EvaluateArgs, VoteArg};

impl EvaluateArgs {
    /// Returns the command with every option that affects its results, including defaults. Options
    /// that only affect where files are stored, speed or messages are left out.
    pub(crate) fn command(&self) -> String {
        let mut arguments = vec!["duotone evaluate".to_owned(), quote_path(&self.collection)];
        arguments.push(format!("--architecture {}", quote(&self.architecture.join(","))));
        arguments.push(format!("--folds {}", quote(&self.folds.to_string())));
        arguments.extend(self.select.then(|| "--select".to_owned()));
        if self.vote != VoteArg::Mean {
            let vote = self.vote.to_possible_value();
            arguments.extend(vote.map(|vote| format!("--vote {}", vote.get_name())));
        }
        arguments.extend(self.training.arguments());
        arguments.join(" ")
    }
}

impl TrainingArgs {
    fn arguments(&self) -> Vec<String> {
        let settings = self.settings();
        let segments = match settings.segments {
            Segmenter::Random(count) => format!("random:{count}"),
            Segmenter::Consecutive => "consecutive".to_owned(),
        };
        let sampling = self.learning.sampling.to_possible_value();
        let standardize = self.learning.standardize.to_possible_value();
        let rate = self.learning.sample_rate.0.map_or("auto".to_owned(), |rate| rate.to_string());
        let mut arguments = Vec::new();
        arguments.extend(self.label.iter().map(|column| format!("--label {}", quote(column))));
        arguments.extend(self.group.iter().map(|column| format!("--group {}", quote(column))));
        arguments.extend(self.min_per_label.map(|least| format!("--min-per-label {least}")));
        arguments.push(format!("--sample-rate {rate}"));
        arguments.push(format!("--epochs {}", settings.epochs));
        arguments.push(format!("--learning-rate {}", settings.learning_rate));
        arguments.push(format!("--batch-size {}", settings.batch_size));
        arguments.push(format!("--segments {segments}"));
        arguments.extend(settings.fresh_segments.then(|| "--fresh-segments".to_owned()));
        arguments.extend(sampling.map(|kind| format!("--sampling {}", kind.get_name())));
        arguments.extend(standardize.map(|kind| format!("--standardize {}", kind.get_name())));
        arguments.push(format!("--validation {}", settings.validation));
        arguments.push(format!("--seed {}", settings.seed));
        let device = self.device.device;
        arguments.extend((device.0 != DeviceChoice::Cpu).then(|| format!("--device {device}")));
        arguments
    }
}

/// Quotes a path for a POSIX shell.
pub(crate) fn quote_path(path: &Path) -> String {
    quote(&path_text(path))
}

fn quote(word: &str) -> String {
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
        let other = ["--seed", "7", "--fresh-segments", "--threads", "2", "-v", "-o", "x"];
        let first = command(&[&line[..], &other[..]].concat());
        assert_eq!(
            first,
            "duotone evaluate 'my music' --architecture model1,model3 --folds auto --group artist \
             --sample-rate auto --epochs 150 --learning-rate 0.02 --batch-size 40 \
             --segments random:30 --fresh-segments --sampling uniform --standardize band --validation 0 --seed 7"
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
    fn quotes_for_a_shell() {
        assert_eq!(super::quote("it's"), r"'it'\''s'");
        assert_eq!(super::quote("Œuvre/a.csv"), "Œuvre/a.csv");
        assert_eq!(super::quote(""), "''");
    }
}
