//! Arguments, help, and wrong usage.

use std::path::Path;

use crate::run::{bash, duotone};

const COMMANDS: [&str; 9] = [
    "train",
    "evaluate",
    "classify",
    "embed",
    "features",
    "inspect",
    "mirex",
    "demo",
    "completions",
];

#[test]
fn help_has_examples() {
    let here = Path::new(".");
    let help = duotone(here, ["--help"]).ends_with(0).stdout;
    for command in COMMANDS {
        assert!(help.contains(&format!("\n  {command}")), "{command}");
        let help = duotone(here, [command, "--help"]).ends_with(0).stdout;
        assert!(help.contains(&format!("Examples:\n  duotone {command}")), "{command}");
    }
    let help = duotone(here, ["train", "--help"]).stdout;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    for default in [
        "[default: 25 for deep, 150 for the paper's networks, at most 200 for mfcc and musicnn]",
        "[default: 0.004 for deep, 0.02 for the paper's networks]",
        "[default: 32 for deep, 40 for the paper's networks]",
        "[default: random:6 for deep, random:30 for the paper's networks, consecutive for mfcc and musicnn]",
    ] {
        assert!(help.contains(default), "{default}");
    }
}

/// Examples are broken by hand, so they must fit the narrowest usual terminal.
#[test]
fn examples_fit_80_columns() {
    for command in
        COMMANDS.into_iter().chain(["backbone", "check", "compare", "devices", "export", "man"])
    {
        let help = duotone(Path::new("."), [command, "--help"]).ends_with(0).stdout;
        let (_, examples) = help.split_once("Examples:\n").unwrap();
        for line in examples.lines().take_while(|line| line.starts_with("  ")) {
            assert!(line.chars().count() <= 80, "{line}");
        }
    }
}

#[test]
fn wrong_usage_exits_with_2() {
    let evaluate = |args: &[&'static str]| [&["evaluate", "x"], args].concat();
    for args in [
        vec![],
        vec!["fly"],
        vec!["train", "x"],
        vec!["classify", "m"],
        vec!["completions", "tcl"],
        evaluate(&["--architecture", "model4"]),
        evaluate(&["--architecture", "model1,model4"]),
        evaluate(&["--folds", "1"]),
        evaluate(&["--epochs", "0"]),
        evaluate(&["--batch-size", "0"]),
        evaluate(&["--learning-rate", "-1"]),
        evaluate(&["--learning-rate", "NaN"]),
        evaluate(&["--validation", "1"]),
        evaluate(&["--segments", "random:0"]),
        evaluate(&["--sample-rate", "44.1k"]),
        evaluate(&["--threads", "0"]),
        evaluate(&["--resume"]),
        evaluate(&["--quiet", "-v"]),
    ] {
        let outcome = duotone(Path::new("."), &args).ends_with(2);
        assert!(outcome.stdout.is_empty() && !outcome.stderr.is_empty(), "{args:?}");
    }
}

#[test]
fn numbers_out_of_range_are_answered_with_the_range() {
    for (option, range) in [
        ("--seed=abc", "a whole number from 0 to 18446744073709551615"),
        ("--seed -1", "a whole number from 0 to 18446744073709551615"),
        ("--epochs -1", "a whole number from 1 to 50000"),
        ("--batch-size -1", "a whole number from 1 to 50000"),
        ("--min-per-label -1", "a whole number from 1 to 50000"),
        ("--folds -3", "a whole number from 2 to 1000"),
        ("--threads -1", "a whole number from 1 to 1024"),
        ("--learning-rate -0.1", "a number above 0"),
        ("--validation -0.1", "at least 0 and below 1"),
    ] {
        let args = ["evaluate", "x"].into_iter().chain(option.split(' '));
        duotone(Path::new("."), args).ends_with(2).says(&[&format!("it must be {range}")]);
    }
    duotone(Path::new("."), ["check", "x", "--folds", "-3"]).ends_with(2).says(&["from 2 to 1000"]);
}

#[test]
fn completions_contain_every_command() {
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = duotone(Path::new("."), ["completions", shell]).ends_with(0).stdout;
        for word in COMMANDS.into_iter().chain(["fresh-segments"]) {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    let line = "source <(duotone completions bash) && complete -p duotone";
    assert!(bash(Path::new("."), line).ends_with(0).stdout.contains("_duotone"));
}

#[test]
fn every_command_has_a_man_page() {
    let folder = tempfile::tempdir().unwrap();
    let man = || duotone(folder.path(), ["man", "--output", "pages"]);
    man().ends_with(0);
    for command in COMMANDS {
        let page = folder.path().join(format!("pages/duotone-{command}.1"));
        let page = std::fs::read_to_string(page).unwrap();
        let example = format!(".SH EXAMPLES\n.nf\nduotone {command}");
        let parts = [".SH NAME", ".SH OPTIONS", &example, "\n.fi\n", env!("CARGO_PKG_VERSION")];
        assert!(parts.iter().all(|part| page.contains(part)), "{command}");
        assert!(!page.contains("duotone\\-help") && !page.contains("EXTRA"), "{command}");
    }
    let overview = std::fs::read_to_string(folder.path().join("pages/duotone.1")).unwrap();
    assert!(overview.contains("duotone\\-train") && !overview.contains("duotone\\-help"));
    assert!(folder.path().join("pages/duotone-mirex-run.1").is_file());
    // Pages are replaced, other files are not.
    man().ends_with(0);
    std::fs::write(folder.path().join("pages/duotone-train.1"), "mine").unwrap();
    man().ends_with(1).says(&["duotone-train.1", "man page"]);
}

#[test]
fn closed_pipe_is_not_an_error() {
    let line = "set -o pipefail; duotone completions bash | head -n 1";
    let outcome = bash(Path::new("."), line).ends_with(0);
    assert_eq!((outcome.stdout.lines().count(), outcome.stderr.as_str()), (1, ""));
}

#[test]
fn unwritable_standard_output_is_an_error() {
    bash(Path::new("."), "duotone completions bash > /dev/full")
        .ends_with(1)
        .says(&["standard output", "space"]);
    bash(Path::new("."), "duotone inspect nowhere 2> /dev/full").ends_with(1);
}
