//! Plans and journals that anybody may have written.

use duotone_tags::{Journal, Line, Plan, digest};

use crate::fixtures::{changes, plan};

fn plan_text() -> String {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.flac");
    std::fs::write(&path, crate::fixtures::one("flac_s16.flac")).unwrap();
    let plan = plan(&[path], &changes());
    let mut text = Line::Plan(plan.header.clone()).text().unwrap();
    plan.files.iter().for_each(|file| text += &Line::File(file.clone()).text().unwrap());
    text
}

#[test]
fn plans_come_back() {
    let text = plan_text();
    let plan = Plan::read(text.as_bytes()).unwrap();
    assert_eq!(plan.files[0].changes, changes());
    assert_eq!(plan.digest, digest(text.as_bytes()));
    assert!(duotone_tags::looks_like_a_plan(text.as_bytes()), "{text}");
    // Empty lines are as good as none.
    assert_eq!(Plan::read(format!("{text}\n\n").as_bytes()).unwrap().files, plan.files);
}

#[test]
fn wrong_plans_name_the_line() {
    let text = plan_text();
    let (first, file) = text.split_once('\n').unwrap();
    for (text, reason) in [
        (String::new(), "empty"),
        (file.to_owned(), "line 1: a plan has a first line"),
        (format!("{first}\n{first}\n"), "line 2: a plan has a first line"),
        (first.replace("\"version\":1", "\"version\":2"), "another version"),
        (text.replace("DUOTONE_LABEL", "ARTIST"), "line 2: the field `ARTIST`"),
        (text.replace("\"path\":\"/", "\"path\":\""), "does not begin at the root"),
        (format!("{first}\n{{}}\n"), "line 2"),
        (format!("{first}\n{}\n", "x".repeat(2 << 20)), "longer than"),
    ] {
        let error = Plan::read(text.as_bytes()).unwrap_err().to_string();
        assert!(error.contains(reason), "{error}");
    }
}

#[test]
fn journals_have_checksums() {
    let record = r#"{"kind":"apply","version":1,"plan":"p","time":7}"#;
    let line = |record: &str| {
        let check = &digest(record.as_bytes())[..16];
        format!("{{\"check\":\"{check}\",\"record\":{record}}}\n")
    };
    let good = line(record);
    let read = |text: &str| Journal::read(text.as_bytes()).unwrap();
    assert_eq!((read(&good).records.len(), read(&good).damaged), (1, 0));
    for bad in [good.replace('7', "8"), line("{}"), "x\n".into(), good.replace('\n', "")] {
        assert_eq!((read(&bad).records.len(), read(&bad).damaged), (0, 1), "{bad}");
    }
    let later = line(&record.replace("\"version\":1", "\"version\":2"));
    assert!(Journal::read(later.as_bytes()).unwrap_err().to_string().contains("another version"));
    assert!(serde_json::from_str::<serde_json::Value>(&good).is_ok(), "a line is an object");
}
