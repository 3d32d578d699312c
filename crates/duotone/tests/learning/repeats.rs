//! Evaluations with several seeds.

use std::collections::BTreeSet;

use duotone::Error;
use duotone::evaluate::Results;

use crate::networks::{Networks, evaluate};
use crate::toy::{Toy, recipe};

#[test]
fn decisions_of_all_seeds_are_pooled() {
    let toy = Toy::new();
    let collection = toy.collection();
    let run = |seed, repeats, output: Option<&str>, resume| {
        let mut job = Networks::new(&collection, vec![recipe("toy")], 2);
        (job.settings.seed, job.repeats, job.resume) = (seed, repeats, resume);
        job.folds_seed = Some(5);
        job.output = output.map(|name| toy.path(name));
        evaluate(&job, &())
    };
    let together = run(5, 3, Some("out"), false).unwrap();
    let each: Vec<Results> = (5..8).map(|seed| run(seed, 1, None, false).unwrap()).collect();
    let system = &together.systems[0];
    assert_eq!((together.protocol.repeats, together.protocol.clips), (3, 18));
    assert_eq!(system.predictions.len(), 54);
    assert_eq!(system.folds.len(), 9);
    for (repeat, (number, alone)) in system.repeats.iter().zip((5..).zip(&each)) {
        let alone = &alone.systems[0];
        assert_eq!(repeat.seed, number);
        assert_eq!(repeat.accuracy, alone.files.as_ref().unwrap().accuracy);
        assert_eq!(repeat.macro_f1, alone.files.as_ref().unwrap().macro_f1);
        let own = system.predictions.iter().filter(|p| p.seed == Some(number));
        let (own, alone): (Vec<_>, Vec<_>) = own
            .zip(&alone.predictions)
            .map(|(p, q)| ((&p.path, &p.predicted), (&q.path, &q.predicted)))
            .unzip();
        assert_eq!(own, alone);
    }
    let mean = system.repeats.iter().map(|repeat| repeat.accuracy).sum::<f64>() / 3.0;
    assert!((system.files.as_ref().unwrap().accuracy - mean).abs() < 1e-12);
    // Nine artists are drawn, not 54 decisions.
    assert_eq!(system.interval.as_ref().unwrap().units, 9);
    let csv = std::fs::read_to_string(toy.path("out/predictions.csv")).unwrap();
    assert!(csv.starts_with("path,label,predicted,fold,seed,"), "{csv}");
    assert_eq!(csv.lines().count(), 55);
    let names: BTreeSet<String> = std::fs::read_dir(toy.path("out/runs"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert!(
        names.contains("toy-fold1.json") && names.contains("toy-seed7-fold3.json"),
        "{names:?}"
    );
    std::fs::remove_file(toy.path("out/runs/toy-seed6-fold2.json")).unwrap();
    assert_eq!(run(5, 3, Some("out"), true).unwrap(), together);
}

#[test]
fn two_systems_are_compared_over_groups() {
    let toy = Toy::new();
    let collection = toy.collection();
    let mut job = Networks::new(&collection, vec![recipe("toy"), recipe("twin")], 1);
    job.repeats = 2;
    let results = evaluate(&job, &()).unwrap();
    let pair = &results.significance.as_ref().unwrap().pairs[0];
    // The same network with the same seeds.
    let difference = pair.difference.as_ref().unwrap();
    assert_eq!((difference.accuracy, difference.interval.units), (0.0, 9));
    assert_eq!(pair.mcnemar.only_first + pair.mcnemar.only_second, 0);
}

#[test]
fn impossible_repeats_are_refused() {
    let toy = Toy::new();
    let collection = toy.collection();
    let mut job = Networks::new(&collection, vec![recipe("toy")], 1);
    job.repeats = 0;
    let error = evaluate(&job, &()).unwrap_err();
    assert!(matches!(error, Error::Setting { name: "repeats", .. }), "{error}");
}
