//! Any bytes as a MIREX task's TOML file.
#![no_main]

use duotone_mirex::Task;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Ok(task) = Task::load(&duotone_fuzz::file("task.toml", bytes), None) {
        assert!(!task.systems.is_empty());
        for (number, system) in task.systems.iter().enumerate() {
            assert!(task.systems[..number].iter().all(|other| other.name() != system.name()));
        }
    }
});
