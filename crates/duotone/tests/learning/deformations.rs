//! Evaluation of networks on deformed test clips.

use std::path::Path;

use duotone::Error;
use duotone::evaluate::{Deformation, EvaluateJob, NetworkSystem, Results, System, evaluate};
use duotone::model::TrainSettings;

use crate::toy::{RATE, Toy, Watcher, recipe, settings, wav};

fn run(
    toy: &Toy,
    deformations: &[Deformation],
    output: Option<&Path>,
    watcher: &Watcher,
) -> Result<Results, Error> {
    let collection = toy.collection();
    let settings = TrainSettings { epochs: 20, ..settings() };
    let network = NetworkSystem::new(recipe("toy"), settings);
    let mut job = EvaluateJob::new(&collection, vec![System::Network(Box::new(network))]);
    job.folds = 3.into();
    job.deformations = deformations.to_vec();
    job.output = output.map(Path::to_owned);
    job.resume = output.is_some();
    evaluate(&job, watcher)
}

#[test]
fn identity_changes_no_decision() {
    let toy = Toy::new();
    // All are the identity on 16-bit mono files at 11.025 kHz.
    let identities = [
        Deformation::Gain(0),
        Deformation::Bits(16),
        Deformation::LowPass(6),
        Deformation::Resample(11_025),
    ];
    let results = run(&toy, &identities, None, &Watcher::default()).unwrap();
    let plain = run(&toy, &[], None, &Watcher::default()).unwrap();
    let system = &results.systems[0];
    assert_eq!(system.predictions, plain.systems[0].predictions);
    assert_eq!(system.deformations.len(), 4);
    for result in &system.deformations {
        assert_eq!((result.files, result.loss), (18, 0.0), "{}", result.name);
        assert_eq!(result.accuracy, system.files.as_ref().unwrap().accuracy);
        assert_eq!((result.mcnemar.only_first, result.mcnemar.only_second), (0, 0));
        assert_eq!(result.interval.units, 9, "artists are not drawn whole");
    }
    assert!(plain.systems[0].deformations.is_empty());
}

#[test]
fn harmful_deformations_cost_accuracy() {
    let toy = Toy::new();
    // The labels are tones of 300, 1000 and 3000 Hz.
    let deformations = [Deformation::LowPass(1), Deformation::Noise(0), Deformation::Left];
    let results = run(&toy, &deformations, None, &Watcher::default()).unwrap();
    let system = &results.systems[0];
    // No file has a left channel.
    assert_eq!(system.deformations.len(), 2);
    for result in &system.deformations {
        assert!(result.undeformed_accuracy > 0.7);
        assert!(result.loss > 0.1, "{}: {}", result.name, result.loss);
        assert!(result.interval.low <= result.loss && result.loss <= result.interval.high);
    }
}

#[test]
fn stereo_files_have_a_left_channel() {
    let toy = Toy::new();
    let mut stereo = wav(&crate::toy::sound(300.0, 3, 3.0));
    // Two channels of half the length, each of 1.5 s.
    stereo[22] = 2;
    stereo[28..32].copy_from_slice(&(4 * RATE).to_le_bytes());
    stereo[32] = 4;
    toy.add("stereo.wav", "low", "low 9", &stereo);
    let results = run(&toy, &[Deformation::Left], None, &Watcher::default()).unwrap();
    assert_eq!(results.systems[0].deformations[0].files, 1);
}

#[test]
fn resumed_evaluation_gives_the_same_bytes() {
    let toy = Toy::new();
    let deformations = [Deformation::Noise(20), Deformation::Gain(-20)];
    let (whole, parts) = (toy.path("whole"), toy.path("parts"));
    let watcher = Watcher::default();
    run(&toy, &deformations, Some(&whole), &watcher).unwrap();
    let stopped =
        run(&toy, &deformations, Some(&parts), &Watcher::stopping_after(watcher.steps() / 2));
    assert!(matches!(stopped, Err(Error::Interrupted)));
    run(&toy, &deformations, Some(&parts), &Watcher::default()).unwrap();
    let results = |folder: &Path| std::fs::read(folder.join("results.json")).unwrap();
    assert!(results(&whole) == results(&parts));
    crate::schema::check(&results(&whole));

    // All folds are kept; other deformations need the networks, which are gone.
    let watcher = Watcher::default();
    run(&toy, &deformations, Some(&whole), &watcher).unwrap();
    assert_eq!(watcher.steps(), 0);
    let error = run(&toy, &deformations[..1], Some(&whole), &watcher).unwrap_err().to_string();
    assert!(error.contains("deformations"), "{error}");

    // A damaged record is refused.
    let record = whole.join("runs/toy-fold1.json");
    let text = std::fs::read_to_string(&record).unwrap();
    let (before, _) = text.split_once("\"deformed\":").unwrap();
    std::fs::write(&record, format!("{before}\"deformed\":[[0,99]]}}")).unwrap();
    let error = run(&toy, &deformations, Some(&whole), &watcher).unwrap_err().to_string();
    assert!(error.contains("damaged"), "{error}");
}

#[test]
fn impossible_deformations_are_refused() {
    let toy = Toy::new();
    let error = run(&toy, &[Deformation::Resample(0)], None, &Watcher::default()).unwrap_err();
    assert!(error.to_string().contains("resample-0"), "{error}");
}
