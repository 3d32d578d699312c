//! Any bytes as an architecture's TOML file. An accepted architecture can be written and read
//! again.
#![no_main]

use duotone::model::ModelSpec;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let path = duotone_fuzz::file("recipe.toml", bytes);
    let Ok(recipe) = ModelSpec::load(&path.to_string_lossy()) else { return };
    let architecture = recipe.architecture.clone().with_classes(2);
    assert!(architecture.validate().is_ok());
    assert!(architecture.parameters() > 0);
    let text = recipe.architecture.to_toml().expect("a size too large for TOML");
    let again = duotone_fuzz::file("recipe.toml", text.as_bytes());
    let again = ModelSpec::load(&again.to_string_lossy()).expect("its own text");
    assert_eq!(again.architecture, recipe.architecture);
});
