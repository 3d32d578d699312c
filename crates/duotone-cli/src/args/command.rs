//! The command line that repeats a piece of work, for the record.

use std::path::Path;

use clap::ValueEnum;
use duotone::audio::Segmenter;
use duotone::backend::DeviceChoice;
use duotone::path_text;

use super::training::TrainingArgs;
use super::{EvaluateArgs, VoteArg};

impl EvaluateArgs {
    /// The command with all that decides its results, defaults written out; nothing of what only
    /// decides where it keeps things, how fast it is or what it says.
    pub(crate) fn command(&self) -> String {
        let mut words = vec!["duotone evaluate".to_owned(), quote_path(&self.collection)];
        words.push(format!("--architecture {}", quote(&self.architecture.join(","))));
        words.push(format!("--folds {}", quote(&self.folds.to_string())));
        words.extend(self.select.then(|| "--select".to_owned()));
        if self.vote != VoteArg::Mean {
            let vote = self.vote.to_possible_value();
            words.extend(vote.map(|vote| format!("--vote {}", vote.get_name())));
        }
        words.extend(self.training.words());
        words.join(" ")
    }
}

impl TrainingArgs {
    fn words(&self) -> Vec<String> {
        let settings = self.settings();
        let segments = match settings.segments {
            Segmenter::Random(count) => format!("random:{count}"),
            Segmenter::Consecutive => "consecutive".to_owned(),
        };
        let sampling = self.learning.sampling.to_possible_value();
        let standardize = self.learning.standardize.to_possible_value();
        let rate = self.learning.sample_rate.0.map_or("auto".to_owned(), |rate| rate.to_string());
        let mut words = Vec::new();
        words.extend(self.label.iter().map(|column| format!("--label {}", quote(column))));
        words.extend(self.group.iter().map(|column| format!("--group {}", quote(column))));
        words.extend(self.min_per_label.map(|least| format!("--min-per-label {least}")));
        words.push(format!("--sample-rate {rate}"));
        words.push(format!("--epochs {}", settings.epochs));
        words.push(format!("--learning-rate {}", settings.learning_rate));
        words.push(format!("--batch-size {}", settings.batch_size));
        words.push(format!("--segments {segments}"));
        words.extend(settings.fresh_segments.then(|| "--fresh-segments".to_owned()));
        words.extend(sampling.map(|kind| format!("--sampling {}", kind.get_name())));
        words.extend(standardize.map(|kind| format!("--standardize {}", kind.get_name())));
        words.push(format!("--validation {}", settings.validation));
        words.push(format!("--seed {}", settings.seed));
        let device = self.device.device;
        words.extend((device.0 != DeviceChoice::Cpu).then(|| format!("--device {device}")));
        words
    }
}

/// As a POSIX shell reads it back.
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
    fn it_repeats_what_decides_the_results_and_nothing_else() {
        let line = ["duotone", "evaluate", "my music", "-a", "model1,model3", "--group", "artist"];
        let loud = ["--seed", "7", "--fresh-segments", "--threads", "2", "-v", "-o", "x"];
        let first = command(&[&line[..], &loud[..]].concat());
        assert_eq!(
            first,
            "duotone evaluate 'my music' --architecture model1,model3 --folds auto --group artist \
             --sample-rate auto --epochs 150 --learning-rate 0.02 --batch-size 40 \
             --segments random:30 --fresh-segments --sampling uniform --standardize band --validation 0 --seed 7"
        );
        // A shell that reads it gives the same words again.
        let words: Vec<String> = first
            .replace("'my music'", "my\u{a0}music")
            .split(' ')
            .map(|word| word.replace('\u{a0}', " "))
            .collect();
        assert_eq!(command(&words.iter().map(String::as_str).collect::<Vec<_>>()), first);
    }

    #[test]
    fn quotes_survive_a_shell() {
        assert_eq!(super::quote("it's"), r"'it'\''s'");
        assert_eq!(super::quote("Œuvre/a.csv"), "Œuvre/a.csv");
        assert_eq!(super::quote(""), "''");
    }
}
