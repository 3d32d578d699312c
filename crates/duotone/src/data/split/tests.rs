use super::{Column, Folds, Part, Split};
use crate::data::{Collection, CollectionOptions};

/// The collection of a list; its files need not exist.
fn collection(list: &str, group: Option<&str>) -> Collection {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("list.csv");
    std::fs::write(&path, list).unwrap();
    let options = CollectionOptions { label: None, group: group.map(String::from) };
    Collection::open(&path, &options).unwrap()
}

fn divide(list: &str, group: Option<&str>, folds: &Folds) -> Result<(Split, Vec<String>), String> {
    Split::new(&collection(list, group), folds, 3, &[]).map_err(|e| e.to_string())
}

fn refusal(list: &str, group: Option<&str>, folds: &Folds) -> String {
    divide(list, group, folds).unwrap_err()
}

const FOLD: Folds = Folds::Column(Column::Fold);
const SPLIT: Folds = Folds::Column(Column::Split);

#[test]
fn numeric_fold_names_are_in_numeric_order() {
    let list = "path,label,fold\na,x,10\nb,y,10\nc,x,2\nd,y,2\ne,x,1\nf,y,1\n";
    let (split, warnings) = divide(list, None, &FOLD).unwrap();
    let fold = Part::Fold;
    assert_eq!(split.parts, [fold(2), fold(2), fold(1), fold(1), fold(0), fold(0)]);
    assert_eq!((split.folds, split.is_split(), warnings.len()), (3, false, 0));
    assert_eq!(split.tested(1), [2, 3]);
    assert_eq!(split.learnt(1), [0, 1, 4, 5]);
}

#[test]
fn split_has_one_fold() {
    let list =
        "path,label,split\na,x,train\nb,y,Training\nc,x,valid\nd,y,dev\ne,x,test\nf,y,test\n";
    let (split, _) = divide(list, None, &SPLIT).unwrap();
    assert!(split.is_split());
    assert_eq!(split.tested(0), [4, 5]);
    assert_eq!(split.learnt(0), [0, 1]);
    assert_eq!(split.valid(), [2, 3]);
    let other = divide(&list.replace("dev", "train"), None, &SPLIT).unwrap().0;
    assert_ne!(split.digest(), other.digest());
}

#[test]
fn columns_of_the_list_are_used_with_a_warning() {
    let both = "path,label,fold,split\na,x,1,train\nb,y,1,train\nc,x,2,test\nd,y,2,test\n";
    let (split, warnings) = divide(both, None, &Folds::Automatic).unwrap();
    assert_eq!(split.folds, 2);
    assert!(warnings[0].contains("column `fold` (2 folds)"), "{warnings:?}");
    let split = both.replace("fold", "part").replace("label,", "genre,");
    let (split, warnings) = divide(&split, None, &Folds::Automatic).unwrap();
    assert!(split.is_split() && warnings[0].contains("column `split`"), "{warnings:?}");
    let none: String = (0..20).map(|i| format!("{i},{}\n", i % 2)).collect();
    let (split, warnings) =
        divide(&format!("path,label\n{none}"), None, &Folds::Automatic).unwrap();
    assert_eq!((split.folds, split.source.as_str()), (5, "the seed, stratified by label"));
    assert!(warnings.is_empty());
}

#[test]
fn invalid_divisions_are_refused() {
    let list = |parts: [&str; 4]| {
        let [a, b, c, d] = parts;
        format!("path,label,artist,split\na,x,ann,{a}\nb,y,bob,{b}\nc,x,ann,{c}\nd,y,cy,{d}\n")
    };
    for (parts, group, words) in [
        (["train", "train", "valid", "valid"], None, "no file to test:"),
        (["test", "test", "test", "test"], None, "only one fold"),
        (["train", "train", "train", "3"], None, "both parts of a split and `3`"),
        (["train", "", "test", "test"], None, "is empty for 1 of its files"),
        (["1", "1", "1", "1"], None, "only one fold"),
        (["test", "train", "test", "train"], None, "no file of the label `x` to train on"),
        (["train", "train", "test", "test"], Some("artist"), "splits the group `ann` into"),
    ] {
        let message = refusal(&list(parts), group, &SPLIT);
        assert!(message.contains(words), "{message}");
    }
    let message = refusal("path,label\na,x\nb,y\n", None, &FOLD);
    assert!(message.contains("no column `fold`"), "{message}");
}

#[test]
fn balance_counts_every_fold() {
    let list = "path,label,fold\na,x,1\nb,x,1\nc,x,1\nd,x,2\ne,y,1\nf,y,2\ng,y,2\nh,y,1\n";
    let collection = collection(list, None);
    let (split, _) = Split::new(&collection, &FOLD, 0, &[]).unwrap();
    let balance = split.balance(&collection);
    assert_eq!(balance.counts, [[3, 2], [1, 2]]);
    // Divided evenly, four clips in two folds are two per fold.
    assert!((balance.largest_deviation - 1.0).abs() < 1e-12);
}

#[test]
fn error_lists_all_labels_without_training_clips() {
    let list = "path,label,fold\na,x,1\nb,x,2\nc,y,1\nd,z,2\n";
    let error = refusal(list, None, &FOLD);
    assert!(error.contains("the labels `y`, `z`") && error.contains("min_per_label=2"), "{error}");
}
