//! Parsers for argument values. Each error lists the accepted values.

use std::fmt;
use std::str::FromStr;

use duotone::audio::Segmenter;
use duotone::backend::DeviceChoice;
use duotone::classify::Excerpts;
use duotone::data::{Column, Folds};
use duotone::evaluate::Deformation;
use duotone::model::{ModelSpec, TrainSettings};
use duotone::path_text;

use crate::exit::Failure;

/// Accepts a preset's name, or that of a TOML file.
pub(super) fn architecture(text: &str) -> Result<String, String> {
    if ModelSpec::PRESETS.contains(&text) || text.ends_with(".toml") {
        Ok(text.into())
    } else {
        Err(format!("it must be {} or a file named *.toml", ModelSpec::PRESETS.join(", ")))
    }
}

/// A training setting by its name in the model file, and its value as TOML.
#[derive(Clone, Debug)]
pub(crate) struct Setting {
    name: String,
    value: String,
}

impl fmt::Display for Setting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}={}", self.name, self.value)
    }
}

pub(super) fn setting(text: &str) -> Result<Setting, String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() && !value.is_empty() => {
            Ok(Setting { name: name.trim().into(), value: value.trim().into() })
        }
        _ => Err("it must be NAME=VALUE, such as label_smoothing=0.1".into()),
    }
}

/// Returns a recipe's settings with some changed.
pub(super) fn with_settings(
    recipe: &TrainSettings,
    changes: &[Setting],
) -> Result<TrainSettings, Failure> {
    let mut settings = recipe.clone();
    for change in changes {
        settings = settings
            .with(&change.name, &change.value)
            .map_err(|reason| Failure::Usage(format!("--set {change}: {reason}")))?;
    }
    Ok(settings)
}

/// Sample rate in hertz; `None` is `auto`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SampleRate(pub(crate) Option<u32>);

impl FromStr for SampleRate {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "auto" {
            return Ok(Self(None));
        }
        match text.parse() {
            Ok(rate @ 8_000..=192_000) => Ok(Self(Some(rate))),
            _ => Err("it must be `auto` or 8000 to 192000 hertz, such as 22050".into()),
        }
    }
}

/// The device to compute on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct DeviceArg(pub(crate) DeviceChoice);

impl FromStr for DeviceArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = text.strip_prefix("gpu:").map(|n| whole(n, 0, 1_000));
        match (text, number) {
            ("cpu", _) => Ok(Self(DeviceChoice::Cpu)),
            ("auto", _) => Ok(Self(DeviceChoice::Auto)),
            ("gpu", _) => Ok(Self(DeviceChoice::Gpu(0))),
            (_, Some(Ok(number))) => Ok(Self(DeviceChoice::Gpu(number))),
            _ => Err("it must be `cpu`, `gpu`, `gpu:N` (see `duotone devices`) or `auto`".into()),
        }
    }
}

impl fmt::Display for DeviceArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            DeviceChoice::Cpu => write!(f, "cpu"),
            DeviceChoice::Gpu(number) => write!(f, "gpu:{number}"),
            DeviceChoice::Auto => write!(f, "auto"),
        }
    }
}

pub(super) fn segments(text: &str) -> Result<Segmenter, String> {
    if text == "consecutive" {
        return Ok(Segmenter::Consecutive);
    }
    match text.strip_prefix("random:").map(|n| whole(n, 1, 10_000)) {
        Some(Ok(count)) => Ok(Segmenter::Random(count)),
        _ => Err("it must be `consecutive` or `random:N`, such as random:30".into()),
    }
}

/// Parses excerpts as COUNTxSECONDS.
pub(super) fn excerpts(text: &str) -> Result<Excerpts, String> {
    let Some((count, seconds)) = text.split_once('x') else {
        return Err("it must be COUNTxSECONDS, such as 3x10".into());
    };
    let count = whole_named("COUNT", count, 1, 1_000)?;
    let seconds = whole_named("SECONDS", seconds, 1, 3_600)?;
    Ok(Excerpts { count, seconds: seconds as u32 })
}

/// Parses a count, limited because it determines the size of something in memory.
pub(super) fn count(text: &str) -> Result<usize, String> {
    whole(text, 1, 50_000)
}

/// How the clips are divided into folds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct FoldsArg(pub(crate) Folds);

impl FromStr for FoldsArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let number = |c: char| c.is_ascii_digit() || "+-.".contains(c);
        Ok(Self(match text {
            "auto" => Folds::Automatic,
            "column" => Folds::Column(Column::Fold),
            "split" => Folds::Column(Column::Split),
            "" => {
                return Err(
                    "it must be a number of folds, `auto`, `column`, `split` or a file".into()
                );
            }
            _ if text.chars().all(number) => Folds::Count(whole(text, 2, 1_000)?),
            _ => Folds::File(text.into()),
        }))
    }
}

impl fmt::Display for FoldsArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Folds::Automatic => f.write_str("auto"),
            Folds::Count(count) => count.fmt(f),
            Folds::Column(Column::Fold) => f.write_str("column"),
            Folds::Column(Column::Split) => f.write_str("split"),
            Folds::File(path) => path_text(path).fmt(f),
            Folds::Given(_) => f.write_str("given"),
        }
    }
}

/// Deformations, separated by commas.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DeformationsArg(pub(crate) Vec<Deformation>);

impl FromStr for DeformationsArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        Deformation::list(text).map(Self)
    }
}

impl fmt::Display for DeformationsArg {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<String> = self.0.iter().map(ToString::to_string).collect();
        f.write_str(&names.join(","))
    }
}

pub(super) fn threads(text: &str) -> Result<usize, String> {
    whole(text, 1, 1_024)
}

pub(super) fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("it must be a whole number from 0 to {}", u64::MAX))
}

fn whole(text: &str, least: usize, most: usize) -> Result<usize, String> {
    whole_named("it", text, least, most)
}

/// Parses a whole number. An error calls it by its name.
fn whole_named(name: &str, text: &str, least: usize, most: usize) -> Result<usize, String> {
    match text.parse() {
        Ok(number) if (least..=most).contains(&number) => Ok(number),
        _ => Err(format!("{name} must be a whole number from {least} to {most}")),
    }
}

pub(super) fn learning_rate(text: &str) -> Result<f32, String> {
    match text.parse::<f32>() {
        Ok(rate) if rate.is_finite() && rate > 0.0 => Ok(rate),
        _ => Err("it must be a number above 0, such as 0.02".into()),
    }
}

pub(super) fn inner_folds(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if count != 1 => Ok(count),
        _ => Err("it must be 0 or a whole number from 2".into()),
    }
}

/// Parses a share, such as `0.1` or `10%`.
pub(super) fn share(text: &str) -> Result<f64, String> {
    let share = match text.strip_suffix('%') {
        Some(percent) => percent.trim().parse::<f64>().map(|percent| percent / 100.0),
        None => text.parse::<f64>(),
    };
    match share {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("it must be from 0 to 1, such as 0.1, or a percentage, such as 10%".into()),
    }
}

pub(super) fn validation(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(share) if (0.0..1.0).contains(&share) => Ok(share),
        _ => Err("it must be at least 0 and below 1, such as 0.2".into()),
    }
}

pub(super) fn probability(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        Ok(probability) if (0.0..=1.0).contains(&probability) => Ok(probability),
        _ => Err("it must be from 0 to 1, such as 0.5".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn architecture_is_a_preset_or_a_file() {
        assert_eq!(architecture("model2-figure"), Ok("model2-figure".into()));
        assert_eq!(architecture("a/b.toml"), Ok("a/b.toml".into()));
        let error = architecture("model4").unwrap_err();
        assert!(error.contains("model2-figure") && error.contains("toml"), "{error}");
    }

    #[test]
    fn segments_are_random_or_consecutive() {
        assert_eq!(segments("random:7"), Ok(Segmenter::Random(7)));
        assert_eq!(segments("consecutive"), Ok(Segmenter::Consecutive));
        for bad in ["", "random", "random:", "random:0", "random:-1", "random:9999999999", "7"] {
            assert!(segments(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn excerpts_are_a_count_and_a_length() {
        assert_eq!(excerpts("3x10"), Ok(Excerpts { count: 3, seconds: 10 }));
        for bad in ["", "3", "x", "3x", "x10", "0x10", "3x0", "3x2.5", "3x10x2", "-1x3"] {
            assert!(excerpts(bad).is_err(), "{bad}");
        }
        assert!(excerpts("0x10").unwrap_err().starts_with("COUNT must be a whole"));
        assert!(excerpts("3x0").unwrap_err().starts_with("SECONDS must be a whole"));
    }

    #[test]
    fn rates_are_auto_or_hertz() {
        assert_eq!("auto".parse(), Ok(SampleRate(None)));
        assert_eq!("22050".parse(), Ok(SampleRate(Some(22_050))));
        for bad in ["", "0", "-1", "44.1k", "7999", "192001", "99999999999"] {
            assert!(bad.parse::<SampleRate>().is_err(), "{bad}");
        }
    }

    #[test]
    fn devices_are_named_or_numbered() {
        for (text, choice) in [
            ("cpu", DeviceChoice::Cpu),
            ("gpu", DeviceChoice::Gpu(0)),
            ("gpu:3", DeviceChoice::Gpu(3)),
            ("auto", DeviceChoice::Auto),
        ] {
            let read: DeviceArg = text.parse().unwrap();
            assert_eq!(read.0, choice);
            assert_eq!(read.to_string().parse(), Ok(read));
        }
        for bad in ["", "GPU", "gpu:", "gpu:-1", "gpu:x", "gpu0", "gpu:99999999999"] {
            assert!(bad.parse::<DeviceArg>().is_err(), "{bad}");
        }
    }

    #[test]
    fn folds_are_a_number_a_keyword_or_a_file() {
        for text in ["auto", "column", "split", "7", "report/folds.csv"] {
            assert_eq!(text.parse::<FoldsArg>().unwrap().to_string(), text);
        }
        assert_eq!("7".parse(), Ok(FoldsArg(Folds::Count(7))));
        assert_eq!("a.csv".parse(), Ok(FoldsArg(Folds::File("a.csv".into()))));
        for bad in ["", "0", "1", "-3", "2.5", "1001", "99999999999999999999"] {
            assert!(bad.parse::<FoldsArg>().is_err(), "{bad}");
        }
    }

    #[test]
    fn rejects_numbers_out_of_range() {
        assert!(
            validation("1").is_err() && validation("NaN").is_err() && validation("-0.1").is_err()
        );
        assert!(learning_rate("0").is_err() && learning_rate("inf").is_err());
        assert!(learning_rate("NaN").is_err() && count("0").is_err());
        assert!(probability("1.1").is_err() && probability("NaN").is_err());
        assert_eq!([probability("0"), probability("1")], [Ok(0.0), Ok(1.0)]);
        assert_eq!(validation("0.25"), Ok(0.25));
        assert_eq!(learning_rate("0.02"), Ok(0.02));
    }
}
