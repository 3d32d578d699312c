//! Composes the pieces that fixtures are made of: `compose FOLDER SECONDS ARTISTS PIECES`.
#![forbid(unsafe_code)]

use std::path::Path;

use duotone_demo::{DemoOptions, compose};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [folder, seconds, artists, pieces] = words.as_slice() else {
        return Err("compose FOLDER SECONDS ARTISTS PIECES".into());
    };
    let options = DemoOptions {
        seconds: seconds.parse()?,
        artists: artists.parse()?,
        pieces: pieces.parse()?,
        ..DemoOptions::default()
    };
    println!("{}", compose(Path::new(folder), &options, &(), &|_, _| {})?.list.display());
    Ok(())
}
