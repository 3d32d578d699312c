//! Classifies recordings: `cargo run --release -p duotone --example classify -- MODEL FILE…`.

use duotone::classify::{Classifier, ClassifyOptions};

fn main() -> Result<(), duotone::Error> {
    let mut arguments = std::env::args().skip(1);
    let Some(model) = arguments.next() else {
        println!("usage: classify MODEL FILE…");
        return Ok(());
    };
    let classifier = Classifier::load(&model)?;
    for file in arguments {
        // Continue with the other files if one cannot be used.
        match classifier.classify_file(&file, &ClassifyOptions::default()) {
            Ok(decision) => println!("{file}: {}", decision.label),
            Err(error) => println!("{error}"),
        }
    }
    Ok(())
}
