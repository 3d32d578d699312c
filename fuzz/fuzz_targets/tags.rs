//! Any bytes as a plan of tags, as a journal, as a record with a right checksum, and as an audio file
//! whose tags are written.
#![no_main]

use duotone_tags::{Change, Field, Journal, Line, Plan, digest, rewrite, values};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(plan) = Plan::read(bytes) {
        for file in plan.files {
            assert!(file.path.is_absolute());
            let text = Line::File(file).text().expect("a line that was read");
            assert!(text.ends_with('\n'));
        }
    }
    let _ = Journal::read(bytes);
    let record: Vec<u8> = bytes.iter().copied().filter(|&byte| byte != b'\n').collect();
    let check = &digest(&record)[..16];
    let line = [b"{\"check\":\"", check.as_bytes(), b"\",\"record\":", &record, b"}\n"].concat();
    if let Ok(journal) = Journal::read(&line[..]) {
        for written in journal.written() {
            if let Ok(before) = written.version_before(bytes) {
                assert_eq!(digest(&before), written.before.digest);
            }
        }
    }
    let after = vec!["Electronic".to_owned(), "Techno".to_owned()];
    let change = Change { field: Field::Mood, before: Vec::new(), after };
    if let Ok(new) = rewrite(bytes, &[change]) {
        let found = values(&new, &[&Field::Mood]).expect("a file that was written");
        assert!(!found.concat().is_empty());
    }
});
