use std::path::PathBuf;

use duotone_audio::FrontEnd;
use duotone_nn::Architecture;

use super::html;
use crate::{
    EpochRecord, FoldResult, LabelCount, LeftOut, Prediction, Protocol, Results, SystemResult,
    TrainSettings, Vote, scores,
};

/// An evaluation with made-up decisions: every third of a class is taken for the next one.
fn results(labels: &[&str], folds: usize, epochs: usize) -> Results {
    let labels: Vec<String> = labels.iter().map(|&label| label.to_owned()).collect();
    let truth: Vec<usize> = (0..labels.len() * 12).map(|i| i % labels.len()).collect();
    let guess = |i: usize, label: usize| (label + usize::from(i % 3 == 0)) % labels.len();
    let decided: Vec<usize> = truth.iter().enumerate().map(|(i, &l)| guess(i, l)).collect();
    let files = scores(&labels, &truth, &decided).unwrap();
    let history = |fold: usize| -> Vec<EpochRecord> {
        (1..=epochs)
            .map(|epoch| EpochRecord {
                epoch,
                loss: 1.4 / (epoch as f64).sqrt() + 0.02 * fold as f64,
                accuracy: 1.0 - 0.7 / (epoch as f64).sqrt(),
                validation_loss: Some(1.5 / (epoch as f64).powf(0.2)),
                validation_accuracy: Some(0.8 - 0.5 / (epoch as f64).sqrt()),
            })
            .collect()
    };
    let prediction = |(i, (&label, &decided)): (usize, (&usize, &usize))| Prediction {
        path: PathBuf::from(format!("{}/piece-{i:02}.mp3", labels[label])),
        label: labels[label].clone(),
        predicted: labels[decided].clone(),
        fold: i % folds,
        probabilities: (0..labels.len())
            .map(|c| if c == decided { 0.9 - 0.001 * i as f64 } else { 0.01 })
            .collect(),
    };
    let systems = ["model1", "model2"].map(|name| SystemResult {
        name: name.into(),
        architecture: Architecture::preset(name, labels.len()).unwrap(),
        front_end: FrontEnd::paper(22_050),
        parameters: 1_462_122,
        files: files.clone(),
        segments: files.clone(),
        folds: (0..folds)
            .map(|fold| FoldResult {
                fold,
                train_clips: truth.len() / 3 * 2,
                test_clips: truth.len() / 3,
                file_accuracy: 0.6 + 0.05 * fold as f64,
                segment_accuracy: 0.55,
                history: history(fold),
            })
            .collect(),
        predictions: truth.iter().zip(&decided).enumerate().map(prediction).collect(),
    });
    Results {
        format: 1,
        protocol: Protocol {
            collection: "music/tracks.csv".into(),
            collection_digest: "1f3a".into(),
            label: "genre".into(),
            group: Some("artist".into()),
            folds,
            folds_digest: "77b0".into(),
            clips: truth.len(),
            groups: Some(17),
            labels: labels.iter().map(|l| LabelCount { name: l.clone(), clips: 12 }).collect(),
            vote: Vote::Mean,
            settings: TrainSettings::default(),
            version: "0.1.0".into(),
            command: "duotone evaluate music/tracks.csv --label genre --group artist".into(),
            left_out: vec![LeftOut {
                path: "rock/broken.mp3".into(),
                reason: "the file holds no audio".into(),
            }],
            repeated: vec!["pop/short.wav".into()],
            silent: vec![],
        },
        systems: systems.into(),
    }
}

#[test]
fn the_page_shows_what_was_found() {
    let page = html(&results(&["classical", "electronic", "pop", "rock"], 3, 40));
    if let Ok(path) = std::env::var("DUOTONE_REPORT") {
        std::fs::write(path, &page).unwrap();
    }
    for words in [
        "66.7 %",
        "no artist in two of them",
        "classical heard as electronic: 4 of 12",
        "rock/broken.mp3",
        "pop/short.wav",
        "duotone evaluate music/tracks.csv",
        "<path class=\"mean held\"",
    ] {
        assert!(page.contains(words), "{words} is missing");
    }
    assert!(!page.contains("http"), "the page must need nothing from elsewhere");
    assert!(!page.contains("NaN"));
    assert_eq!(page.matches("<div").count(), page.matches("</div>").count());
    assert_eq!(page, html(&results(&["classical", "electronic", "pop", "rock"], 3, 40)));
}

#[test]
fn names_cannot_write_html() {
    let evil = "<script>alert('x')</script>\"&";
    let mut results = results(&[evil, "b"], 2, 2);
    results.protocol.collection = evil.into();
    results.protocol.command = evil.into();
    results.protocol.label = evil.into();
    results.protocol.left_out[0].reason = evil.into();
    results.systems[0].name = evil.into();
    let page = html(&results);
    assert!(!page.contains("<script") && page.contains("&lt;script&gt;"));
}

#[test]
fn odd_results_still_make_a_page() {
    let many: Vec<String> = (0..50).map(|i| format!("a label with a long name {i}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    for mut odd in [results(&many, 2, 3), results(&["a", "b"], 1, 1), results(&["a", "b"], 2, 0)] {
        odd.systems[0].folds[0].history.iter_mut().for_each(|r| r.loss = f64::NAN);
        let page = html(&odd);
        assert!(page.ends_with("</html>\n") && !page.contains("NaN") && !page.contains("inf"));
    }
    let mut none = results(&["a", "b"], 2, 1);
    none.systems.clear();
    assert!(html(&none).contains("Protocol"));
}
