//! duotone as the MIREX evaluator: working systems, failing systems, and interruptions.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use serde_json::Value;
use tempfile::tempdir;

use crate::run::{Outcome, command, duotone};
use crate::sound::{collection, tiny};

/// Writes a list of eight clips in each of two styles, by four artists each.
fn clips(dir: &Path) {
    collection(dir, 8);
    tiny(dir);
    let mut list = String::from("path,style,artist\n");
    for label in ["low", "high"] {
        for i in 0..8 {
            list += &format!("music/{label}/{label}{i}.wav,{label},{label} {}\n", i / 2);
        }
    }
    fs::write(dir.join("tracks.csv"), list).unwrap();
}

/// Writes a task whose systems are shell scripts. Their arguments are the training list, the test
/// list, the output and the scratch folder.
fn task(dir: &Path, systems: &[(&str, &str)]) {
    let mut text = String::from(
        "collection = \"tracks.csv\"\nlabel = \"style\"\ngroup = \"artist\"\n[folds]\nnumber = 2\n",
    );
    for (name, line) in systems {
        fs::write(dir.join(format!("{name}.sh")), line).unwrap();
        text += &format!(
            "[[system]]\nname = \"{name}\"\ntime_limit = 2\ntrain_classify = \"bash {name}.sh \
             {{train}} {{test}} {{output}} {{scratch}}\"\n"
        );
    }
    fs::write(dir.join("task.toml"), text).unwrap();
}

/// Outputs the true label: the name of each file's folder.
const ORACLE: &str = r#"sed -E 's,(.*/music/([^/]+)/.*),\1\t\2,' "$2" > "$3""#;
const ALWAYS_LOW: &str = r#"sed 's/$/\tlow/' "$2" > "$3""#;

fn run(dir: &Path, output: &str, more: &[&str]) -> Outcome {
    duotone(dir, [&["mirex", "run", "task.toml", "--output", output][..], more].concat())
}

fn results(dir: &Path, output: &str) -> Value {
    serde_json::from_slice(&fs::read(dir.join(output).join("results.json")).unwrap()).unwrap()
}

fn system<'a>(results: &'a Value, name: &str) -> &'a Value {
    let systems = results["systems"].as_array().unwrap();
    systems.iter().find(|system| system["name"] == name).unwrap()
}

#[test]
fn failing_systems_are_reported_and_do_not_affect_others() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    let failing = [
        ("hangs", "sleep 600", "time limit of 2 s"),
        ("crashes", "echo oh no >&2; exit 9", "exit code 9"),
        ("silent", "true", "wrote no output file"),
        (
            "half",
            r#"sed 's/$/\tlow/' "$2" | head -n 3 | head -c -3 > "$3""#,
            "the last line is cut off",
        ),
        ("stranger", r#"sed 's/$/\tmid/' "$2" > "$3""#, "unknown label"),
        ("latin", r#"sed 's/$/\tl\xF6w/' "$2" > "$3""#, "not in UTF-8"),
        ("folder", r#"mkdir "$3""#, "not a file"),
        ("twice", r#"sed 's/$/\tlow/' "$2" "$2" > "$3""#, "duplicate line"),
    ];
    let mut systems = vec![("oracle", ORACLE)];
    systems.extend(failing.map(|(name, line, _)| (name, line)));
    systems.push(("backwards", r#"sed 's/$/\tlow/' "$2" | tac > "$3""#));
    task(dir, &systems);
    let outcome = run(dir, "out", &[]).ends_with(3);
    let results = results(dir, "out");
    for (name, _, reason) in failing {
        let folds = system(&results, name)["folds"].as_array().unwrap();
        for fold in folds {
            let failure = fold["failure"].as_str().unwrap();
            assert!(failure.contains(reason), "{name}: {failure}");
            assert!(fold["files"].is_null());
            assert!(outcome.stdout.contains(failure), "{name} in:\n{}", outcome.stdout);
        }
        assert!(system(&results, name)["files"].is_null());
    }
    assert_eq!(system(&results, "oracle")["files"]["accuracy"], 1.0);
    let backwards = system(&results, "backwards");
    assert_eq!(backwards["files"]["accuracy"], 0.5);
    assert_eq!(backwards["files"]["confusion"], serde_json::json!([[0, 8], [0, 8]]));
    for fold in backwards["folds"].as_array().unwrap() {
        assert!(fold["notes"][0].as_str().unwrap().contains("different order"));
    }
    let log = fs::read_to_string(dir.join("out/logs/crashes-fold1-train-classify.log")).unwrap();
    assert_eq!(log, "oh no\n");
    let report = fs::read_to_string(dir.join("out/report.html")).unwrap();
    for word in ["time limit of 2 s", "exit code 9", "different order", "not in UTF-8"] {
        assert!(report.contains(word), "{word}");
    }
    // Rejected decisions are not in the predictions.
    let predictions = fs::read_to_string(dir.join("out/predictions.csv")).unwrap();
    assert_eq!(predictions.lines().count(), 1 + 2 * 16);
}

#[test]
fn repeated_runs_give_the_same_bytes() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    task(dir, &[("low", ALWAYS_LOW)]);
    let mut text = fs::read_to_string(dir.join("task.toml")).unwrap();
    text += "[[system]]\nname = \"tiny\"\narchitecture = \"tiny.toml\"\n\
             training = { epochs = 20, batch_size = 8, learning_rate = 0.1, \
             segments = { random = 4 } }\n";
    fs::write(dir.join("task.toml"), text).unwrap();
    for output in ["one", "two"] {
        run(dir, output, &[]).ends_with(0);
    }
    for file in ["results.json", "predictions.csv"] {
        let [one, two] = ["one", "two"].map(|o| fs::read(dir.join(o).join(file)).unwrap());
        assert!(one == two, "{file}");
    }
    let results = results(dir, "one");
    let tiny = &system(&results, "tiny")["files"]["accuracy"];
    assert!(tiny.as_f64().unwrap() > 0.9, "{tiny}");
    // The folds are those of `duotone evaluate`.
    let args = "evaluate tracks.csv --label style --group artist --folds 2 --epochs 20 \
                 --batch-size 8 --learning-rate 0.1 --segments random:4 -a tiny.toml --output e";
    duotone(dir, args.split_whitespace()).ends_with(0);
    let evaluated: Value =
        serde_json::from_slice(&fs::read(dir.join("e/results.json")).unwrap()).unwrap();
    assert_eq!(system(&results, "tiny")["files"], evaluated["systems"][0]["files"]);
    // Lists are in MIREX's format, and the folds are complete.
    let list = |name: &str| fs::read_to_string(dir.join("one/lists").join(name)).unwrap();
    assert_eq!(list("files.txt").lines().count(), 16);
    let [train, test] = ["fold1-train.txt", "fold1-test.txt"].map(list);
    assert_eq!(train.lines().count() + test.lines().count(), 16);
    assert!(train.lines().all(|l| l.starts_with('/') && l.split('\t').count() == 2));
    assert!(test.lines().all(|line| !train.contains(line)));
}

#[test]
fn duplicate_recordings_are_reported() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    task(dir, &[("low", ALWAYS_LOW)]);
    fs::copy(dir.join("music/low/low0.wav"), dir.join("music/copy.wav")).unwrap();
    fs::write(dir.join("music/broken.wav"), "no sound").unwrap();
    let list = fs::read_to_string(dir.join("tracks.csv")).unwrap();
    let more = "music/copy.wav,low,someone\nmusic/broken.wav,high,nobody\n";
    fs::write(dir.join("tracks.csv"), list + more).unwrap();
    // A system may be able to read what duotone cannot, so this does not affect the run.
    run(dir, "out", &[]).ends_with(0).says(&["with the same recording"]);
    let findings = &results(dir, "out")["protocol"]["findings"];
    let pairs = findings["recordings"].as_array().unwrap();
    let pair = pairs.iter().find(|pair| pair["identical"] == true).unwrap();
    assert_eq!(pair["first"]["path"], "music/low/low0.wav");
    assert_eq!(pair["second"]["path"], "music/copy.wav");
    assert!(pair["first"]["fold"].is_string() && pair["second"]["fold"].is_string());
    let uncompared = findings["without_fingerprint"].as_array().unwrap();
    assert!(uncompared.contains(&"music/broken.wav".into()), "{uncompared:?}");
    let report = fs::read_to_string(dir.join("out/report.html")).unwrap();
    assert!(report.contains("<h2>Leaks</h2>") && report.contains("copy.wav"));
}

/// Returns the calls that systems recorded in a file, one per line.
fn calls(dir: &Path) -> Vec<String> {
    let calls = fs::read_to_string(dir.join("calls")).unwrap_or_default();
    calls.lines().map(str::to_owned).collect()
}

#[track_caller]
fn wait_until(what: &str, condition: impl Fn() -> bool) {
    let start = Instant::now();
    while !condition() {
        assert!(start.elapsed() < Duration::from_secs(60), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn killing_a_run_kills_its_program_and_it_can_be_resumed() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    // In the second fold it waits as long as a file exists.
    let first = format!("echo first >> calls; {ALWAYS_LOW}");
    let second = format!(
        "echo $$ > pid; echo second >> calls\n\
         case $1 in *fold2*) while [ -e wait ]; do sleep 0.1; done;; esac\n{ALWAYS_LOW}"
    );
    task(dir, &[("first", &first), ("second", &second)]);
    let text = fs::read_to_string(dir.join("task.toml")).unwrap();
    fs::write(dir.join("task.toml"), text.replace("time_limit = 2", "time_limit = 600")).unwrap();
    run(dir, "whole", &[]).ends_with(0);
    assert_eq!(calls(dir), ["first", "first", "second", "second"]);

    fs::remove_file(dir.join("calls")).unwrap();
    fs::write(dir.join("wait"), "").unwrap();
    let mut child = command()
        .current_dir(dir)
        .args(["mirex", "run", "task.toml", "--output", "killed"])
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    wait_until("the last fold starts", || calls(dir).len() == 4);
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!dir.join("killed/results.json").exists());
    let pid = fs::read_to_string(dir.join("pid")).unwrap();
    let alive = format!("kill -0 {} 2> /dev/null", pid.trim());
    wait_until("the program ends, too", || {
        !Command::new("bash").args(["-c", &alive]).status().unwrap().success()
    });

    fs::remove_file(dir.join("wait")).unwrap();
    run(dir, "killed", &["--resume"]).ends_with(0);
    assert_eq!(calls(dir).len(), 5, "only one fold was lost");
    for file in ["results.json", "predictions.csv"] {
        let [a, b] = ["whole", "killed"].map(|o| fs::read(dir.join(o).join(file)).unwrap());
        assert!(a == b, "{file}");
    }
    // Everything is repeated without --resume, and so is a system whose command has changed.
    let changed =
        fs::read_to_string(dir.join("task.toml")).unwrap().replace("bash first", "sh first");
    fs::write(dir.join("task.toml"), changed).unwrap();
    run(dir, "killed", &["--resume"]).ends_with(0);
    assert_eq!(calls(dir).len(), 7);
    run(dir, "killed", &[]).ends_with(0).says(&["an earlier run are replaced"]);
    assert_eq!(calls(dir).len(), 11);
}

#[test]
fn failures_are_kept_until_retried() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    let line = format!("echo call >> calls; [ -e fixed ] || exit 1; {ALWAYS_LOW}");
    task(dir, &[("broken", &line)]);
    run(dir, "out", &[]).ends_with(3);
    fs::write(dir.join("fixed"), "").unwrap();
    run(dir, "out", &["--resume"]).ends_with(3);
    assert_eq!(calls(dir).len(), 2);
    run(dir, "out", &["--resume", "--retry"]).ends_with(0);
    assert_eq!(calls(dir).len(), 4);
}

#[test]
fn folds_share_extracted_features_only() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    task(dir, &[]);
    let mut text = fs::read_to_string(dir.join("task.toml")).unwrap();
    text += "[[system]]\nname = \"x\"\nextract = \"bash extract.sh {scratch} {files}\"\n\
             train = \"bash train.sh {scratch} {train}\"\n\
             classify = \"bash classify.sh {scratch} {test} {output}\"\n";
    fs::write(dir.join("task.toml"), text).unwrap();
    fs::write(dir.join("extract.sh"), "echo extract >> calls; mkdir $1/deep; cp $2 $1/deep/all\n")
        .unwrap();
    let train = "[ ! -e $1/model ] && [ $(wc -l < $1/deep/all) = 16 ] && cut -f 2 $2 > $1/model\n";
    fs::write(dir.join("train.sh"), train).unwrap();
    fs::write(dir.join("classify.sh"), "[ -s $1/model ] && sed 's/$/\\tlow/' $2 > $3\n").unwrap();
    run(dir, "out", &[]).ends_with(0);
    assert_eq!(calls(dir), ["extract"]);
}

#[test]
fn folds_may_be_listed_and_are_checked() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    task(dir, &[("oracle", ORACLE)]);
    run(dir, "made", &[]).ends_with(0);
    let text = fs::read_to_string(dir.join("task.toml")).unwrap();
    let listed = |lists: &str| {
        let text = text.replace("number = 2", &format!("lists = [{lists}]"));
        fs::write(dir.join("task.toml"), text).unwrap();
    };
    let fold = |n: usize, m: usize| {
        format!(
            r#"{{ train = "made/lists/fold{n}-train.txt", test = "made/lists/fold{m}-test.txt" }}, "#
        )
    };
    listed(&(fold(1, 1) + &fold(2, 2)));
    run(dir, "listed", &[]).ends_with(0);
    let (made, listed_results) = (results(dir, "made"), results(dir, "listed"));
    assert_eq!(made["systems"], listed_results["systems"]);
    assert_eq!(made["protocol"]["folds_digest"], listed_results["protocol"]["folds_digest"]);
    listed(&fold(1, 2));
    run(dir, "mixed", &[]).ends_with(1).says(&["trained on in the same fold"]);
    // One clip of a test artist is in the training list.
    let test = fs::read_to_string(dir.join("made/lists/fold1-test.txt")).unwrap();
    let (first, rest) = test.split_once('\n').unwrap();
    let label = if first.contains("/low/") { "low" } else { "high" };
    let train = fs::read_to_string(dir.join("made/lists/fold1-train.txt")).unwrap();
    fs::write(dir.join("a.txt"), format!("{train}{first}\t{label}\n")).unwrap();
    fs::write(dir.join("b.txt"), rest).unwrap();
    listed(r#"{ train = "a.txt", test = "b.txt" }"#);
    run(dir, "mixed", &[]).ends_with(1).says(&["artist", "trained on in the same fold"]);
    fs::write(dir.join("a.txt"), format!("{first}\tmid\n")).unwrap();
    run(dir, "mixed", &[]).ends_with(1).says(&["`mid` here", "in the collection"]);
}

#[test]
fn errors_in_tasks_suggest_a_remedy() {
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    let head = "collection = \"tracks.csv\"\nlabel = \"style\"\n";
    let system = |rest: &str| format!("{head}[[system]]\nname = \"x\"\n{rest}\n");
    for (text, expected) in [
        (String::new(), &["no collection", "--collection"][..]),
        (head.into(), &["no systems"]),
        (system(""), &["system x", "train_classify"]),
        (system("train = \"x {scratch} {train}\""), &["system x", "classify"]),
        (system("train_classify = \"x {scratch} {train} {test}\""), &["{output} is missing"]),
        (
            system("train_classify = \"x {scratch} {train} {test} {out}\""),
            &["unknown placeholder {out}"],
        ),
        (system("architecture = \"model9\""), &["system x", "model9"]),
        (system("architecture = \"model1\"\ntraining = { epoch = 3 }"), &["epoch"]),
        (system("architecture = \"model1\"\ntime_limit = 0"), &["time_limit"]),
        (
            system("architecture = \"model1\"\n[[system]]\nname=\"X\"\narchitecture=\"model2\""),
            &["two systems"],
        ),
        (system("architecture = \"model1\"").replace("\"x\"", "\"a/b\""), &["a/b", "letters"]),
        (
            system("architecture = \"model1\"").replace(head, "colection = \"tracks.csv\"\n"),
            &["colection"],
        ),
        (
            format!("folds = {{ number = 1 }}\n{}", system("architecture = \"model1\"")),
            &["1 folds"],
        ),
    ] {
        fs::write(dir.join("task.toml"), text).unwrap();
        run(dir, "out", &[]).ends_with(1).says(expected);
    }
    assert!(!dir.join("out/results.json").exists());
}

/// Runs the complete example, on synthesised sounds. The support vector machine is included if its
/// Python packages are installed.
#[test]
fn example_runs() {
    let works = |code: &str| {
        let mut python = Command::new("python3");
        python.args(["-c", code]).stderr(Stdio::null());
        python.status().is_ok_and(|status| status.success())
    };
    if !works("import sys; assert sys.version_info >= (3, 10)") {
        eprintln!("skipped: needs Python 3.10 or later");
        return;
    }
    let folder = tempdir().unwrap();
    let dir = folder.path();
    clips(dir);
    let examples = concat!(env!("CARGO_MANIFEST_DIR"), "/../../examples/mirex");
    for file in ["demo.toml", "majority.py", "mfcc_svm.py"] {
        fs::copy(Path::new(examples).join(file), dir.join(file)).unwrap();
    }
    let svm = works("import librosa, sklearn");
    if !svm {
        eprintln!(
            "the support vector machine is left out: librosa or scikit-learn is not installed"
        );
        let text = fs::read_to_string(dir.join("demo.toml")).unwrap();
        let (head, tail) = text.split_once("[[system]]\nname = \"mfcc-svm\"").unwrap();
        let tail = &tail[tail.find("[[system]]").unwrap()..];
        fs::write(dir.join("demo.toml"), format!("{head}{tail}")).unwrap();
    }
    let args = ["mirex", "run", "demo.toml", "--collection", "tracks.csv", "--output", "out"];
    duotone(dir, args).ends_with(0);
    let results = results(dir, "out");
    let accuracy = |name: &str| system(&results, name)["files"]["accuracy"].as_f64().unwrap();
    assert!(accuracy("majority") <= 0.5, "{}", accuracy("majority"));
    // Twelve epochs on a dozen sounds are too few; the test only checks that it decided.
    let confusion = &system(&results, "model1")["files"]["confusion"];
    let decided = confusion.as_array().unwrap().iter().flat_map(|row| row.as_array().unwrap());
    assert_eq!(decided.map(|count| count.as_u64().unwrap()).sum::<u64>(), 16);
    assert!(!svm || accuracy("mfcc-svm") > accuracy("majority"), "{}", accuracy("mfcc-svm"));
    assert_eq!(results["protocol"]["folds"], 3);
}
