mod comparison;
mod confidence;

use std::path::PathBuf;

use duotone::audio::FrontEnd;
use duotone::nn::{Architecture, random::Philox};

use super::{html, ranks};
use duotone::classify::Vote;
use duotone::data::Balance;
use duotone::evaluate::{
    Candidate, CommandLine, FoldResult, NetworkInfo, Prediction, Protocol, Results, RunTime,
    Scores, Selection, SystemResult, probability_scores, significance,
};
use duotone::features::Notes;
use duotone::io::SkippedFile;
use duotone::leaks::Findings;
use duotone::model::{EpochRecord, LabelCount, TrainSettings};
use duotone::statistics::{bootstrap, friedman, tukey_kramer};

/// Draws decisions that are correct with a probability of `skill`.
fn results(labels: &[String], systems: &[(&str, f64)], folds: usize, epochs: usize) -> Results {
    let clips = 16 * labels.len();
    let system = |(name, skill): &(&str, f64)| {
        let random = Philox::new(11, (skill * 1e6) as u64);
        let k = labels.len();
        let predictions: Vec<Prediction> = (0..clips)
            .map(|i| {
                let (truth, fold) = (i % k, i / k % folds + 1);
                let right = f64::from(random.uniform(i as u64)) < *skill;
                let step = 1 + random.below(i as u64 + 10_000, 3);
                let decided = if right { truth } else { (truth + step) % k };
                let sure = 0.4 + 0.59 * f64::from(random.uniform(i as u64 + 20_000));
                let mut probabilities = vec![(1.0 - sure) / (k - 1) as f64; k];
                probabilities[decided] = sure;
                Prediction {
                    path: PathBuf::from(format!("collection/{}/piece-{i}.wav", labels[truth])),
                    label: labels[truth].clone(),
                    predicted: labels[decided].clone(),
                    fold,
                    seed: None,
                    group: None,
                    notes: Notes::default(),
                    probabilities,
                }
            })
            .collect();
        let files = scores(labels, &predictions);
        let folds = (1..=folds).map(|f| fold(f, &predictions, epochs, &random)).collect();
        let architecture = Architecture::preset(name, k)
            .unwrap_or_else(|| Architecture::preset("model1", k).unwrap());
        let right: Vec<bool> = predictions.iter().map(|p| p.label == p.predicted).collect();
        SystemResult {
            name: (*name).to_owned(),
            networks: vec![NetworkInfo {
                name: (*name).to_owned(),
                parameters: architecture.parameters(),
                architecture,
                front_end: FrontEnd::paper(22_050),
                settings: None,
                vote: None,
            }],
            commands: Vec::new(),
            interval: Some(bootstrap(&right, None, 0.95, 0).unwrap()),
            segments: Some(files.clone()),
            files: Some(files),
            confidence: None,
            deformations: Vec::new(),
            repeats: Vec::new(),
            folds,
            predictions,
        }
    };
    let systems: Vec<SystemResult> = systems.iter().map(system).collect();
    Results {
        format: 4,
        times: Vec::new(),
        significance: significance(&systems, 0).unwrap(),
        warnings: Vec::new(),
        systems,
        protocol: Protocol {
            task: None,
            seed: Some(0),
            fold_names: None,
            collection: "demo/tracks.csv".into(),
            collection_digest: "8d3f09a1c2b45e67".into(),
            label: "style".into(),
            group: Some("artist".into()),
            folds,
            repeats: 1,
            folds_source: "the seed, stratified by label".into(),
            balance: Balance {
                counts: vec![vec![16 / folds; labels.len()]; folds],
                largest_deviation: 0.25,
            },
            folds_digest: "51aa0c7712fe3b90".into(),
            clips,
            groups: Some(32),
            labels: labels.iter().map(|l| LabelCount { name: l.clone(), clips: 16 }).collect(),
            vote: Some(Vote::Mean),
            settings: Some(TrainSettings { epochs, validation: 0.1, ..TrainSettings::default() }),
            version: "0.1.0".into(),
            command: "duotone evaluate demo/tracks.csv --label style --group artist --folds 4"
                .into(),
            skipped_files: vec![SkippedFile {
                path: "collection/techno/broken.mp3".into(),
                error: "no audio could be decoded: text, not MP3".into(),
            }],
            repeated: vec!["collection/ragtime/jingle.wav".into()],
            silent: vec!["collection/chorale/rest.wav".into()],
            findings: Findings::default(),
            ffmpeg: None,
        },
    }
}

fn scores(labels: &[String], predictions: &[Prediction]) -> Scores {
    let place = |label: &String| labels.iter().position(|l| l == label).unwrap();
    let truth: Vec<usize> = predictions.iter().map(|p| place(&p.label)).collect();
    let decided: Vec<usize> = predictions.iter().map(|p| place(&p.predicted)).collect();
    let rows: Vec<f64> = predictions.iter().flat_map(|p| p.probabilities.clone()).collect();
    let mut scores = duotone::evaluate::scores(labels, &truth, &decided).unwrap();
    scores.probabilities = probability_scores(&truth, &rows, labels.len()).unwrap();
    scores
}

fn fold(fold: usize, predictions: &[Prediction], epochs: usize, random: &Philox) -> FoldResult {
    let tested: Vec<&Prediction> = predictions.iter().filter(|p| p.fold == fold).collect();
    let right = tested.iter().filter(|p| p.label == p.predicted).count();
    let accuracy = right as f64 / tested.len() as f64;
    let history = (1..=epochs)
        .map(|epoch| {
            let noise = f64::from(random.uniform((fold * 1000 + epoch) as u64)) - 0.5;
            let fall = (-(epoch as f64) / (6.0 + fold as f64)).exp();
            EpochRecord {
                epoch,
                loss: 1.35 * fall + 0.05 * (1.0 + noise),
                accuracy: (1.0 - 0.72 * fall + 0.02 * noise).min(1.0),
                validation_loss: Some(1.1 * fall + 0.3 + 0.12 * noise),
                validation_accuracy: Some((0.91 - 0.6 * fall + 0.08 * noise).min(1.0)),
            }
        })
        .collect();
    FoldResult {
        fold,
        seed: None,
        train_clips: predictions.len() - tested.len(),
        test_clips: tested.len(),
        failure: None,
        notes: Vec::new(),
        files: None,
        file_accuracy: Some(accuracy),
        segment_accuracy: Some(0.97 * accuracy),
        segment_probabilities: None,
        history,
        selection: None,
    }
}

fn styles() -> Vec<String> {
    ["breakbeat", "chorale", "ragtime", "techno"].map(String::from).to_vec()
}

/// Checks that every element is closed and that the page refers to nothing outside.
fn check(page: &str) {
    let script = format!("<script>\n{}</script>\n", include_str!("sort.js"));
    assert_eq!(page.matches(&script).count(), 1, "its own script, and no other");
    let page = &page.replace(&script, "");
    let void = ["meta", "wbr"];
    let mut open: Vec<&str> = Vec::new();
    for tag in page.split('<').skip(1) {
        let (tag, _) = tag.split_once('>').expect("a tag that does not end");
        let name = tag.split([' ', '\n']).next().unwrap();
        if let Some(closed) = name.strip_prefix('/') {
            assert_eq!(open.pop(), Some(closed), "in {tag}");
        } else if !tag.ends_with('/') && !name.starts_with('!') && !void.contains(&name) {
            open.push(name);
        }
    }
    assert!(open.is_empty(), "{open:?} are not closed");
    for outside in ["http:", "https:", "src=", "href=", "url(", "@import", "<script"] {
        assert!(!page.contains(outside), "{outside}");
    }
    assert!(!page.contains("NaN") && !page.contains("inf"), "a number that is none");
    let mut ids: Vec<&str> =
        page.split(" id=\"").skip(1).filter_map(|s| s.split('"').next()).collect();
    let all = ids.len();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), all, "an id is used twice");
}

#[test]
fn a_page_says_what_was_found_and_how() {
    let systems = [("model1", 0.75), ("model2", 0.92), ("model3", 0.85)];
    let results = results(&styles(), &systems, 4, 20);
    let page = html(&results);
    check(&page);
    let best = &results.systems[1];
    let accuracy = format!("{:.1}\u{202f}%", 100.0 * best.files.as_ref().unwrap().accuracy);
    let headline = page.split("class=\"number\">").nth(1).unwrap();
    assert!(headline.starts_with(&accuracy), "the best of three is the headline");
    assert!(headline.split("</section>").next().unwrap().contains("model2"));
    for text in [
        "no artist is in two folds (32 in all)",
        "chance 25.0\u{202f}%",
        "1,461,612",
        "8d3f09a1c2b45e67",
        "51aa0c7712fe3b90",
        "duotone evaluate demo/tracks.csv --label style --group artist --folds 4",
        "no audio could be decoded: text, not MP3",
        "jingle.wav",
        "rest.wav",
        "22050 Hz, Hann window 1536, hop 768, 40 mel bands",
        "32 of 14×15, pool 1×17 ∥ 32 of 4×8, pool 15×1",
    ] {
        assert!(page.contains(text), "{text}");
    }
    for row in &best.files.as_ref().unwrap().confusion {
        for n in row.iter().filter(|n| **n > 0) {
            assert!(page.contains(&format!(": {n} of 16, ")), "{n}");
        }
    }
    assert_eq!(page, html(&results));
}

#[test]
fn ranks_are_drawn_best_first() {
    // By label, model2 is always the best; the others alternate.
    let scores: Vec<Vec<f64>> =
        (0..40).map(|b| vec![f64::from(b % 2), 2.0, f64::from((b + 1) % 2)]).collect();
    let friedman = friedman(&scores).unwrap();
    let names = ["model1", "mod<el2", "model3"].map(String::from);
    let picture = ranks(&names, &friedman, &tukey_kramer(&friedman, 0.05).unwrap(), "x");
    let rows: Vec<&str> = picture.split("<g>").skip(1).collect();
    assert!(rows[0].contains("mod&lt;el2: mean rank 3.00, the best"), "{}", rows[0]);
    assert!(rows[0].contains("dot first"));
    for row in &rows[1..] {
        assert!(row.contains("mean rank 1.50, significantly below the best"), "{row}");
        assert!(row.contains("dot second"));
    }
    assert_eq!(rows.len(), 3);
    let page = html(&results(&styles(), &[("model1", 0.75), ("model2", 0.92)], 4, 2));
    assert!(page.contains("id=\"ranks-folds-t\"") && page.contains("id=\"ranks-labels-t\""));
    // Two systems have one degree of freedom.
    assert_eq!(page.matches(", 1 degree of freedom, p = ").count(), 2);
}

#[test]
fn mistakes_are_sorted_by_how_sure_they_were() {
    let results = results(&styles(), &[("model2", 0.6)], 4, 2);
    let page = html(&results);
    let (page, all) = page.split_once("<summary>All 64 decisions").unwrap();
    let all = all.split("</details>").next().unwrap();
    let mut wrong: Vec<&Prediction> =
        results.systems[0].predictions.iter().filter(|p| p.label != p.predicted).collect();
    let sure = |p: &Prediction| p.probabilities.iter().fold(0.0, |a: f64, b| a.max(*b));
    wrong.sort_by(|a, b| sure(b).total_cmp(&sure(a)));
    assert!(wrong.len() > 12);
    let places: Vec<Option<usize>> = wrong
        .iter()
        .map(|p| page.find(&format!("{}</code>", p.path.file_name().unwrap().to_str().unwrap())))
        .collect();
    assert!(places[..12].iter().all(Option::is_some) && places[12..].iter().all(Option::is_none));
    assert!(places[..12].is_sorted());
    assert_eq!(all.matches("<tr><td").count(), results.systems[0].predictions.len());
    assert_eq!(all.matches("text wrong").count(), wrong.len());
}

#[test]
fn hostile_text_stays_text() {
    let evil = "<script>alert(\"1\")</script>'&\u{7}";
    let mut results =
        results(&[evil.to_owned(), "b\" onload=\"x".into()], &[("model1", 0.5)], 2, 3);
    let p = &mut results.protocol;
    for text in [&mut p.collection, &mut p.label, &mut p.version, &mut p.command] {
        *text = evil.into();
    }
    p.collection_digest = evil.into();
    p.folds_digest = evil.into();
    p.folds_source = evil.into();
    p.group = Some(evil.into());
    p.skipped_files = vec![SkippedFile { path: evil.into(), error: evil.into() }];
    p.repeated = vec![evil.into()];
    p.silent = vec![evil.into()];
    results.systems[0].name = evil.into();
    results.systems[0].networks[0].name = evil.into();
    let candidate = Candidate { name: evil.into(), accuracy: 0.5, loss: 0.7 };
    results.systems[0].folds[0].selection =
        Some(Selection { chosen: evil.into(), candidates: vec![candidate] });
    results.systems.push(results.systems[0].clone());
    results.significance = significance(&results.systems, 0).unwrap();
    let page = html(&results);
    check(&page);
    assert!(
        page.matches("<script").count() == 1
            && !page.contains("b\" onload")
            && !page.contains('\u{7}')
    );
    assert!(page.contains("&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;\u{fffd}"));
}

#[test]
fn any_number_of_labels_folds_and_epochs() {
    for (labels, folds, epochs) in [(2, 1, 0), (3, 1, 1), (13, 2, 2), (50, 10, 300)] {
        let labels: Vec<String> =
            (0..labels).map(|i| format!("{i} {}", "a very long name ".repeat(i % 7))).collect();
        let page = html(&results(&labels, &[("model2", 0.7)], folds, epochs));
        check(&page);
        assert_eq!(page.contains("No epochs were recorded"), epochs == 0);
        assert!(page.len() < 3_000_000, "{}", page.len());
    }
}

#[test]
fn numbers_that_are_none_break_nothing() {
    let mut broken = results(&styles(), &[("model2", 0.7), ("model3", 1.0)], 3, 6);
    let system = &mut broken.systems[0];
    system.folds[0].history[2].loss = f64::NAN;
    system.folds[1].history.iter_mut().for_each(|e| e.loss = f64::INFINITY);
    system.folds[2].history.truncate(1);
    system.folds[2].history[0].loss = 1e300;
    system.folds[0].file_accuracy = Some(f64::NAN);
    system.predictions.iter_mut().for_each(|p| p.probabilities.fill(f64::NAN));
    let files = system.files.as_mut().unwrap();
    files.accuracy = f64::NAN;
    files.classes[0].recall = f64::NAN;
    let page = html(&broken);
    check(&page);
    assert!(page.contains("No file was decided wrongly"));
    broken.systems.iter_mut().for_each(|s| s.predictions.clear());
    check(&html(&broken));
    broken.systems.clear();
    broken.protocol.labels.clear();
    broken.protocol.group = None;
    let page = html(&broken);
    check(&page);
    assert!(page.contains("No system was evaluated"));
}

#[test]
fn programs_and_failures_are_shown() {
    let evil = "<b>\"it\"</b>";
    let mut results = results(&styles(), &[("model1", 0.7), ("good", 0.8), ("bad", 0.6)], 2, 2);
    results.protocol.task = Some(evil.into());
    (results.protocol.settings, results.protocol.vote) = (None, None);
    let network = &mut results.systems[0].networks[0];
    (network.settings, network.vote) = (Some(TrainSettings::default()), Some(Vote::Majority));
    for system in &mut results.systems[1..] {
        system.networks.clear();
        system.segments = None;
        system.files.as_mut().unwrap().probabilities = None;
        system.commands = vec![CommandLine { step: "train".into(), line: evil.into() }];
        system.predictions.iter_mut().for_each(|p| p.probabilities.clear());
        system.folds.iter_mut().for_each(|fold| fold.notes = vec![evil.into()]);
    }
    let bad = &mut results.systems[2];
    (bad.files, bad.interval) = (None, None);
    (bad.folds[0].failure, bad.folds[0].file_accuracy) = (Some(evil.into()), None);
    results.significance = significance(&results.systems, 0).unwrap();
    assert_eq!(results.significance.as_ref().unwrap().pairs.len(), 1, "the failed one is no part");
    let (system, step) = ("good".into(), "train".into());
    results.times = vec![RunTime { system, fold: Some(1), step, seconds: Some(90.0) }];
    let page = html(&results);
    check(&page);
    let vote = "the label that most of its segments win";
    for text in ["failed in 1 of 2 folds", "90.0 s", "An external program", vote] {
        assert!(page.contains(text), "{text}");
    }
    assert!(!page.contains(evil), "hostile text stays text");
}
