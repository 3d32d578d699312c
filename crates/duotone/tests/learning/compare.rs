//! Comparisons of separate evaluations.

use std::path::PathBuf;

use duotone::Error;
use duotone::evaluate::{Results, compare, read_results};

use crate::networks::{Networks, evaluate};
use crate::toy::{Toy, recipe};

type Change<'a> = &'a dyn Fn(&mut Results);

fn message(first: &Results, second: &Results) -> String {
    match compare(vec![("one".into(), first.clone()), ("two".into(), second.clone())]) {
        Err(Error::Input(message)) => message,
        other => panic!("{other:?}"),
    }
}

#[test]
fn separate_evaluations_compare_as_one_of_all_systems() {
    let toy = Toy::new();
    let collection = toy.collection();
    let run = |names: &[&str], output: &str| {
        let recipes = names.iter().map(|name| recipe(name)).collect();
        let mut job = Networks::new(&collection, recipes, 4);
        job.output = Some(toy.path(output));
        evaluate(&job, &()).unwrap()
    };
    let together = run(&["toy", "other"], "both");
    run(&["toy"], "one");
    run(&["other"], "two");
    let paths = [toy.path("one"), toy.path("two").join("results.json")];
    let evaluations: Vec<(PathBuf, Results)> =
        paths.iter().map(|path| (path.clone(), read_results(path).unwrap())).collect();
    let compared = compare(evaluations.clone()).unwrap();
    assert_eq!(compared.systems, together.systems);
    assert_eq!(compared.significance, together.significance);
    assert_eq!(compared.warnings, together.warnings);
    assert!(compared.warnings[0].starts_with("only 9 groups tested"), "{:?}", compared.warnings);
    crate::schema::check(&serde_json::to_vec(&compared).unwrap());

    let pair = &compared.significance.unwrap().pairs[0];
    let difference = pair.difference.as_ref().unwrap();
    let accuracy = |i: usize| together.systems[i].files.as_ref().unwrap().accuracy;
    assert!((difference.accuracy - (accuracy(0) - accuracy(1))).abs() < 1e-12);
    assert_eq!(difference.interval.units, 9, "artists are resampled, not files");

    // The same network with other settings keeps its settings, and its path tells it apart.
    let (first, mut second) = (evaluations[0].1.clone(), evaluations[0].1.clone());
    second.protocol.settings.as_mut().unwrap().epochs = 5;
    let compared = compare(vec![("a".into(), first), ("b".into(), second)]).unwrap();
    let names: Vec<&str> = compared.systems.iter().map(|system| system.name.as_str()).collect();
    assert_eq!(names, ["toy (a)", "toy (b)"]);
    let epochs = |i: usize| compared.systems[i].networks[0].settings.as_ref().unwrap().epochs;
    assert_eq!((compared.protocol.settings.is_none(), epochs(0), epochs(1)), (true, 4, 5));
    let difference = compared.significance.unwrap().pairs[0].difference.clone().unwrap();
    assert_eq!((difference.accuracy, difference.p_value), (0.0, 1.0));
}

#[test]
fn the_first_difference_is_named() {
    let toy = Toy::new();
    let collection = toy.collection();
    let first = evaluate(&Networks::new(&collection, vec![recipe("toy")], 1), &()).unwrap();
    let changed = |change: &dyn Fn(&mut Results)| {
        let mut second = first.clone();
        change(&mut second);
        message(&first, &second)
    };
    let changes: [(Change<'_>, &str); 9] = [
        (&|r| r.protocol.label = "mood".into(), "label columns differ: "),
        (&|r| r.protocol.labels[1].name = "x".into(), "labels differ: high, low, mid and high, x"),
        (&|r| r.protocol.folds = 4, "numbers of folds differ: 3 and 4"),
        (&|r| r.protocol.group = None, "groups differ: by artist and none"),
        (&|r| r.systems[0].predictions[3].path = "x.wav".into(), "only the first tests 3.wav"),
        (&|r| r.systems[0].predictions[2].label = "x".into(), "2.wav has the label"),
        (&|r| r.systems[0].predictions[1].fold = 9, "1.wav is in fold"),
        (&|r| drop(r.systems[0].predictions.pop()), "only the first tests"),
        (&|r| r.protocol.collection_digest = "x".into(), "content or groups of the files differ"),
    ];
    for (change, expected) in changes {
        let message = changed(change);
        assert!(message.starts_with("one and two cannot be compared: "), "{message}");
        assert!(message.contains(expected), "no {expected} in {message}");
    }
    let swapped = changed(&|r| r.systems[0].predictions.swap(0, 1));
    assert!(swapped.contains("different orders"), "{swapped}");

    assert!(compare(vec![("one".into(), first.clone())]).is_err());
    assert!(compare(Vec::new()).is_err());
    std::fs::write(toy.path("results.json"), "{}").unwrap();
    assert!(matches!(read_results(toy.path("results.json")), Err(Error::File { .. })));
    let old = serde_json::to_string(&Results { format: 3, ..first }).unwrap();
    std::fs::write(toy.path("results.json"), old).unwrap();
    let error = read_results(toy.path("results.json")).unwrap_err().to_string();
    assert!(error.contains("format 3"), "{error}");
    assert!(matches!(read_results(toy.path("absent")), Err(Error::Io { .. })));
}
